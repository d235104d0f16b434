/* Contradictions: recording them, and finding them again. See conflict.h. */
#include "risiti/base/base.h"

#include "risiti/domain/conflict.h"

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/db/hold_store.h"

/* The push is marked, with an event, unless it was before. */
static enum err push_mark(struct service *service, const struct payment_cause *cause,
                          struct payment *push, struct str note)
{
    const struct payment_result mark = {.status = push->status, .conflict = true};
    enum err err;

    if (push->conflict)
        return ERR_OK;
    err = payment_store_apply(service->db, push, &mark);
    if (err == ERR_OK)
        err = payment_event_add(service, push, cause, "conflict", note);
    if (err != ERR_OK)
        return err;
    push->version++;
    push->conflict = true;
    return ERR_OK;
}

/*
 * Money that nobody owns yet is kept for a person. What was used cannot be kept any more, and what
 * is an app's already is not taken from it.
 */
static enum err money_hold(struct service *service, const struct payment_cause *cause,
                           struct payment *money, struct str note)
{
    enum err err;

    if (money->claimed || money->is_merged || !uuid_equal(&money->app_id, &admin_shop_id) ||
        (money->held && money->conflict))
        return ERR_OK;
    err = hold_store_dispute(service->db, money);
    if (err == ERR_OK)
        err = hold_store_delete(service->db, &money->id);
    if (err == ERR_OK)
        err = payment_event_add(service, money, cause, "disputed", note);
    if (err != ERR_OK)
        return err;
    money->version++;
    money->held = money->conflict = true;
    return ERR_OK;
}

enum err conflict_record(struct service *service, const struct payment_cause *cause,
                         enum conflict_kind kind, struct payment *push, struct payment *money,
                         const char *note)
{
    struct conflict conflict = {.push_id = push->id,
                                .has_payment = money != NULL,
                                .kind = kind,
                                .note = str_from(note),
                                .created_at_us = clock_now_us()};
    struct conflict known;
    enum err err;

    if (money != NULL)
        conflict.payment_id = money->id;
    err = conflict_store_between(service->db, service->arena, &push->id,
                                 money != NULL ? &money->id : NULL, &known);
    if (err != ERR_NOT_FOUND)
        return err;
    err = uuid_new(&conflict.id);
    if (err == ERR_OK && money != NULL)
        err = money_hold(service, cause, money, conflict.note);
    if (err == ERR_OK)
        err = push_mark(service, cause, push, conflict.note);
    return err == ERR_OK ? conflict_store_insert(service->db, &conflict) : err;
}

enum err conflict_is_open(struct service *service, const struct payment *push,
                          const struct payment *money, bool *ret_is_open)
{
    struct conflict conflict;
    enum err err =
        conflict_store_between(service->db, service->arena, &push->id, &money->id, &conflict);

    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    *ret_is_open = err == ERR_OK && conflict.resolved_at_us == 0;
    return ERR_OK;
}

enum err conflict_prove(struct service *service, const struct payment_cause *cause,
                        struct payment *push, const struct payment *money)
{
    struct conflict conflict;
    unsigned others;
    enum err err =
        conflict_store_between(service->db, service->arena, &push->id, &money->id, &conflict);

    if (err == ERR_OK)
        err = conflict_store_resolve(service->db, &conflict.id, CONFLICT_PROVEN, STR("risiti"),
                                     clock_now_us());
    if (err == ERR_OK)
        err = conflict_store_count_open(service->db, service->arena, &push->id, &others);
    if (err != ERR_OK || others > 0)
        return err;
    err = conflict_store_clear(service->db, push, /* stays= */ false, NULL, STR_EMPTY);
    if (err == ERR_OK)
        err = payment_event_add(service, push, cause, "conflict_resolved",
                                STR("proven by its result"));
    if (err != ERR_OK)
        return err;
    push->version++;
    push->conflict = false;
    return ERR_OK;
}

enum err conflict_list(struct service *service, bool open_only, size_t limit,
                       struct conflicts *ret_conflicts)
{
    return conflict_store_list(service->db, service->arena, open_only, limit, ret_conflicts);
}

enum err conflict_show(struct service *service, const struct uuid *id,
                       struct conflict_case *ret_case)
{
    struct conflict_case found;
    enum err err = conflict_store_by_id(service->db, service->arena, id, &found.conflict);

    if (err == ERR_OK)
        err = payment_store_by_id(service->db, service->arena, &found.conflict.push_id,
                                  PAYMENT_READ, &found.push);
    if (err == ERR_OK && found.conflict.has_payment)
        err = payment_store_by_id(service->db, service->arena, &found.conflict.payment_id,
                                  PAYMENT_READ, &found.money);
    if (err == ERR_OK)
        *ret_case = found;
    return err;
}
