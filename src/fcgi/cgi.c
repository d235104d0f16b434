/* Plain CGI: see cgi.h. */
#include "risiti/base/base.h"

#include "risiti/fcgi/cgi.h"

#include <errno.h>
#include <unistd.h>

#include "risiti/api/gateway.h"
#include "risiti/base/log.h"
#include "risiti/fcgi/deadline.h"

struct cgi {
    int64_t left_ms; /* of the time for handing over the body */
};

static ptrdiff_t cgi_read(void *stream, char *bytes, size_t count)
{
    struct cgi *cgi = stream;
    ssize_t got;

    if (cgi->left_ms == 0)
        return -1;
    deadline_start(/* connection= */ -1, cgi->left_ms);
    do
        got = read(STDIN_FILENO, bytes, count);
    while (got < 0 && errno == EINTR && !deadline_has_passed());
    cgi->left_ms = deadline_stop();
    return cgi->left_ms > 0 ? got : -1;
}

static bool cgi_write(struct str answer)
{
    while (answer.length > 0) {
        ssize_t done = write(STDOUT_FILENO, answer.data, answer.length);

        if (done < 0 && (errno != EINTR || deadline_has_passed()))
            return false;
        if (done > 0)
            answer = str_skip(answer, (size_t)done);
    }
    return true;
}

static bool cgi_answer(struct str answer, int64_t timeout_ms)
{
    bool written;

    deadline_start(/* connection= */ -1, timeout_ms);
    written = cgi_write(answer);
    return deadline_stop() > 0 && written;
}

int cgi_run(const struct config *config, const char *const *environment)
{
    int64_t timeout_ms = config->service_read_timeout * 1000;
    struct cgi cgi = {.left_ms = timeout_ms};
    const struct body_source body = {.read = cgi_read, .stream = &cgi};
    struct gateway *gateway = NULL;
    struct str answer;
    enum err err = deadline_init();

    if (err == ERR_OK)
        err = gateway_new(config, &gateway);
    if (err != ERR_OK) {
        log_write(LOG_LEVEL_ERROR, "cannot_start", LOG_FIELDS(LOG_ERROR_NAME("error", err)));
        cgi_answer_unavailable();
        return EXIT_FAILURE;
    }
    deadline_last_resort(config->service_request_timeout * 1000);
    answer = gateway_handle(gateway, environment, &body);
    if (!cgi_answer(answer, timeout_ms))
        log_write(LOG_LEVEL_DEBUG, "answer_not_taken",
                  LOG_FIELDS(LOG_TEXT("why", "the web server closed or stalled")));
    gateway_after(gateway);
    deadline_last_resort(0);
    gateway_free(gateway);
    return answer.length > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

void cgi_answer_unavailable(void)
{
    /* A failure to write leaves the web server to answer for itself. */
    (void)cgi_write(STR("Status: 503 Service Unavailable\r\n"
                        "Content-Type: application/problem+json\r\n"
                        "Cache-Control: no-store\r\n"
                        "Retry-After: 60\r\n"
                        "\r\n"
                        "{\"type\":\"about:blank\",\"title\":\"The service is not set up\","
                        "\"status\":503}\n"));
}
