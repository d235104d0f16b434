/* New tokens from Daraja: see daraja.h. */
#include "risiti/base/base.h"

#include "risiti/daraja/daraja.h"

#include "call.h"

#include "risiti/base/crypto.h"
#include "risiti/base/number.h"

#define OAUTH_PATH "/oauth/v1/generate?grant_type=client_credentials"
/* What fits, sealed, into the column that all workers read it from. */
#define TOKEN_BYTES_MAX 900
#define TOKEN_SECONDS_MAX 86400
/* When the lifetime cannot be read: short, so that the token is merely renewed too early. */
#define TOKEN_SECONDS_FALLBACK 600

/* ERR_DARAJA_DOWN unless there is a token that can stand in a header. */
static enum err token_read(struct arena *arena, const struct jread *root, struct str *ret_token,
                           int64_t *ret_lifetime_seconds)
{
    struct str text = jread_string(jread_member(root, "access_token"));
    struct str lifetime = str_trim(jread_scalar(jread_member(root, "expires_in")));
    uint64_t seconds = TOKEN_SECONDS_FALLBACK;
    struct str token;

    if (text.length == 0 || text.length > TOKEN_BYTES_MAX)
        return ERR_DARAJA_DOWN;
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return ERR_DARAJA_DOWN;
    if (number_parse(lifetime, 1, TOKEN_SECONDS_MAX, &seconds) != ERR_OK)
        seconds = TOKEN_SECONDS_FALLBACK;
    token = arena_str(arena, text);
    if (token.data == NULL)
        return ERR_NOMEM;
    *ret_token = token;
    *ret_lifetime_seconds = (int64_t)seconds;
    return ERR_OK;
}

static enum err oauth_judge(struct arena *arena, const struct jread *root,
                            struct daraja_answer *answer, struct str *ret_token,
                            int64_t *ret_lifetime_seconds)
{
    enum err err;

    /* Wrong credentials are told by the status; the body is often empty. */
    if (answer->status == 400 || answer->status == 401)
        return ERR_DARAJA_AUTH;
    if (answer->status != 200)
        return ERR_DARAJA_DOWN;
    err = token_read(arena, root, ret_token, ret_lifetime_seconds);
    if (err == ERR_OK)
        answer->reply = DARAJA_REPLY_ACCEPTED;
    return err;
}

enum err daraja_oauth(struct daraja *daraja, struct arena *arena, struct str *ret_token,
                      int64_t *ret_lifetime_seconds, struct daraja_answer *ret_answer)
{
    struct http_client_request request = {
        .method = "GET",
        .basic_user = str_from(daraja->config->daraja_consumer_key.text),
        .basic_password = str_from(daraja->config->daraja_consumer_secret.text),
        .once = true,
    };
    struct http_client_answer http;
    const struct jread *root;
    enum err err;

    *ret_answer = daraja_answer_not_sent("no consumer key or secret is configured");
    if (request.basic_user.length == 0 || request.basic_password.length == 0)
        return ERR_DARAJA_AUTH;
    err = daraja_send(daraja, arena, OAUTH_PATH, &request, &http);
    if (err != ERR_OK) {
        *ret_answer = daraja_answer_not_sent(err_info(err)->title);
        return err;
    }
    daraja_answer_read(arena, &http, &root, ret_answer);
    ret_answer->body = STR_EMPTY;
    err = oauth_judge(arena, root, ret_answer, ret_token, ret_lifetime_seconds);
    crypto_wipe_str(http.body);
    return err;
}
