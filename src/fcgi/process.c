/* Limits, log and the service manager: see process.h. */
#include "risiti/base/base.h"

#include "risiti/fcgi/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "risiti/base/log.h"
#include "risiti/base/str.h"

#define PROCESS_MEMORY_BYTES_MAX ((rlim_t)1 << 30)

enum err process_fill_standard_descriptors(void)
{
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++) {
        if (fcntl(i, F_GETFD) >= 0 || errno != EBADF)
            continue;
        /* The lowest free number, which is this one. */
        if (open("/dev/null", O_RDWR) != i)
            return ERR_IO;
    }
    return ERR_OK;
}

enum err process_harden(void)
{
    const struct rlimit none = {0, 0};

    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
        return ERR_INTERNAL;
    return ERR_OK;
}

enum err process_limit_memory(void)
{
#ifndef __SANITIZE_ADDRESS__ /* whose shadow memory is far larger */
    struct rlimit limit;

    if (getrlimit(RLIMIT_AS, &limit) != 0)
        return ERR_INTERNAL;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < PROCESS_MEMORY_BYTES_MAX)
        return ERR_OK;
    limit.rlim_cur = PROCESS_MEMORY_BYTES_MAX;
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        return ERR_INTERNAL;
#endif
    return ERR_OK;
}

enum err process_follow(pid_t master)
{
    if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0)
        return ERR_INTERNAL;
    /* It may have died between the fork and the call. */
    return getppid() == master ? ERR_OK : ERR_STATE;
}

enum err process_open_log(const struct config *config)
{
    const struct log_options options = {
        .target = config->log_target,
        .format = (enum log_format)config->log_format,
        .level = (enum log_level)config->log_level,
        .program = "risiti-fcgi",
    };

    return log_open(&options);
}

void process_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = path != NULL ? strlen(path) : 0;
    int descriptor;

    if (length < 2 || length >= sizeof(address.sun_path))
        return;
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') /* a name without a file */
        address.sun_path[0] = '\0';
    descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return;
    (void)sendto(descriptor, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
                 (const struct sockaddr *)&address,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
    (void)close(descriptor);
}
