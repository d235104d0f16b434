/* The history of payments, checked: see history.h. */
#include "risiti/base/base.h"

#include "risiti/domain/history.h"

#include "risiti/db/claim_store.h"

#define PAGE_ROWS 500
/* How often a payment that is being changed is read again. */
#define READ_TRIES_MAX 5

/* What an event does to a flag. */
enum flag { KEEP, SET, CLEAR };

/* What each event makes of a payment. The one place that says what the words mean. */
static const struct history_step {
    const char *event;
    bool is_first;    /* the payment begins with it, */
    bool is_intake;   /* as money that is ADMIN_SHOP's */
    bool moves_owner; /* to the app that the event names */
    bool has_status;
    enum payment_status status; /* unless the present one may not become it */
    enum flag claimed, held, conflict, reversed, merged;
} steps[] = {
    {.event = "created", .is_first = true, .moves_owner = true},
    {.event = "received", .is_first = true, .is_intake = true},
    {.event = "received_held", .is_first = true, .is_intake = true, .held = SET},
    {.event = "received_disputed",
     .is_first = true,
     .is_intake = true,
     .held = SET,
     .conflict = SET},
    {.event = "accepted"},
    {.event = "answer_lost"},
    {.event = "refused", .has_status = true, .status = PAYMENT_STATUS_FAILED},
    {.event = "not_sent", .has_status = true, .status = PAYMENT_STATUS_FAILED},
    {.event = "paid", .has_status = true, .status = PAYMENT_STATUS_SUCCESS},
    {.event = "failed", .has_status = true, .status = PAYMENT_STATUS_FAILED},
    {.event = "receipt_completed"},
    {.event = "checkout_known"},
    {.event = "result_unlisted"},
    {.event = "unknown"},
    {.event = "proof_ended"},
    {.event = "claimed", .moves_owner = true, .claimed = SET},
    {.event = "merged", .held = CLEAR, .merged = SET},
    {.event = "push_joined"},
    {.event = "money_held"},
    {.event = "released", .held = CLEAR},
    {.event = "disputed", .held = SET, .conflict = SET},
    {.event = "conflict", .conflict = SET},
    {.event = "conflict_decided"},
    {.event = "conflict_resolved", .held = CLEAR, .conflict = CLEAR},
    {.event = "moved", .moves_owner = true, .held = CLEAR, .conflict = CLEAR},
};

static const struct history_step *step_find(struct str event)
{
    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
        if (str_equal(event, str_from(steps[i].event)))
            return &steps[i];
    return NULL;
}

static void flag_apply(bool *flag, enum flag change)
{
    if (change != KEEP)
        *flag = change == SET;
}

static void step_apply(const struct history_step *step, const struct payment_event *event,
                       struct history_state *state)
{
    if (step->is_first)
        state->status = step->is_intake ? PAYMENT_STATUS_SUCCESS : PAYMENT_STATUS_PENDING;
    if (step->is_intake)
        state->app_id = admin_shop_id;
    if (step->has_status && payment_may_become(state->status, step->status))
        state->status = step->status;
    if (step->moves_owner && event->app_id != NULL)
        state->app_id = *event->app_id;
    flag_apply(&state->claimed, step->claimed);
    flag_apply(&state->held, step->held);
    flag_apply(&state->conflict, step->conflict);
    flag_apply(&state->reversed, step->reversed);
    flag_apply(&state->is_merged, step->merged);
    state->version = event->sequence;
}

const char *history_replay(const struct payment_events *events, struct history_state *ret_state)
{
    *ret_state = (struct history_state){.version = 0};
    for (size_t i = 0; i < events->count; i++) {
        const struct payment_event *event = &events->items[i];
        const struct history_step *step = step_find(event->event);

        if (step == NULL)
            return "an event that is not known";
        if (step->is_first != (i == 0))
            return i == 0 ? "the story does not begin with the payment"
                          : "the payment begins a second time";
        if (event->sequence != i + 1)
            return "the events' numbers have a gap";
        if (step->moves_owner && event->app_id == NULL)
            return "an owner is missing";
        if (step->claimed == SET && ret_state->claimed)
            return "it was claimed twice";
        if (step->merged == SET && ret_state->claimed)
            return "it was merged after its claim";
        if (ret_state->is_merged)
            return "something happened to it after its end";
        step_apply(step, event, ret_state);
    }
    return events->count > 0 ? NULL : "it has no events";
}

/* What of the row does not follow from the story; NULL when all does. */
static const char *row_compare(const struct payment *row, const struct history_state *state)
{
    if (row->version != state->version)
        return "the row's version is not its last event's number";
    if (row->status != state->status)
        return "the status does not follow from the events";
    if (row->claimed != state->claimed)
        return "claimed does not follow from the events";
    if (row->held != state->held)
        return "held does not follow from the events";
    if (row->conflict != state->conflict)
        return "conflict does not follow from the events";
    if (row->reversed != state->reversed)
        return "reversed does not follow from the events";
    if (row->is_merged != state->is_merged)
        return "merged does not follow from the events";
    if (!uuid_equal(&row->app_id, &state->app_id))
        return "the owner does not follow from the events";
    return NULL;
}

/* The row's claim says the same as the row. */
static enum err claim_compare(struct service *service, const struct payment *row,
                              const char **ret_what)
{
    bool agrees;
    enum err err = claim_store_agrees(service->db, service->arena, row, &agrees);

    if (err == ERR_OK && !agrees)
        *ret_what = "its claim says something else than the row";
    return err;
}

static enum err payment_check(struct service *service, struct history_check *check,
                              const struct uuid *id)
{
    struct history_state state;
    struct payment_events events;
    struct payment row;
    const char *what = NULL;
    enum err err = ERR_OK;

    for (int i = 0; err == ERR_OK && i < READ_TRIES_MAX; i++) {
        what = NULL;
        err = payment_store_by_id(service->db, service->arena, id, PAYMENT_READ, &row);
        if (err == ERR_OK)
            err = event_store_list(service->db, service->arena, id, PAYMENT_EVENTS_MAX, &events);
        if (err != ERR_OK)
            break;
        what = history_replay(&events, &state);
        if (what == NULL)
            what = row_compare(&row, &state);
        if (what == NULL)
            err = claim_compare(service, &row, &what);
        if (what == NULL)
            break;
    }
    if (err != ERR_OK)
        return err;
    check->payments++;
    check->events += events.count;
    if (what != NULL) {
        check->differences++;
        check->report(check->context, &(struct history_finding){.payment_id = *id, .what = what});
    }
    return ERR_OK;
}

enum err history_check_all(struct service *service, struct history_check *check)
{
    struct uuid ids[PAGE_ROWS], last = {{0}};
    size_t count = PAGE_ROWS;
    enum err err = ERR_OK;

    check->payments = check->events = check->differences = 0;
    while (err == ERR_OK && count == PAGE_ROWS) {
        arena_reset(service->arena);
        err = payment_store_ids(service->db, service->arena, &last, PAGE_ROWS, ids, &count);
        for (size_t i = 0; err == ERR_OK && i < count; i++) {
            arena_reset(service->arena);
            err = payment_check(service, check, &ids[i]);
        }
        if (err == ERR_OK && count > 0)
            last = ids[count - 1];
    }
    return err;
}
