/* The one OAuth token of all workers: see oauth.h. */
#include "risiti/base/base.h"

#include "risiti/domain/oauth.h"

#include "risiti/base/clock.h"
#include "risiti/base/crypto.h"
#include "risiti/base/log.h"
#include "risiti/base/mem.h"
#include "risiti/db/token_store.h"

/* Renewed when this little of its hour is left. */
#define RENEW_BEFORE_SECONDS 300
/* A token with less life than this is not used any more. */
#define USABLE_SECONDS 15
/* Longer than one call to Daraja may take, so that a lease outlives its renewal. */
#define LEASE_SECONDS 70
/* While another worker fetches the first token. */
#define WAIT_MS 100
#define WAIT_MS_MAX 8000
#define WRITE_TRIES_MAX 3
#define TOKEN_SIZE 1024

struct oauth {
    struct service *service;
    unsigned char seal_key[SEAL_KEY_BYTES];
    struct sha256 consumer_hash;
    struct uuid owner;      /* this worker, in leases */
    char token[TOKEN_SIZE]; /* the last one read, so that most calls read no row */
    int64_t token_read_ms;
    int64_t token_usable_until_ms; /* monotonic */
};

/* A token read this recently is used without asking the database. */
#define TOKEN_CACHE_MS 5000

enum err oauth_new(struct service *service, struct oauth **ret_oauth)
{
    const struct config *config = service->config;
    struct oauth *oauth;
    enum err err;

    if (config->daraja_consumer_key.text[0] == '\0' || config->service_secret_key.text[0] == '\0')
        return ERR_CONFIG;
    oauth = mem_alloc(1, sizeof(*oauth));
    if (oauth == NULL)
        return ERR_NOMEM;
    oauth->service = service;
    err = crypto_unhex(str_from(config->service_secret_key.text), oauth->seal_key, SEAL_KEY_BYTES);
    if (err == ERR_OK)
        err = crypto_sha256(str_from(config->daraja_consumer_key.text), &oauth->consumer_hash);
    if (err == ERR_OK)
        err = uuid_new(&oauth->owner);
    if (err != ERR_OK) {
        oauth_free(oauth);
        return err;
    }
    *ret_oauth = oauth;
    return ERR_OK;
}

void oauth_free(struct oauth *oauth)
{
    if (oauth == NULL)
        return;
    crypto_wipe(oauth, sizeof(*oauth));
    mem_free(oauth);
}

/* Keeps the token for the next calls, and hands it out. */
static enum err token_keep(struct oauth *oauth, struct str token, int64_t seconds_left,
                           struct str *ret_token)
{
    int64_t now_ms = clock_monotonic_ms();

    if (!str_copy(token, oauth->token, sizeof(oauth->token)))
        return ERR_DARAJA_AUTH;
    oauth->token_read_ms = now_ms;
    oauth->token_usable_until_ms = now_ms + (seconds_left - RENEW_BEFORE_SECONDS) * 1000;
    *ret_token = str_from(oauth->token);
    return ERR_OK;
}

/* One wish for a token. */
struct wish {
    struct oauth *oauth;
    struct daraja *daraja;
    struct arena *arena;
    struct str rejected;
    struct daraja_answer answer; /* what Daraja said, if it was asked */
};

/* Opens the row's token; ERR_NOT_FOUND when there is none that may be used. */
static enum err token_open(const struct wish *wish, const struct oauth_row *row,
                           struct str *ret_token)
{
    struct str token;

    if (row->sealed.data == NULL || row->seconds_left < USABLE_SECONDS ||
        crypto_open(wish->oauth->seal_key, row->sealed, wish->arena, &token) != ERR_OK ||
        str_equal(token, wish->rejected))
        return ERR_NOT_FOUND;
    *ret_token = token;
    return ERR_OK;
}

/*
 * The token that was just fetched has ended the one before: what only met others at the row, or was
 * not answered, is asked again. An answer that was lost shows as a row that is written already.
 */
static enum err token_write(const struct oauth *oauth, uint64_t generation, struct str sealed,
                            int64_t lifetime_seconds, bool *ret_written)
{
    enum err err = ERR_DB_CONFLICT;

    for (int i = 0; i < WRITE_TRIES_MAX && (err == ERR_DB_CONFLICT || err == ERR_DB_COMMIT_UNKNOWN);
         i++)
        err = oauth_store_write(oauth->service->db, &oauth->consumer_hash, generation,
                                &oauth->owner, sealed, lifetime_seconds, ret_written);
    return err;
}

