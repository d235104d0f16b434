/* Callbacks as they come over HTTP: see callback_accept.h. */
#include "risiti/base/base.h"

#include "risiti/domain/callback_accept.h"

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/domain/health.h"
#include "risiti/domain/spool.h"

/* Callbacks from unlisted addresses that were not kept are told together, this often at most. */
#define TURNED_AWAY_LOG_MS 60000

bool callback_database_rests(const struct service *service)
{
    return service->spool != NULL && clock_monotonic_ms() < service->intake.rest_until_ms;
}

void callback_deadline_begin(struct service *service)
{
    if (service->spool != NULL)
        db_deadline_begin(service->db, CALLBACK_DATABASE_MS);
}

void callback_deadline_end(struct service *service)
{
    if (service->spool != NULL && db_deadline_end(service->db))
        service->intake.rest_until_ms = clock_monotonic_ms() + CALLBACK_REST_MS;
}

enum err callback_token_find_soon(struct service *service, enum inbox_kind kind, struct str token)
{
    struct sha256 hash;
    enum err err = callback_token_hash(token, &hash);

    if (err != ERR_OK)
        return err;
    if (callback_database_rests(service))
        return ERR_DB_AWAY;
    callback_deadline_begin(service);
    err = callback_token_check(service, kind, &hash);
    callback_deadline_end(service);
    return err;
}

/* ERR_THROTTLED when as many rows are in quarantine as may be, from this address or from all. */
static enum err quarantine_check(struct service *service, const struct callback *callback)
{
    unsigned limit = (unsigned)service->config->callbacks_quarantine;
    unsigned own = 0, all = 0;
    enum err err =
        inbox_store_count_source(service->db, service->arena, callback->source, limit, &own);

    if (err == ERR_OK && own < limit)
        err = inbox_store_count(service->db, service->arena, INBOX_STATE_QUARANTINED,
                                CALLBACK_QUARANTINE_MAX, &all);
    if (err != ERR_OK)
        return err;
    return own < limit && all < CALLBACK_QUARANTINE_MAX ? ERR_OK : ERR_THROTTLED;
}

/* One of those that are not kept: counted, and told once a while. */
static void turned_away(struct service *service, const struct callback *callback)
{
    struct intake *intake = &service->intake;
    int64_t now_ms = clock_monotonic_ms();

    intake->turned_away++;
    if (intake->turned_away_logged_ms != 0 &&
        now_ms - intake->turned_away_logged_ms < TURNED_AWAY_LOG_MS)
        return;
    log_write(LOG_LEVEL_WARNING, "callbacks_turned_away",
              LOG_FIELDS(LOG_INT("count", intake->turned_away),
                         LOG_STR("last_source", callback->source)));
    intake->turned_away = 0;
    intake->turned_away_logged_ms = now_ms;
}

/* What needs the database: the schema, the secret, the quarantine's bound, journal and effect. */
static enum err database_try(struct service *service, struct callback *callback)
{
    struct callback_effect effect;
    enum err err = health_schema_recent(service);

    if (err == ERR_OK && callback->token_hash != NULL) {
        err = callback_token_check(service, callback->kind, callback->token_hash);
        callback->token_unproven = err != ERR_OK;
    }
    if (err == ERR_OK && !callback->is_listed)
        err = quarantine_check(service, callback);
    return err == ERR_OK ? callback_receive(service, callback, &effect) : err;
}

/* The database cannot have it now. */
static enum err callback_spool(struct service *service, const struct callback *callback,
                               enum err reason)
{
    bool is_plain = callback->token_hash == NULL;
    enum err err = ERR_IO;

    if (!callback->is_listed && is_plain)
        return ERR_FORBIDDEN;
    if (service->spool != NULL)
        err = spool_write(service->spool, callback);
    if (err == ERR_OK) {
        log_write(LOG_LEVEL_WARNING, "callback_spooled",
                  LOG_FIELDS(LOG_STR("kind", inbox_kind_name(callback->kind)),
                             LOG_UUID("inbox", &callback->id), LOG_ERROR_NAME("error", reason),
                             LOG_TEXT("database", db_last_error(service->db)),
                             LOG_STR("source", callback->source)));
        return ERR_OK;
    }
    /* Whoever may send it again shall, and soon. */
    return err_info(reason)->retryable ? reason : ERR_DB_AWAY;
}

enum err callback_accept(struct service *service, const struct callback *callback, struct str token)
{
    struct callback own = *callback;
    struct sha256 hash;
    enum err err = token.data != NULL ? callback_token_hash(token, &hash) : ERR_OK;

    own.received_at_us = clock_now_us();
    own.request_id = service->request_id;
    own.token_hash = token.data != NULL ? &hash : NULL;
    own.token_unproven = token.data != NULL;
    if (err == ERR_OK)
        err = uuid_new(&own.id);
    if (err != ERR_OK)
        return err;
    err = ERR_DB_AWAY;
    if (!callback_database_rests(service)) {
        callback_deadline_begin(service);
        err = database_try(service, &own);
        callback_deadline_end(service);
    }
    if (err == ERR_THROTTLED)
        turned_away(service, &own);
    else if (err != ERR_OK && err != ERR_ROUTE)
        return callback_spool(service, &own, err);
    if (err == ERR_ROUTE)
        return err;
    return own.is_listed || own.token_hash != NULL ? ERR_OK : ERR_FORBIDDEN;
}
