/* Loads configuration texts through a file: see config_fixture.h. */
#include "risiti/base/base.h"

#include "config_fixture.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_SIZE 600

static char folder[] = "/tmp/risiti-test-config-XXXXXX";
char ini_path[PATH_SIZE], secret_path[PATH_SIZE];
struct config *config;
struct config_findings findings;

bool file_write(const char *path, struct str text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    bool good = file != NULL && fwrite(text.data, 1, text.length, file) == text.length;

    return file != NULL && fclose(file) == 0 && good && chmod(path, mode) == 0;
}

enum err load_file(void)
{
    config_free(config);
    config = NULL;
    config_findings_release(&findings);
    config_findings_init(&findings);
    return config_load(ini_path, &config, &findings);
}

enum err load_mode(struct str text, mode_t mode)
{
    CU_ASSERT_TRUE_FATAL(file_write(ini_path, text, mode));
    return load_file();
}

enum err load(const char *text)
{
    return load_mode(str_from(text), 0640);
}

bool found(const struct buffer *lines, const char *text)
{
    char wanted[LINE_SIZE];
    int length = snprintf(wanted, sizeof(wanted), "%s%s", ini_path, text);

    return length > 0 && (size_t)length < sizeof(wanted) && lines->data != NULL &&
           strstr(lines->data, wanted) != NULL;
}

/* Says what was different, for whoever reads the failure. */
static bool report(bool good, enum err err, const char *ini)
{
    if (!good)
        printf("# %s for:\n# %s\n# errors: %s\n# warnings: %s\n", err_name(err), ini,
               findings.errors.data != NULL ? findings.errors.data : "",
               findings.warnings.data != NULL ? findings.warnings.data : "");
    return good;
}

bool refused(const char *ini, const char *text)
{
    enum err err = load(ini);

    return report(err == ERR_CONFIG && config == NULL && findings.error_count == 1 &&
                      found(&findings.errors, text),
                  err, ini);
}

bool accepted(const char *ini)
{
    enum err err = load(ini);

    return report(err == ERR_OK && config != NULL && findings.error_count == 0, err, ini);
}

bool warned(const char *ini, const char *text)
{
    enum err err = load(ini);

    return report(err == ERR_OK && found(&findings.warnings, text), err, ini);
}

int config_fixture_run(const char *suite, const struct tap_test *tests, size_t test_count)
{
    int result;

    /* What other tests are told by variables would be warnings here. */
    if (clearenv() != 0 || mkdtemp(folder) == NULL)
        return EXIT_FAILURE;
    (void)snprintf(ini_path, sizeof(ini_path), "%s/risiti.ini", folder);
    (void)snprintf(secret_path, sizeof(secret_path), "%s/secret", folder);
    config_findings_init(&findings);
    result = tap_run(suite, tests, test_count);
    config_free(config);
    config_findings_release(&findings);
    (void)unlink(ini_path);
    (void)unlink(secret_path);
    (void)rmdir(folder);
    return result;
}
