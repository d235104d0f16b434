/* Callbacks that lie in the journal, applied again: see callback_replay.h. */
#include "risiti/base/base.h"

#include "risiti/domain/callback_replay.h"

#include "risiti/base/log.h"

#define SECONDS_PER_DAY (INT64_C(24) * 3600)
/* A row that is tried now is not due again before this, even if the process ends meanwhile. */
#define TAKE_S 60
/* Rows that one push or one turn can have; more are taken by the next turn. */
#define WAITING_ROWS_MAX 32
#define DUE_ROWS_MAX 256

/* One row, over all the times its unit is tried. */
struct replay {
    struct service *service;
    const struct uuid *inbox_id;
    unsigned flags;
    struct inbox_row row;
    struct callback_effect effect;
    bool was_tried; /* the row was there and in a state that is tried */
};

unsigned callback_pause_s(unsigned attempts)
{
    unsigned pause_s = CALLBACK_PAUSE_FIRST_S;

    for (unsigned i = 1; i < attempts && pause_s < CALLBACK_PAUSE_LONGEST_S; i++)
        pause_s *= 2;
    return pause_s < CALLBACK_PAUSE_LONGEST_S ? pause_s : CALLBACK_PAUSE_LONGEST_S;
}

/* How the row stands, as an effect. */
static struct callback_effect effect_of_row(const struct inbox_row *row)
{
    struct callback_effect effect = {.state = row->state, .has_payment = row->payment_id != NULL};

    if (row->payment_id != NULL)
        effect.payment_id = *row->payment_id;
    return effect;
}

static bool state_is_open(enum inbox_state state)
{
    return state == INBOX_STATE_FAILED || state == INBOX_STATE_WAITING;
}

/* Whether the row is tried at all. */
static enum err replay_judge(const struct replay *replay, bool *ret_wanted)
{
    enum inbox_state state = replay->row.state;

    if (state == INBOX_STATE_QUARANTINED && (replay->flags & CALLBACK_REPLAY_RELEASE) == 0)
        return ERR_STATE;
    *ret_wanted = state != INBOX_STATE_APPLIED && state != INBOX_STATE_REPEATED &&
                  (state_is_open(state) || (replay->flags & CALLBACK_REPLAY_OPEN) == 0);
    return ERR_OK;
}

/*
 * The callback as it came. Rows outside quarantine were judged when they came: a secret of theirs
 * that has ended since does not make them less true.
 */
static enum err replay_apply(struct replay *replay)
{
    const struct inbox_row *row = &replay->row;
    struct callback callback = {.kind = row->kind,
                                .body = row->body,
                                .source = row->source,
                                .token_hash = row->token_hash,
                                .is_listed = true,
                                .is_released = (replay->flags & CALLBACK_REPLAY_RELEASE) != 0};
    enum err err = ERR_OK;

    if (row->token_hash != NULL)
        err = callback_token_check(replay->service, row->kind, row->token_hash);
    if (err == ERR_ROUTE) {
        callback.token_hash = NULL;
        err = ERR_OK;
    }
    return err == ERR_OK
               ? callback_apply(replay->service, &callback, replay->inbox_id, &replay->effect)
               : err;
}

/* What has waited for too long waits for a person from now on. */
static void replay_expire(struct replay *replay)
{
    if ((replay->flags & CALLBACK_REPLAY_MAY_EXPIRE) == 0 ||
        replay->effect.state != INBOX_STATE_WAITING ||
        replay->row.received_ago_s < replay->service->config->pushes_proof_days * SECONDS_PER_DAY)
        return;
    replay->effect.state =
        replay->effect.has_payment ? INBOX_STATE_CONFLICT : INBOX_STATE_UNMATCHED;
    replay->effect.note = "what it waited for did not come";
}

/* The row as the effect leaves it. */
static enum err replay_write(struct db *db, struct replay *replay)
{
    const struct callback_effect *effect = &replay->effect;
    struct inbox_row row = replay->row;

    row.state = effect->state;
    row.note = str_from(effect->note);
    row.payment_id = effect->has_payment ? &effect->payment_id : NULL;
    return inbox_store_retried(
        db, &row, state_is_open(effect->state) ? callback_pause_s(row.attempts + 1) : 0);
}

static enum err replay_work(struct db *db, void *context)
{
    struct replay *replay = context;
    bool wanted = false;
    enum err err =
        inbox_store_by_id(db, replay->service->arena, replay->inbox_id, INBOX_LOCK, &replay->row);

    replay->was_tried = false;
    if (err == ERR_OK)
        err = replay_judge(replay, &wanted);
    if (err != ERR_OK)
        return err;
    replay->effect = effect_of_row(&replay->row);
    if (!wanted)
        return ERR_OK;
    replay->was_tried = true;
    err = replay_apply(replay);
    if (err != ERR_OK)
        return err;
    replay_expire(replay);
    return replay_write(db, replay);
}

/* Only a committed try moves `attempts` on, ours or another's: either way the row is the truth. */
static enum err replay_settle(struct db *db, void *context, bool *ret_committed)
{
    struct replay *replay = context;
    struct inbox_row row;
    enum err err =
        inbox_store_by_id(db, replay->service->arena, replay->inbox_id, INBOX_READ, &row);

    if (err != ERR_OK)
        return err;
    *ret_committed = row.attempts != replay->row.attempts;
    if (*ret_committed) {
        replay->effect = effect_of_row(&row);
        replay->effect.note = NULL;
    }
    return ERR_OK;
}

