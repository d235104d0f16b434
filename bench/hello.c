/*
 * The yardstick: a pre-forked FastCGI program that answers a constant to everything. What the same
 * web server makes of it is the most that any FastCGI service behind it can reach.
 *
 * usage: hello WORKERS    (descriptor 0 is the listening socket)
 */
#include "risiti/base/base.h"

#include <fcgiapp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "risiti/base/number.h"
#include "risiti/base/str.h"

#define WORKERS_MAX 64

static const char answer[] = "Status: 200 OK\r\nContent-Type: application/json\r\n"
                             "Content-Length: 15\r\n\r\n{\"status\":\"ok\"}";

static int serve(void)
{
    FCGX_Request request;

    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (FCGX_Init() != 0 || FCGX_InitRequest(&request, STDIN_FILENO, 0) != 0)
        return EXIT_FAILURE;
    while (FCGX_Accept_r(&request) == 0) {
        char dropped[1024];

        request.keepConnection = 0;
        while (FCGX_GetStr(dropped, sizeof(dropped), request.in) > 0)
            continue;
        if (FCGX_PutStr(answer, sizeof(answer) - 1, request.out) < 0)
            break;
        FCGX_Finish_r(&request);
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    uint64_t workers;

    if (argc != 2 || number_parse(str_from(argv[1]), 1, WORKERS_MAX, &workers) != ERR_OK) {
        (void)fprintf(stderr, "usage: hello WORKERS\n");
        return 2;
    }
    for (uint64_t i = 0; i < workers; i++) {
        pid_t pid = fork();

        if (pid < 0)
            return EXIT_FAILURE;
        if (pid == 0)
            return serve();
    }
    while (wait(NULL) > 0)
        continue;
    return EXIT_SUCCESS;
}
