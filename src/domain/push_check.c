/* What time makes of a push: see push_check.h. */
#include "risiti/base/base.h"

#include "risiti/domain/push_check.h"

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/daraja/daraja.h"
#include "risiti/db/check_store.h"
#include "risiti/db/push_store.h"
#include "risiti/domain/callback_replay.h"
#include "risiti/domain/stk_result.h"

/* Ages at which a push is looked at, before its silence becomes unusual. */
static const unsigned early_s[] = {PUSH_FIRST_CHECK_S, 40, 70, 120};

#define SECONDS_PER_HOUR 3600
/* A push that was put off is not due again before this. */
#define PAUSE_S_MIN 5
#define CHECKS_MAX 100
/* A turn asks no further after this long: other tasks wait. */
#define TURN_MS_MAX 10000
#define ARENA_BYTES_MAX ((size_t)1024 * 1024)
/* Rows of the push lock older than this say nothing. */
#define LOCK_KEPT_S 3600

/* One turn. */
struct round {
    struct service *service;
    const struct turn *turn;
    int64_t end_ms;
    bool may_ask; /* slots are left, and Daraja answers */
};

/* One push that is looked at, over all the times its units are tried. */
struct look {
    struct service *service;
    const struct check *check;
    struct stk_result result;
    struct callback_effect effect;
    bool was_marked;
};

unsigned push_check_next_s(const struct config *config, int64_t age_s)
{
    const int64_t open_s = config->pushes_open_seconds;
    const int64_t end_s = config->pushes_query_hours * SECONDS_PER_HOUR;

    for (size_t i = 0; i < ARRAY_LENGTH(early_s); i++)
        if (age_s < early_s[i])
            return early_s[i];
    if (age_s < open_s)
        return (unsigned)open_s;
    if (age_s >= end_s)
        return 0;
    return (unsigned)(age_s < end_s - age_s ? 2 * age_s : end_s);
}

/* How long the push is put off while it is looked at; 0: for ever. */
static unsigned pause_after(const struct round *round, const struct check *check)
{
    const struct config *config = round->service->config;
    unsigned next_s = push_check_next_s(config, check->age_s);
    int64_t pause_s = (int64_t)next_s - check->age_s;

    /* What may not be marked now is marked later. */
    if (!round->turn->may_expire && !check->is_unknown &&
        check->age_s >= config->pushes_open_seconds)
        return SECONDS_PER_HOUR / 60;
    if (next_s == 0)
        return 0;
    return pause_s > PAUSE_S_MIN ? (unsigned)pause_s : PAUSE_S_MIN;
}

/* The short code to ask with; NULL when nothing can be asked about this push. */
static const struct config_short_code *short_code_of(const struct service *service,
                                                     const struct check *check)
{
    const struct config_short_code *short_code =
        service->daraja != NULL && check->checkout_request_id.data != NULL
            ? config_short_code_find(service->config, check->short_code)
            : NULL;

    return short_code != NULL && short_code->passkey.text[0] != '\0' ? short_code : NULL;
}

static enum err result_work(struct db *db, void *context)
{
    static const struct stk_evidence evidence = {
        .source = STK_SOURCE_QUERY, .cause = {.evidence = "stk_query"}, .is_proven = true};
    struct look *look = context;

    (void)db;
    return stk_result_apply(look->service, &look->check->id, &look->result, &evidence,
                            &look->effect);
}

/* Daraja has said how the push ended. What waited for just this is applied too. */
static enum err result_apply(struct look *look, const struct stk_query_result *answer)
{
    struct service *service = look->service;
    enum err err;

    look->result = (struct stk_result){.checkout_request_id = look->check->checkout_request_id,
                                       .result_code = answer->result_code,
                                       .result_description = answer->result_description};
    err = db_run_unit(service->db, &(struct db_unit){.work = result_work, .context = look});
    return err == ERR_OK ? callback_apply_waiting(service, look->check->checkout_request_id,
                                                  &look->check->id, NULL)
                         : err;
}

static const char *verdict_name(enum stk_verdict verdict)
{
    static const char *const names[] = {[STK_VERDICT_PAID] = "paid",
                                        [STK_VERDICT_FAILED] = "failed",
                                        [STK_VERDICT_PENDING] = "pending"};

    return names[verdict];
}

static void look_log(const struct look *look, enum err asked, const struct stk_query_result *result,
                     const struct daraja_answer *answer)
{
    bool is_told = asked == ERR_OK;

    log_write(is_told ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "push_checked",
              LOG_FIELDS(LOG_UUID("payment", &look->check->id), LOG_ERROR_NAME("asked", asked),
                         LOG_TEXT("verdict", is_told ? verdict_name(result->verdict) : NULL),
                         LOG_STR("code", is_told ? result->result_code : answer->code),
                         LOG_STR("message", is_told ? result->result_description : answer->message),
                         LOG_INT("age_s", look->check->age_s),
                         LOG_INT("daraja_status", answer->status),
                         LOG_TEXT("transport", answer->why)));
}

/* Asks Daraja, and applies what is final. */
static enum err push_ask(struct round *round, struct look *look,
                         const struct config_short_code *short_code)
{
    struct stk_query_result result = {.verdict = STK_VERDICT_PENDING};
    struct daraja_answer answer = {.status = 0};
    enum err err = daraja_stk_query(look->service->daraja, look->service->arena, short_code,
                                    look->check->checkout_request_id, &result, &answer);

    look_log(look, err, &result, &answer);
    if (err == ERR_OK)
        return result.verdict != STK_VERDICT_PENDING ? result_apply(look, &result) : ERR_OK;
    /* Nothing was learnt. Unless it is about this push alone, the next turn asks on. */
    if (err != ERR_PUSH_REFUSED)
        round->may_ask = false;
    return err == ERR_NOMEM || err == ERR_DB_AWAY ? err : ERR_OK;
}

