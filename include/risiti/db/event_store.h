/* Rows of `payment_event`: append-only, one for every change of a payment. */
#ifndef RISITI_DB_EVENT_STORE_H
#define RISITI_DB_EVENT_STORE_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/db/db.h"

#define EVENT_DETAIL_BYTES_MAX 1024

struct payment_event {
    struct uuid payment_id;
    unsigned sequence; /* the payment's version after the change */
    int64_t at_us;
    struct str event;            /* "created", "paid", "claimed", … */
    struct str evidence;         /* "api", "stk_callback", "c2b_confirmation", … */
    const struct uuid *app_id;   /* who did it, or NULL */
    const struct uuid *inbox_id; /* the journal row that it came from, or NULL */
    struct str request_id;
    struct str detail; /* for people; data NULL for none */
    struct str source; /* read only: the address that the journal row came from */
};

RISITI_CHECKED enum err event_store_insert(struct db *db, const struct payment_event *event);

struct payment_events {
    struct payment_event *items; /* oldest first */
    size_t count;
};

RISITI_CHECKED enum err event_store_list(struct db *db, struct arena *arena,
                                         const struct uuid *payment_id, size_t rows_max,
                                         struct payment_events *ret_events);

#endif
