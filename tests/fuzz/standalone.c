/*
 * Runs a fuzz target over the files given as arguments, for builds without libFuzzer: the stored
 * inputs then stay tests. Prints one TAP line for each file.
 */
#include "risiti/base/base.h"

#include <errno.h>

#include "fuzz.h"

/* What the largest limit of any target needs, and a little beyond it. */
#define INPUT_BYTES_MAX (2 * 1024 * 1024)

static unsigned char input[INPUT_BYTES_MAX];

/* False, with a reason on standard error, when the file cannot be read whole. */
static bool input_read(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rbe");
    bool is_read;

    if (file == NULL) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    *ret_size = fread(input, 1, sizeof(input), file);
    is_read = ferror(file) == 0 && feof(file) != 0;
    if (!is_read)
        (void)fprintf(stderr, "%s: cannot be read, or is too large\n", path);
    (void)fclose(file); /* it was only read */
    return is_read;
}

int main(int argc, char **argv)
{
    int status = EXIT_SUCCESS;

    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        size_t size;
        bool passed = input_read(argv[i], &size) && LLVMFuzzerTestOneInput(input, size) == 0;

        printf("%s %d - %s\n", passed ? "ok" : "not ok", i, argv[i]);
        (void)fflush(stdout);
        if (!passed)
            status = EXIT_FAILURE;
    }
    return status;
}
