/* GET /oauth/v1/generate, and the check of the token on every other call. */
#include "risiti/base/base.h"

#include "risiti/sandbox/oauth.h"

#include "risiti/base/clock.h"
#include "risiti/base/crypto.h"
#include "risiti/sandbox/sandbox.h"

#define MS_PER_SECOND 1000

static bool secret_equal(struct str a, struct str b)
{
    return a.length == b.length && crypto_equal(a.data, b.data, a.length);
}

/* What stands behind "<scheme> " in the Authorization header; data is NULL for another scheme. */
static struct str credential_of(const struct exchange *exchange, struct str scheme)
{
    struct str rest = exchange_header(exchange, "Authorization");
    struct str given = str_cut(&rest, ' ');

    return str_equal_nocase(given, scheme) && rest.data != NULL ? str_trim(rest) : STR_EMPTY;
}

static bool credentials_fit(const struct oauth *oauth, struct exchange *exchange, struct str basic)
{
    struct str name, secret;

    if (crypto_unbase64(basic, exchange->arena, &secret) != ERR_OK)
        return false;
    name = str_cut(&secret, ':');
    return secret_equal(name, str_from(oauth->consumer_key)) &&
           secret_equal(secret, str_from(oauth->consumer_secret));
}

static enum err oauth_renew(struct oauth *oauth)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    unsigned char bytes[OAUTH_TOKEN_SIZE - 1];
    enum err err = crypto_random(bytes, sizeof(bytes));

    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < sizeof(bytes); i++)
        oauth->token[i] = letters[bytes[i] % (sizeof(letters) - 1)];
    oauth->token[sizeof(bytes)] = '\0';
    oauth->expires_ms = clock_monotonic_ms() + oauth->life_seconds * MS_PER_SECOND;
    return ERR_OK;
}

void sandbox_oauth_generate(struct sandbox *sandbox, struct exchange *exchange)
{
    struct str basic = credential_of(exchange, STR("Basic"));
    struct jwrite writer;
    struct str life;

    if (!str_equal(exchange_parameter(exchange, "grant_type"), STR("client_credentials"))) {
        exchange_answer_error(sandbox, exchange, 400, "400.008.02", "Invalid grant type passed");
        return;
    }
    if (basic.data == NULL) {
        exchange_answer_error(sandbox, exchange, 400, "400.008.01",
                              "Invalid Authentication passed");
        return;
    }
    if (!credentials_fit(&sandbox->oauth, exchange, basic)) {
        exchange_answer_text(exchange, 400, NULL, STR_EMPTY);
        return;
    }
    life = arena_format(exchange->arena, "%lld", (long long)sandbox->oauth.life_seconds);
    if (oauth_renew(&sandbox->oauth) != ERR_OK || life.data == NULL) {
        exchange_answer_busy(sandbox, exchange);
        return;
    }
    exchange_answer_json(exchange, 200, &writer);
    jwrite_object_begin(&writer, NULL);
    jwrite_text(&writer, "access_token", sandbox->oauth.token);
    jwrite_str(&writer, "expires_in", life);
    jwrite_object_end(&writer);
}

bool sandbox_oauth_check(struct sandbox *sandbox, struct exchange *exchange,
                         enum oauth_product product)
{
    struct oauth *oauth = &sandbox->oauth;
    struct str given = credential_of(exchange, STR("Bearer"));
    bool valid = oauth->token[0] != '\0' && clock_monotonic_ms() < oauth->expires_ms &&
                 secret_equal(given, str_from(oauth->token));

    if (valid && !faults_happen(&sandbox->faults, FAULT_TOKEN_INVALID,
                                fates_next(&sandbox->fates, STR("token"), product)))
        return true;
    if (valid)
        oauth->token[0] = '\0';
    if (product == OAUTH_STK)
        exchange_answer_error(sandbox, exchange, 404, "404.001.03", "Invalid Access Token");
    else
        exchange_answer_error(sandbox, exchange, 400, "400.003.01", "Invalid Access Token");
    return false;
}
