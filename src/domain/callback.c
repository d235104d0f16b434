/* Callbacks by Safaricom, journaled with their effect: see callback.h. */
#include "risiti/base/base.h"

#include "risiti/domain/callback.h"

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/daraja/payload.h"
#include "risiti/db/payment_store.h"
#include "risiti/domain/c2b_token.h"
#include "risiti/domain/callback_replay.h"
#include "risiti/domain/path_token.h"

/* One callback, over all the times its unit is tried. */
struct callback_attempt {
    struct service *service;
    const struct callback *callback;
    struct inbox_row row;
    struct callback_effect effect;
};

enum err callback_token_check(struct service *service, enum inbox_kind kind,
                              const struct sha256 *hash)
{
    struct payment payment;
    struct str short_code;
    enum err err = kind == INBOX_KIND_STK
                       ? payment_store_by_token(service->db, service->arena, hash, &payment)
                       : c2b_token_find(service, hash, &short_code);

    return err == ERR_NOT_FOUND ? ERR_ROUTE : err;
}

enum err callback_token_hash(struct str token, struct sha256 *ret_hash)
{
    if (token.length != PATH_TOKEN_LENGTH || !str_consists_of(token, STR("0123456789abcdef")))
        return ERR_ROUTE;
    return crypto_sha256(token, ret_hash);
}

enum err callback_token_find(struct service *service, enum inbox_kind kind, struct str token,
                             struct sha256 *ret_hash)
{
    struct sha256 hash;
    enum err err = callback_token_hash(token, &hash);

    if (err == ERR_OK)
        err = callback_token_check(service, kind, &hash);
    if (err == ERR_OK)
        *ret_hash = hash;
    return err;
}

enum err callback_apply(struct service *service, const struct callback *callback,
                        const struct uuid *inbox_id, struct callback_effect *ret_effect)
{
    if (!callback->is_listed) {
        *ret_effect = (struct callback_effect){.state = INBOX_STATE_QUARANTINED,
                                               .note = "from an address that is not listed"};
        return ERR_OK;
    }
    return callback->kind == INBOX_KIND_STK
               ? callback_apply_stk(service, callback, inbox_id, ret_effect)
               : callback_apply_c2b(service, callback, inbox_id, ret_effect);
}

static enum err journal_write(struct db *db, struct callback_attempt *attempt)
{
    const struct callback_effect *effect = &attempt->effect;
    bool again = effect->state == INBOX_STATE_FAILED || effect->state == INBOX_STATE_WAITING;

    attempt->row.state = effect->state;
    attempt->row.payment_id = effect->has_payment ? &effect->payment_id : NULL;
    attempt->row.note = str_from(effect->note);
    return inbox_store_insert(db, &attempt->row, again ? callback_pause_s(1) : 0);
}

static enum err callback_work(struct db *db, void *context)
{
    struct callback_attempt *attempt = context;
    const struct callback *callback = attempt->callback;
    enum err err = ERR_OK;

    if (callback->token_unproven && callback->token_hash != NULL)
        err = callback_token_check(attempt->service, callback->kind, callback->token_hash);
    if (err == ERR_OK)
        err = callback_apply(attempt->service, callback, &attempt->row.id, &attempt->effect);
    if (err == ERR_ROUTE) {
        attempt->effect = (struct callback_effect){.state = INBOX_STATE_QUARANTINED,
                                                   .note = "the secret in its path is not known"};
        err = ERR_OK;
    }
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

    log_write(is_fine ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "callback",
              LOG_FIELDS(LOG_STR("kind", inbox_kind_name(attempt->callback->kind)),
                         LOG_STR("state", inbox_state_name(effect->state)),
                         LOG_UUID("payment", effect->has_payment ? &effect->payment_id : NULL),
                         LOG_UUID("inbox", &attempt->row.id), LOG_TEXT("note", effect->note),
                         LOG_STR("source", attempt->callback->source)));
}

/* What the row of an STK result is found by later; none where the body has none. */
static struct str checkout_id_of(struct service *service, const struct callback *callback)
{
    struct stk_result result;
    const char *why;

    return callback->kind == INBOX_KIND_STK &&
                   stk_result_parse(service->arena, callback->body, &result, &why) == ERR_OK
               ? result.checkout_request_id
               : STR_EMPTY;
}

/*
 * The push may have become known while its result was put down to wait: either this look sees the
 * push, or the push's own look sees the row. What neither does is due by itself a little later.
 */
static void callback_look_again(struct callback_attempt *attempt)
{
    struct service *service = attempt->service;
    struct payment payment;

    if (attempt->effect.state == INBOX_STATE_WAITING && !attempt->effect.has_payment &&
        payment_store_by_checkout(service->db, service->arena, attempt->row.checkout_request_id,
                                  &payment) == ERR_OK &&
        callback_replay(service, &attempt->row.id, CALLBACK_REPLAY_OPEN, &attempt->effect) !=
            ERR_OK)
        log_write(LOG_LEVEL_WARNING, "callback_waits",
                  LOG_FIELDS(LOG_UUID("inbox", &attempt->row.id)));
}

/* Whether the row with its id is in the journal: an earlier COMMIT took effect after all. */
static bool is_journaled(const struct callback_attempt *attempt)
{
    bool found = false;

    return !uuid_is_zero(&attempt->callback->id) &&
           inbox_store_has(attempt->service->db, attempt->service->arena, &attempt->row.id,
                           &found) == ERR_OK &&
           found;
}

/* Whether the effect failed for a reason that the body alone may survive. */
static bool may_be_kept(const struct callback *callback, enum err err)
{
    return callback->is_listed && err != ERR_OK && err != ERR_DB_AWAY &&
           err != ERR_DB_COMMIT_UNKNOWN && err != ERR_DB_FULL;
}

enum err callback_receive(struct service *service, const struct callback *callback,
                          struct callback_effect *ret_effect)
{
    struct callback_attempt attempt = {
        .service = service,
        .callback = callback,
        .row = {.kind = callback->kind,
                .id = callback->id,
                .received_at_us =
                    callback->received_at_us != 0 ? callback->received_at_us : clock_now_us(),
                .source = callback->source,
                .request_id =
                    callback->request_id.data != NULL ? callback->request_id : service->request_id,
                .token_hash = callback->token_hash,
                .checkout_request_id = checkout_id_of(service, callback),
                .body = callback->body},
    };
    enum err err = uuid_is_zero(&callback->id) ? uuid_new(&attempt.row.id) : ERR_OK;

    if (err != ERR_OK)
        return err;
    err = db_run_unit(
        service->db,
        &(struct db_unit){.work = callback_work, .settle = callback_settle, .context = &attempt});
    if (err == ERR_DUPLICATE && is_journaled(&attempt))
        return ERR_DUPLICATE;
    if (may_be_kept(callback, err))
        err = callback_keep(&attempt, err);
    if (err != ERR_OK)
        return err;
    callback_look_again(&attempt);
    if (callback->kind == INBOX_KIND_C2B && callback->token_hash != NULL &&
        attempt.effect.state != INBOX_STATE_QUARANTINED)
        c2b_token_used(service, callback->token_hash);
    callback_log(&attempt);
    *ret_effect = attempt.effect;
    return ERR_OK;
}
