/* The end of holds: see hold.h. */
#include "risiti/base/base.h"

#include "risiti/domain/hold.h"

#include "risiti/base/log.h"
#include "risiti/db/hold_store.h"
#include "risiti/domain/conflict.h"
#include "risiti/domain/payment.h"

/* One held payment, over all the times its unit is tried. */
struct release {
    struct service *service;
    const struct hold_due *due;
    const char *end; /* what became of it */
};

static const struct payment_cause cause = {.evidence = "job"};

/* The money may be that of a push which was paid and waits for its receipt: for a person. */
static enum err release_dispute(struct release *release, struct payment *money,
                                const struct uuid *push_id)
{
    struct service *service = release->service;
    struct payment push;
    enum err err = payment_store_by_id(service->db, service->arena, push_id, PAYMENT_LOCK, &push);

    release->end = "disputed";
    return err == ERR_OK
               ? conflict_record(service, &cause, CONFLICT_RECEIPT_AWAITED, &push, money,
                                 "it may be the money of a push that is paid without a receipt")
               : err;
}

static enum err release_work(struct db *db, void *context)
{
    struct release *release = context;
    struct arena *arena = release->service->arena;
    struct payment money;
    struct uuid push_id;
    enum err err = payment_store_by_id(db, arena, &release->due->payment_id, PAYMENT_LOCK, &money);

    release->end = "over";
    if (err != ERR_OK)
        return err;
    if (!money.held || money.conflict || money.is_merged)
        return hold_store_delete(db, &money.id);
    err = hold_store_awaiting(db, arena, &money.id, &push_id);
    if (err == ERR_OK)
        return release_dispute(release, &money, &push_id);
    if (err != ERR_NOT_FOUND)
        return err;
    release->end = "released";
    err = hold_store_release(db, &money);
    if (err == ERR_OK)
        err = hold_store_delete(db, &money.id);
    return err == ERR_OK
               ? payment_event_add(release->service, &money, &cause, "released",
                                   release->due->is_settled ? STR("its pushes have settled")
                                                            : STR("its time is over"))
               : err;
}

enum err hold_release_due(struct service *service, const struct turn *turn, unsigned *ret_done)
{
    struct holds_due due;
    enum err err = hold_store_due(service->db, service->arena, turn->may_expire, turn->limit, &due);

    *ret_done = 0;
    for (size_t i = 0; err == ERR_OK && i < due.count; i++) {
        struct release release = {.service = service, .due = &due.items[i]};

        err =
            db_run_unit(service->db, &(struct db_unit){.work = release_work, .context = &release});
        log_write(err == ERR_OK ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "hold_ended",
                  LOG_FIELDS(LOG_UUID("payment", &due.items[i].payment_id),
                             LOG_TEXT("end", release.end), LOG_ERROR_NAME("result", err)));
        if (err == ERR_OK)
            (*ret_done)++;
    }
    return err;
}
