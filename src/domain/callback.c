/* Callbacks by Safaricom, journaled with their effect: see callback.h. */
#include "risiti/base/base.h"

#include "risiti/domain/callback.h"

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/db/payment_store.h"
#include "risiti/domain/c2b_token.h"

/* A secret in a path: 32 lower-case hex digits. */
#define CALLBACK_TOKEN_LENGTH 32

/* One callback, over all the times its unit is tried. */
struct callback_attempt {
    struct service *service;
    const struct callback *callback;
    struct inbox_row row;
    struct callback_effect effect;
};

enum err callback_token_find(struct service *service, enum inbox_kind kind, struct str token,
                             struct sha256 *ret_hash)
{
    struct sha256 hash;
    struct payment payment;
    struct str short_code;
    enum err err;

    if (token.length != CALLBACK_TOKEN_LENGTH || !str_consists_of(token, STR("0123456789abcdef")))
        return ERR_ROUTE;
    err = crypto_sha256(token, &hash);
    if (err != ERR_OK)
        return err;
    err = kind == INBOX_KIND_STK
              ? payment_store_by_token(service->db, service->arena, &hash, &payment)
              : c2b_token_find(service, &hash, &short_code);
    if (err == ERR_OK)
        *ret_hash = hash;
    return err == ERR_NOT_FOUND ? ERR_ROUTE : err;
}

static enum err journal_write(struct db *db, struct callback_attempt *attempt)
{
    const struct callback_effect *effect = &attempt->effect;

    attempt->row.state = effect->state;
    attempt->row.payment_id = effect->has_payment ? &effect->payment_id : NULL;
    attempt->row.note = str_from(effect->note);
    return inbox_store_insert(db, &attempt->row);
}

static enum err callback_work(struct db *db, void *context)
{
    struct callback_attempt *attempt = context;
    const struct callback *callback = attempt->callback;
    enum err err = ERR_OK;

    if (!callback->is_listed)
        attempt->effect = (struct callback_effect){.state = INBOX_STATE_QUARANTINED,
                                                   .note = "from an address that is not listed"};
    else if (callback->kind == INBOX_KIND_STK)
        err = callback_apply_stk(attempt->service, callback, &attempt->row.id, &attempt->effect);
    else
        err = callback_apply_c2b(attempt->service, callback, &attempt->row.id, &attempt->effect);
    return err == ERR_OK ? journal_write(db, attempt) : err;
}

static enum err callback_settle(struct db *db, void *context, bool *ret_committed)
{
    struct callback_attempt *attempt = context;

    return inbox_store_has(db, attempt->service->arena, &attempt->row.id, ret_committed);
}

static enum err journal_alone(struct db *db, void *context)
{
    return journal_write(db, context);
}

/* The effect failed for a reason of ours: the body is kept alone, for another try. */
static enum err callback_keep(struct callback_attempt *attempt, enum err reason)
{
    log_write(LOG_LEVEL_ERROR, "callback_effect_failed",
              LOG_FIELDS(LOG_UUID("inbox", &attempt->row.id), LOG_ERROR_NAME("error", reason),
                         LOG_TEXT("database", db_last_error(attempt->service->db))));
    attempt->effect =
        (struct callback_effect){.state = INBOX_STATE_FAILED, .note = err_name(reason)};
    return db_run_unit(
        attempt->service->db,
        &(struct db_unit){.work = journal_alone, .settle = callback_settle, .context = attempt});
}

static void callback_log(const struct callback_attempt *attempt)
{
    const struct callback_effect *effect = &attempt->effect;
    bool is_fine = effect->state == INBOX_STATE_APPLIED || effect->state == INBOX_STATE_REPEATED;

    log_write(
        is_fine ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "callback",
        LOG_FIELDS(LOG_TEXT("kind", attempt->callback->kind == INBOX_KIND_STK ? "stk" : "c2b"),
                   LOG_STR("state", inbox_state_name(effect->state)),
                   LOG_UUID("payment", effect->has_payment ? &effect->payment_id : NULL),
                   LOG_UUID("inbox", &attempt->row.id), LOG_TEXT("note", effect->note),
                   LOG_STR("source", attempt->callback->source)));
}

enum err callback_receive(struct service *service, const struct callback *callback,
                          struct callback_effect *ret_effect)
{
    struct callback_attempt attempt = {
        .service = service,
        .callback = callback,
        .row = {.kind = callback->kind,
                .received_at_us = clock_now_us(),
                .source = callback->source,
                .request_id = service->request_id,
                .token_hash = callback->token_hash,
                .body = callback->body},
    };
    enum err err = uuid_new(&attempt.row.id);

    if (err != ERR_OK)
        return err;
    err = db_run_unit(
        service->db,
        &(struct db_unit){.work = callback_work, .settle = callback_settle, .context = &attempt});
    if (err != ERR_OK && err != ERR_DB_AWAY && err != ERR_DB_COMMIT_UNKNOWN && err != ERR_DB_FULL)
        err = callback_keep(&attempt, err);
    if (err != ERR_OK)
        return err;
    callback_log(&attempt);
    *ret_effect = attempt.effect;
    return ERR_OK;
}
