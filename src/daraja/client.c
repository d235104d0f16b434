/* The client, and one call with the token that all workers share: see daraja.h. */
#include "risiti/base/base.h"

#include "risiti/daraja/daraja.h"

#include "call.h"

#include "risiti/base/clock.h"
#include "risiti/base/mem.h"

#define ANSWER_BYTES_MAX 65536
/* A call that could not wait at least this long for its answer is better not made. */
#define ANSWER_WAIT_MS_MIN INT64_C(4000)

struct daraja *daraja_new(const struct config *config, const struct daraja_token_source *source)
{
    struct daraja *daraja = mem_alloc(1, sizeof(*daraja));

    if (daraja == NULL)
        return NULL;
    daraja->config = config;
    daraja->source = *source;
    return daraja;
}

void daraja_free(struct daraja *daraja)
{
    if (daraja == NULL)
        return;
    http_client_free(daraja->http);
    mem_free(daraja);
}

static int64_t timeout_ms(const struct daraja *daraja)
{
    return daraja->config->daraja_timeout * 1000;
}

static enum err http_open(struct daraja *daraja)
{
    const struct config *config = daraja->config;
    struct http_client_options options = {
        .ca_file = config->daraja_ca_file[0] != '\0' ? config->daraja_ca_file : NULL,
        .allow_http = config->service_allow_http,
        .connect_timeout_ms = (unsigned)config->daraja_connect_timeout * 1000,
        .timeout_ms = (unsigned)timeout_ms(daraja),
        .answer_bytes_max = ANSWER_BYTES_MAX,
    };

    if (daraja->http == NULL)
        daraja->http = http_client_new(&options);
    return daraja->http != NULL ? ERR_OK : ERR_NOMEM;
}

/* What is left of the deadline; false when it is too little. */
static bool time_is_left(const struct daraja *daraja, unsigned *ret_left_ms)
{
    int64_t wanted_ms =
        timeout_ms(daraja) < 2 * ANSWER_WAIT_MS_MIN ? timeout_ms(daraja) / 2 : ANSWER_WAIT_MS_MIN;
    int64_t left_ms = daraja->deadline_ms - clock_monotonic_ms();

    if (daraja->deadline_ms == 0)
        left_ms = timeout_ms(daraja);
    if (left_ms < wanted_ms)
        return false;
    *ret_left_ms = (unsigned)left_ms;
    return true;
}

enum err daraja_send(struct daraja *daraja, struct arena *arena, const char *path,
                     struct http_client_request *request, struct http_client_answer *ret_answer)
{
    struct str base_url = str_from(daraja->config->daraja_base_url);
    enum err err = http_open(daraja);

    if (err != ERR_OK)
        return err;
    if (!time_is_left(daraja, &request->timeout_ms))
        return ERR_DARAJA_DOWN;
    if (str_ends_with(base_url, STR("/")))
        base_url.length--;
    request->url = arena_format(arena, "%.*s%s", STR_ARG(base_url), path);
    if (request->url.data == NULL)
        return ERR_NOMEM;
    err = http_client_send(daraja->http, arena, request, ret_answer);
    return err == ERR_INVALID ? ERR_CONFIG : err;
}

static enum err call_once(struct daraja *daraja, struct arena *arena,
                          const struct daraja_call *call, struct str token,
                          const struct jread **ret_root, struct daraja_answer *ret_answer)
{
    struct http_client_request request = {.method = "POST",
                                          .bearer = token,
                                          .content_type = STR("application/json"),
                                          .body = call->body,
                                          .once = call->once};
    struct http_client_answer answer;
    enum err err = daraja_send(daraja, arena, call->path, &request, &answer);

    if (err != ERR_OK) {
        *ret_answer = daraja_answer_not_sent(err_info(err)->title);
        return err;
    }
    daraja_answer_read(arena, &answer, ret_root, ret_answer);
    return ERR_OK;
}

static enum err call_with_tokens(struct daraja *daraja, struct arena *arena,
                                 const struct daraja_call *call, const struct jread **ret_root,
                                 struct daraja_answer *ret_answer)
{
    struct str rejected = STR_EMPTY;
    struct str token;

    *ret_answer = daraja_answer_not_sent("no token");
    /* Refused for its token means refused before M-Pesa saw it: sending it again is safe. */
    for (unsigned attempt = 0; attempt < 2; attempt++) {
        enum err err = daraja->source.get(daraja->source.context, daraja, arena, rejected, &token);

        if (err != ERR_OK)
            return err;
        err = call_once(daraja, arena, call, token, ret_root, ret_answer);
        if (err != ERR_OK || ret_answer->reply != DARAJA_REPLY_TOKEN)
            return err;
        rejected = token;
    }
    return ERR_OK;
}

enum err daraja_call(struct daraja *daraja, struct arena *arena, const struct daraja_call *call,
                     const struct jread **ret_root, struct daraja_answer *ret_answer)
{
    enum err err;

    *ret_root = NULL;
    daraja->deadline_ms = clock_monotonic_ms() + timeout_ms(daraja);
    err = call_with_tokens(daraja, arena, call, ret_root, ret_answer);
    daraja->deadline_ms = 0;
    return err;
}