static enum err unknown_work(struct db *db, void *context)
{
    static const struct payment_cause cause = {.evidence = "job"};
    struct look *look = context;
    struct payment push;
    enum err err =
        payment_store_by_id(db, look->service->arena, &look->check->id, PAYMENT_LOCK, &push);

    look->was_marked = false;
    if (err != ERR_OK || push.status != PAYMENT_STATUS_PENDING || push.is_unknown || push.is_merged)
        return err;
    look->was_marked = true;
    err = check_store_mark_unknown(db, &push);
    return err == ERR_OK ? payment_event_add(look->service, &push, &cause, "unknown", STR_EMPTY)
                         : err;
}

/* A push whose end nobody has told in time is unknown from now on. */
static enum err push_expire(const struct round *round, struct look *look)
{
    enum err err;

    if (!round->turn->may_expire || look->check->is_unknown ||
        look->check->age_s < look->service->config->pushes_open_seconds)
        return ERR_OK;
    err = db_run_unit(look->service->db, &(struct db_unit){.work = unknown_work, .context = look});
    if (err == ERR_OK && look->was_marked)
        log_write(LOG_LEVEL_WARNING, "push_unknown",
                  LOG_FIELDS(LOG_UUID("payment", &look->check->id),
                             LOG_CHECKOUT("checkout", look->check->checkout_request_id),
                             LOG_INT("age_s", look->check->age_s)));
    return err;
}

/* Whether a query may go out now. */
static enum err slot_take(struct round *round)
{
    const struct service *service = round->service;

    if (clock_monotonic_ms() >= round->end_ms)
        round->may_ask = false;
    return round->may_ask
               ? push_store_query_slot(service->db,
                                       (unsigned)service->config->pushes_queries_per_minute,
                                       &round->may_ask)
               : ERR_OK;
}

static enum err push_look(struct round *round, struct look *look, unsigned *done)
{
    const struct config_short_code *short_code = short_code_of(look->service, look->check);
    bool taken = false;
    enum err err = short_code != NULL ? slot_take(round) : ERR_OK;

    if (err != ERR_OK)
        return err;
    /* It stays due; that its time is over can be said all the same. */
    if (short_code != NULL && !round->may_ask) {
        err = push_expire(round, look);
        *done += look->was_marked;
        return err;
    }
    err = check_store_take(look->service->db, look->check, pause_after(round, look->check), &taken);
    if (err != ERR_OK || !taken)
        return err;
    (*done)++;
    if (short_code != NULL)
        err = push_ask(round, look, short_code);
    return err == ERR_OK ? push_expire(round, look) : err;
}

enum err push_check_due(struct service *service, const struct turn *turn, unsigned *ret_done)
{
    struct round round = {.service = service,
                          .turn = turn,
                          .end_ms = clock_monotonic_ms() + TURN_MS_MAX,
                          .may_ask = true};
    struct service own = *service;
    struct checks checks = {.count = 0};
    unsigned done = 0;
    enum err err = check_store_due(service->db, service->arena,
                                   turn->limit < CHECKS_MAX ? turn->limit : CHECKS_MAX, &checks);

    /* Daraja's answers are large: each push has the same memory. */
    own.arena = arena_new(ARENA_BYTES_MAX);
    if (own.arena == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; err == ERR_OK && i < checks.count; i++) {
        struct look look = {.service = &own, .check = &checks.items[i]};

        arena_reset(own.arena);
        err = push_look(&round, &look, &done);
    }
    arena_free(own.arena);
    *ret_done = done;
    return err;
}

/* One push that is too old, over all the times its unit is tried. */
struct proof {
    struct service *service;
    const struct uuid *id;
    bool was_ended;
};

static enum err proof_work(struct db *db, void *context)
{
    static const struct payment_cause cause = {.evidence = "job"};
    struct proof *proof = context;
    struct payment push;
    enum err err = payment_store_by_id(db, proof->service->arena, proof->id, PAYMENT_LOCK, &push);

    proof->was_ended = false;
    if (err != ERR_OK || !push.is_unsettled || push.is_merged)
        return err;
    proof->was_ended = true;
    err = check_store_end_proof(db, &push);
    return err == ERR_OK
               ? payment_event_add(proof->service, &push, &cause, "proof_ended", STR_EMPTY)
               : err;
}

enum err push_proof_due(struct service *service, const struct turn *turn, unsigned *ret_done)
{
    struct check_ids ids = {.count = 0};
    unsigned done = 0;
    enum err err = push_store_prune(service->db, LOCK_KEPT_S, turn->limit);

    if (err == ERR_OK && turn->may_expire)
        err =
            check_store_unsettled(service->db, service->arena,
                                  (unsigned)service->config->pushes_proof_days, turn->limit, &ids);
    for (size_t i = 0; err == ERR_OK && i < ids.count; i++) {
        struct proof proof = {.service = service, .id = &ids.items[i]};

        err = db_run_unit(service->db, &(struct db_unit){.work = proof_work, .context = &proof});
        if (err != ERR_OK || !proof.was_ended)
            continue;
        done++;
        log_write(LOG_LEVEL_WARNING, "push_proof_ended", LOG_FIELDS(LOG_UUID("payment", proof.id)));
    }
    *ret_done = done;
    return err;
}
