/*
 * A gateway without a service behind it, so that the worker, the master and the wire can be
 * tested alone. It answers by path:
 *   /echo      method, query, body and how often the key header came
 *   /sleep     after ?ms= milliseconds
 *   /big       2 MiB
 *   /effect    after appending a byte to the file that STUB_EFFECTS names
 *   /crash     not at all: it dies by a signal
 *   /spin      never
 * Its runner of background tasks has none; it says that it is there, and waits.
 */
#include "risiti/base/base.h"

#include "risiti/api/gateway.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "risiti/base/buffer.h"
#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/base/mem.h"
#include "risiti/base/number.h"
#include "risiti/base/str.h"
#include "risiti/jobs/jobs.h"

#define STUB_BODY_BYTES_MAX ((size_t)64 * 1024)
#define STUB_BIG_BYTES ((size_t)2 * 1024 * 1024)
#define STUB_ANSWER_BYTES_MAX (STUB_BIG_BYTES + 4096)
#define STUB_SLEEP_MS_MAX 60000
#define STUB_TURN_MS 50

struct gateway {
    struct buffer answer;
    struct buffer body;
};

enum err gateway_new(const struct config *config, struct gateway **ret_gateway)
{
    struct gateway *gateway = mem_alloc(1, sizeof(*gateway));

    (void)config; /* the stub has nothing to configure */
    if (gateway == NULL)
        return ERR_NOMEM;
    if (getenv("STUB_CANNOT_START") != NULL) {
        mem_free(gateway);
        return ERR_CONFIG;
    }
    buffer_init(&gateway->answer, STUB_ANSWER_BYTES_MAX);
    buffer_init(&gateway->body, STUB_BODY_BYTES_MAX);
    *ret_gateway = gateway;
    return ERR_OK;
}

void gateway_free(struct gateway *gateway)
{
    if (gateway == NULL)
        return;
    buffer_release(&gateway->answer);
    buffer_release(&gateway->body);
    mem_free(gateway);
}

static struct str variable(const char *const *environment, struct str name)
{
    for (size_t i = 0; environment[i] != NULL; i++) {
        struct str rest = str_from(environment[i]);

        if (str_equal(str_cut(&rest, '='), name))
            return rest;
    }
    return STR_EMPTY;
}

static unsigned count_of(const char *const *environment, struct str name)
{
    unsigned count = 0;

    for (size_t i = 0; environment[i] != NULL; i++) {
        struct str rest = str_from(environment[i]);

        if (str_equal(str_cut(&rest, '='), name))
            count++;
    }
    return count;
}

/* False when fewer bytes came than were announced. */
static bool read_body(struct gateway *gateway, const char *const *environment,
                      const struct body_source *source)
{
    uint64_t length = 0;
    struct str announced = variable(environment, STR("CONTENT_LENGTH"));

    if (announced.length > 0 && number_parse(announced, 0, STUB_BODY_BYTES_MAX, &length) != ERR_OK)
        return false;
    while (gateway->body.length < length) {
        char bytes[4096];
        size_t wanted = (size_t)length - gateway->body.length;
        ptrdiff_t got =
            source->read(source->stream, bytes, wanted < sizeof(bytes) ? wanted : sizeof(bytes));

        if (got <= 0)
            return false;
        buffer_append(&gateway->body, (struct str){bytes, (size_t)got});
    }
    return gateway->body.err == ERR_OK;
}

static void do_sleep(struct str query)
{
    uint64_t duration_ms = 0;

    if (str_starts_with(query, STR("ms=")) &&
        number_parse(str_skip(query, 3), 0, STUB_SLEEP_MS_MAX, &duration_ms) == ERR_OK)
        clock_sleep_ms((int64_t)duration_ms);
}

static void do_effect(void)
{
    const char *path = getenv("STUB_EFFECTS");
    int file = path != NULL ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;

    ASSERT(file >= 0);
    ASSERT(write(file, "x", 1) == 1);
    (void)close(file); /* the byte is there already */
}

static void do_spin(void)
{
    volatile bool forever = true;

    while (forever)
        ;
}

static void answer_path(struct gateway *gateway, const char *const *environment, struct str path,
                        struct str query)
{
    struct buffer *answer = &gateway->answer;

    buffer_append(answer, STR("Status: 200 OK\r\nContent-Type: text/plain\r\n\r\n"));
    if (str_equal(path, STR("/sleep")))
        do_sleep(query);
    if (str_equal(path, STR("/effect")))
        do_effect();
    if (str_equal(path, STR("/crash")))
        (void)raise(SIGSEGV);
    if (str_equal(path, STR("/spin")))
        do_spin();
    if (str_equal(path, STR("/big")))
        for (size_t i = 0; i < STUB_BIG_BYTES; i++)
            buffer_append_byte(answer, 'b');
    buffer_format(answer, "pid=%ld method=%.*s query=%.*s keys=%u body=", (long)getpid(),
                  STR_ARG(variable(environment, STR("REQUEST_METHOD"))), STR_ARG(query),
                  count_of(environment, STR("HTTP_X_API_KEY")));
    buffer_append(answer, buffer_str(&gateway->body));
}

struct str gateway_handle(struct gateway *gateway, const char *const *environment,
                          const struct body_source *body)
{
    struct str query = variable(environment, STR("REQUEST_URI"));
    struct str path = str_cut(&query, '?');

    buffer_clear(&gateway->answer);
    buffer_clear(&gateway->body);
    if (variable(environment, STR("REQUEST_METHOD")).length == 0 ||
        !read_body(gateway, environment, body))
        return STR_EMPTY;
    answer_path(gateway, environment, path, query);
    return gateway->answer.err == ERR_OK ? buffer_str(&gateway->answer) : STR_EMPTY;
}

void gateway_after(struct gateway *gateway)
{
    (void)gateway;
}

void gateway_idle(struct gateway *gateway)
{
    buffer_clear(&gateway->body);
}

int jobs_serve(const struct config *config, const struct jobs_host *host)
{
    (void)config; /* the stub has nothing to configure */
    log_write(LOG_LEVEL_INFO, "jobs_started", LOG_NO_FIELDS);
    if (getenv("STUB_JOBS_STUCK") != NULL)
        do_spin();
    do
        host->beat(host->context);
    while (host->wait(host->context, STUB_TURN_MS));
    log_write(LOG_LEVEL_INFO, "jobs_ended", LOG_NO_FIELDS);
    return EXIT_SUCCESS;
}