static enum err failure_work(struct db *db, void *context)
{
    return replay_write(db, context);
}

/* The effect failed for a reason of ours: the row says so, and is tried again. */
static enum err replay_failed(struct replay *replay, enum err reason)
{
    enum err err;

    log_write(LOG_LEVEL_ERROR, "callback_effect_failed",
              LOG_FIELDS(LOG_UUID("inbox", replay->inbox_id), LOG_ERROR_NAME("error", reason),
                         LOG_INT("attempts", replay->row.attempts + 1),
                         LOG_TEXT("database", db_last_error(replay->service->db))));
    replay->effect =
        (struct callback_effect){.state = INBOX_STATE_FAILED, .note = err_name(reason)};
    err = db_run_unit(
        replay->service->db,
        &(struct db_unit){.work = failure_work, .settle = replay_settle, .context = replay});
    /* Somebody else has tried it meanwhile: what they wrote stands. */
    return err == ERR_DB_CONFLICT ? ERR_OK : err;
}

/* The database's trouble, and not the row's. */
static bool is_of_the_world(enum err err)
{
    return err == ERR_DB_AWAY || err == ERR_DB_FULL || err == ERR_DB_COMMIT_UNKNOWN;
}

static enum err replay_run(struct replay *replay)
{
    enum err err = db_run_unit(
        replay->service->db,
        &(struct db_unit){.work = replay_work, .settle = replay_settle, .context = replay});

    if (err == ERR_OK && replay->was_tried)
        log_write(
            LOG_LEVEL_INFO, "callback_replayed",
            LOG_FIELDS(
                LOG_UUID("inbox", replay->inbox_id),
                LOG_STR("state", inbox_state_name(replay->effect.state)),
                LOG_UUID("payment", replay->effect.has_payment ? &replay->effect.payment_id : NULL),
                LOG_TEXT("note", replay->effect.note)));
    if (err == ERR_OK || !replay->was_tried || is_of_the_world(err))
        return err;
    return replay_failed(replay, err);
}

enum err callback_replay(struct service *service, const struct uuid *inbox_id, unsigned flags,
                         struct callback_effect *ret_effect)
{
    struct service own = *service;
    struct replay replay = {.service = &own, .inbox_id = inbox_id, .flags = flags};
    enum err err;

    /* Bodies are large and rows may be many: each has memory of its own. */
    own.arena = arena_new(CALLBACK_ARENA_BYTES_MAX);
    if (own.arena == NULL)
        return ERR_NOMEM;
    err = replay_run(&replay);
    if (err == ERR_OK)
        *ret_effect = replay.effect;
    arena_free(own.arena);
    return err;
}

/* Tries each; counts those that wait no more. */
static enum err rows_apply(struct service *service, const struct inbox_ids *ids, unsigned *done)
{
    for (size_t i = 0; i < ids->count; i++) {
        struct callback_effect effect;
        enum err err = callback_replay(service, &ids->items[i], CALLBACK_REPLAY_OPEN, &effect);

        if (err != ERR_OK && err != ERR_NOT_FOUND && err != ERR_STATE)
            return err;
        if (err == ERR_OK && !state_is_open(effect.state))
            (*done)++;
    }
    return ERR_OK;
}

enum err callback_apply_waiting(struct service *service, struct str checkout_request_id,
                                const struct uuid *payment_id, unsigned *ret_done)
{
    struct inbox_ids ids = {.count = 0};
    unsigned done = 0;
    enum err err = ERR_OK;

    if (checkout_request_id.data != NULL) {
        err = inbox_store_of_checkout(service->db, service->arena, checkout_request_id,
                                      WAITING_ROWS_MAX, &ids);
        if (err == ERR_OK)
            err = rows_apply(service, &ids, &done);
    }
    if (err == ERR_OK && payment_id != NULL) {
        err =
            inbox_store_of_payment(service->db, service->arena, payment_id, WAITING_ROWS_MAX, &ids);
        if (err == ERR_OK)
            err = rows_apply(service, &ids, &done);
    }
    if (ret_done != NULL)
        *ret_done = done;
    return err;
}

/* Takes one row for this process and tries it. */
static enum err due_try(struct service *service, const struct uuid *id, unsigned flags,
                        unsigned *done)
{
    struct callback_effect effect;
    bool taken = false;
    enum err err = inbox_store_take(service->db, id, TAKE_S, &taken);

    if (err != ERR_OK || !taken)
        return err;
    err = callback_replay(service, id, flags, &effect);
    if (err == ERR_OK)
        (*done)++;
    return err == ERR_NOT_FOUND || err == ERR_STATE ? ERR_OK : err;
}

enum err callback_retry_due(struct service *service, const struct turn *turn, unsigned *ret_done)
{
    unsigned flags =
        CALLBACK_REPLAY_OPEN | (turn->may_expire ? (unsigned)CALLBACK_REPLAY_MAY_EXPIRE : 0U);
    unsigned limit = turn->limit < DUE_ROWS_MAX ? turn->limit : DUE_ROWS_MAX;
    struct inbox_ids ids = {.count = 0};
    unsigned done = 0;
    enum err err = inbox_store_due(service->db, service->arena, limit, &ids);

    for (size_t i = 0; err == ERR_OK && i < ids.count; i++)
        err = due_try(service, &ids.items[i], flags, &done);
    *ret_done = done;
    return err;
}
