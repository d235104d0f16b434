/* One open prompt a phone: see push_lock.h. */
#include "risiti/base/base.h"

#include "risiti/domain/push_lock.h"

#include "risiti/base/clock.h"
#include "risiti/db/push_store.h"

/* Whole seconds until a mark of this age is `for_s` old; 0 when it is. */
static unsigned wait_s(const struct push_mark *mark, unsigned for_s)
{
    int64_t left_us = (int64_t)for_s * CLOCK_US_PER_SECOND - mark->age_us;

    return left_us > 0 ? (unsigned)((left_us + CLOCK_US_PER_SECOND - 1) / CLOCK_US_PER_SECOND) : 0;
}

static enum err refuse(const struct push_mark *mark, unsigned for_s, enum err why,
                       struct push_refusal *ret_refusal)
{
    *ret_refusal =
        (struct push_refusal){.payment_id = mark->payment_id, .wait_s = wait_s(mark, for_s)};
    return why;
}

enum err push_lock_take(struct service *service, const struct payment *push,
                        struct push_refusal *ret_refusal)
{
    const struct push_key key = {
        .short_code = push->short_code, .phone = push->phone, .amount = push->amount};
    struct push_mark last, same;
    bool has_last;
    enum err err = push_store_lock_read(service->db, service->arena, &key, &last);

    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    has_last = err == ERR_OK;
    if (has_last && last.is_open && wait_s(&last, PUSH_OPEN_S_MAX) > 0)
        return refuse(&last, PUSH_OPEN_S_MAX, ERR_PUSH_OPEN, ret_refusal);
    err = push_store_recent_read(service->db, service->arena, &key, &same);
    if (err == ERR_OK && wait_s(&same, PUSH_REPEAT_S) > 0)
        return refuse(&same, PUSH_REPEAT_S, ERR_PUSH_REPEATED, ret_refusal);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    return push_store_lock_take(service->db, &key, has_last ? &last : NULL, &push->id);
}

enum err push_lock_end(struct service *service, const struct payment *push)
{
    return push->type == PAYMENT_TYPE_STK ? push_store_lock_free(service->db, &push->id) : ERR_OK;
}

enum err push_lock_undo(struct service *service, const struct payment *push)
{
    enum err err = push_lock_end(service, push);

    return err == ERR_OK ? push_store_forget(service->db, &push->id) : err;
}