/* Fetches a new token under the lease that was just taken. */
static enum err token_renew(struct wish *wish, uint64_t generation, struct str *ret_token)
{
    struct oauth *oauth = wish->oauth;
    struct str token, sealed;
    int64_t lifetime_seconds;
    bool written = false;
    enum err err =
        daraja_oauth(wish->daraja, wish->arena, &token, &lifetime_seconds, &wish->answer);

    if (err == ERR_OK)
        err = crypto_seal(oauth->seal_key, token, wish->arena, &sealed);
    if (err == ERR_OK)
        err = token_write(oauth, generation, sealed, lifetime_seconds, &written);
    log_write(err == ERR_OK ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "daraja_token_renewed",
              LOG_FIELDS(LOG_ERROR_NAME("result", err),
                         LOG_INT("daraja_status", wish->answer.status),
                         LOG_STR("daraja_message", wish->answer.message),
                         LOG_TEXT("transport", wish->answer.why)));
    if (err != ERR_OK) {
        /* Whoever comes next need not wait for the lease's end; if this fails too, they do. */
        if (oauth_store_release(oauth->service->db, &oauth->consumer_hash, &oauth->owner) != ERR_OK)
            log_write(LOG_LEVEL_WARNING, "daraja_lease_kept", LOG_NO_FIELDS);
        return err;
    }
    /* A lease that ran out was another's meanwhile: its newer token is the one that is valid. */
    return written ? token_keep(oauth, token, lifetime_seconds, ret_token) : ERR_NOT_FOUND;
}

/* One look at the row: use its token, renew it, or ERR_NOT_FOUND to look again. */
static enum err token_try(struct wish *wish, struct str *ret_token)
{
    struct oauth *oauth = wish->oauth;
    struct oauth_row row = {.generation = 0};
    struct str token = STR_EMPTY;
    bool taken = false;
    enum err err = oauth_store_read(oauth->service->db, wish->arena, &oauth->consumer_hash, &row);

    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    if (token_open(wish, &row, &token) == ERR_OK && row.seconds_left > RENEW_BEFORE_SECONDS)
        return token_keep(oauth, token, row.seconds_left, ret_token);
    err = oauth_store_lease(oauth->service->db, &oauth->consumer_hash, row.generation,
                            &oauth->owner, LEASE_SECONDS, &taken);
    if (err != ERR_OK)
        return err == ERR_DB_CONFLICT ? ERR_NOT_FOUND : err; /* others take it: look again */
    if (taken)
        return token_renew(wish, row.generation, ret_token);
    if (token.data == NULL)
        return ERR_NOT_FOUND;
    *ret_token = token; /* another worker renews it; this one is good for minutes still */
    return ERR_OK;
}

static enum err wish_grant(struct wish *wish, struct str *ret_token)
{
    struct oauth *oauth = wish->oauth;
    int64_t started_ms = clock_monotonic_ms();
    enum err err = ERR_NOT_FOUND;

    oauth->token_read_ms = 0;
    while (err == ERR_NOT_FOUND && clock_monotonic_ms() - started_ms < WAIT_MS_MAX) {
        err = token_try(wish, ret_token);
        if (err == ERR_NOT_FOUND)
            clock_sleep_ms(WAIT_MS);
    }
    return err == ERR_NOT_FOUND ? ERR_DARAJA_AUTH : err;
}

static enum err token_get(void *context, struct daraja *daraja, struct arena *arena,
                          struct str rejected, struct str *ret_token)
{
    struct oauth *oauth = context;
    struct wish wish = {.oauth = oauth, .daraja = daraja, .arena = arena, .rejected = rejected};
    int64_t now_ms = clock_monotonic_ms();

    if (oauth->token[0] != '\0' && now_ms - oauth->token_read_ms < TOKEN_CACHE_MS &&
        now_ms < oauth->token_usable_until_ms && !str_equal(rejected, str_from(oauth->token))) {
        *ret_token = str_from(oauth->token);
        return ERR_OK;
    }
    return wish_grant(&wish, ret_token);
}

struct daraja_token_source oauth_source(struct oauth *oauth)
{
    return (struct daraja_token_source){.get = token_get, .context = oauth};
}

enum err oauth_check(struct oauth *oauth, struct daraja *daraja, struct arena *arena,
                     struct daraja_answer *ret_answer)
{
    struct wish wish = {.oauth = oauth, .daraja = daraja, .arena = arena};
    struct str token;
    enum err err = wish_grant(&wish, &token);

    *ret_answer = wish.answer;
    return err;
}
