/*
 * The book of payments: see ledger.h. Payments hang in one list by age and in one hash table for
 * each way of finding them, all through links of their own.
 */
#include "risiti/base/base.h"

#include "risiti/sandbox/ledger.h"

#include "risiti/base/mem.h"
#include "risiti/sandbox/mix.h"

#define BUCKETS 65536
#define CHECKOUT_TRIES_MAX 1000
#define US_PER_MS 1000

struct ledger {
    struct ledger_payment *oldest, *newest;
    size_t count, count_max;
    struct ledger_payment **buckets[LEDGER_INDEX_COUNT];
};

struct ledger *ledger_new(size_t payments_max)
{
    struct ledger *ledger = mem_alloc(1, sizeof(*ledger));

    if (ledger == NULL)
        return NULL;
    ledger->count_max = payments_max;
    for (size_t i = 0; i < LEDGER_INDEX_COUNT; i++) {
        ledger->buckets[i] = mem_alloc(BUCKETS, sizeof(struct ledger_payment *));
        if (ledger->buckets[i] == NULL) {
            ledger_free(ledger);
            return NULL;
        }
    }
    return ledger;
}

void ledger_free(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    while (ledger->oldest != NULL) {
        struct ledger_payment *payment = ledger->oldest;

        ledger->oldest = payment->newer;
        mem_free(payment);
    }
    for (size_t i = 0; i < LEDGER_INDEX_COUNT; i++)
        mem_free(ledger->buckets[i]);
    mem_free(ledger);
}

static struct str payment_key(const struct ledger_payment *payment, enum ledger_index index)
{
    switch (index) {
    case LEDGER_BY_CHECKOUT:
        return str_from(payment->checkout_request_id);
    case LEDGER_BY_RECEIPT:
        return str_from(payment->receipt);
    default:
        return str_from(payment->phone.digits);
    }
}

static size_t bucket_of(struct str key)
{
    uint64_t hash = key.length;

    for (size_t i = 0; i < key.length; i++)
        hash = mix_bits(hash ^ (unsigned char)key.data[i]);
    return (size_t)(hash % BUCKETS);
}

static void index_add(struct ledger *ledger, struct ledger_payment *payment,
                      enum ledger_index index)
{
    struct ledger_payment **bucket =
        &ledger->buckets[index][bucket_of(payment_key(payment, index))];

    payment->chain[index] = *bucket;
    *bucket = payment;
    payment->indexed[index] = true;
}

static void index_remove(struct ledger *ledger, struct ledger_payment *payment,
                         enum ledger_index index)
{
    struct ledger_payment **link = &ledger->buckets[index][bucket_of(payment_key(payment, index))];

    if (!payment->indexed[index])
        return;
    while (*link != payment)
        link = &(*link)->chain[index];
    *link = payment->chain[index];
    payment->indexed[index] = false;
}

static void payment_drop(struct ledger *ledger, struct ledger_payment *payment)
{
    for (size_t i = 0; i < LEDGER_INDEX_COUNT; i++)
        index_remove(ledger, payment, (enum ledger_index)i);
    if (payment->older != NULL)
        payment->older->newer = payment->newer;
    else
        ledger->oldest = payment->newer;
    if (payment->newer != NULL)
        payment->newer->older = payment->older;
    else
        ledger->newest = payment->older;
    ledger->count--;
    mem_free(payment);
}

static enum err ledger_make_room(struct ledger *ledger)
{
    struct ledger_payment *payment = ledger->oldest;

    if (ledger->count < ledger->count_max)
        return ERR_OK;
    while (payment != NULL && payment->status == LEDGER_PENDING)
        payment = payment->newer;
    if (payment == NULL)
        return ERR_TOO_LARGE;
    payment_drop(ledger, payment);
    return ERR_OK;
}

enum err ledger_add(struct ledger *ledger, const struct ledger_payment *payment,
                    struct ledger_payment **ret_payment)
{
    struct ledger_payment *added;
    enum err err = ledger_make_room(ledger);

    if (err != ERR_OK)
        return err;
    added = mem_alloc(1, sizeof(*added));
    if (added == NULL)
        return ERR_NOMEM;
    *added = *payment;
    memset(added->indexed, 0, sizeof(added->indexed));
    added->newer = NULL;
    added->older = ledger->newest;
    if (ledger->newest != NULL)
        ledger->newest->newer = added;
    else
        ledger->oldest = added;
    ledger->newest = added;
    ledger->count++;

    if (added->checkout_request_id[0] != '\0')
        index_add(ledger, added, LEDGER_BY_CHECKOUT);
    if (added->receipt[0] != '\0')
        index_add(ledger, added, LEDGER_BY_RECEIPT);
    if (added->kind == LEDGER_STK && added->status == LEDGER_PENDING)
        index_add(ledger, added, LEDGER_BY_PROMPT);
    *ret_payment = added;
    return ERR_OK;
}

struct ledger_payment *ledger_find(const struct ledger *ledger, enum ledger_index index,
                                   struct str key)
{
    struct ledger_payment *payment = ledger->buckets[index][bucket_of(key)];

    while (payment != NULL && !str_equal(payment_key(payment, index), key))
        payment = payment->chain[index];
    return payment;
}

void ledger_settle(struct ledger *ledger, struct ledger_payment *payment, enum ledger_status status,
                   const char *receipt)
{
    bool copied;

    ASSERT(payment->status == LEDGER_PENDING && status != LEDGER_PENDING);
    ASSERT((status == LEDGER_SUCCESS) == (receipt != NULL));
    index_remove(ledger, payment, LEDGER_BY_PROMPT);
    payment->status = status;
    if (receipt == NULL)
        return;
    copied = str_copy(str_from(receipt), payment->receipt, sizeof(payment->receipt));
    ASSERT(copied);
    index_add(ledger, payment, LEDGER_BY_RECEIPT);
}

const struct ledger_payment *ledger_oldest(const struct ledger *ledger)
{
    return ledger->oldest;
}

void ledger_new_receipt(struct ledger *ledger, struct ids *ids, int64_t now_us,
                        char ret_receipt[IDS_RECEIPT_SIZE])
{
    /* Only an injected receipt can be in the way, and each step passes one. */
    do
        ids_receipt(ids, now_us, ret_receipt);
    while (ledger_find(ledger, LEDGER_BY_RECEIPT, str_from(ret_receipt)) != NULL);
}

enum err ledger_new_checkout(struct ledger *ledger, int64_t now_us, const struct phone *phone,
                             char ret_id[IDS_CHECKOUT_SIZE])
{
    for (int64_t i = 0; i < CHECKOUT_TRIES_MAX; i++) {
        char id[IDS_CHECKOUT_SIZE];
        enum err err = ids_checkout(now_us + i * US_PER_MS, phone, id);

        if (err != ERR_OK)
            return err;
        if (ledger_find(ledger, LEDGER_BY_CHECKOUT, str_from(id)) != NULL)
            continue;
        memcpy(ret_id, id, IDS_CHECKOUT_SIZE);
        return ERR_OK;
    }
    return ERR_INTERNAL;
}

const char *ledger_status_name(enum ledger_status status)
{
    static const char *const names[] = {[LEDGER_PENDING] = "PENDING",
                                        [LEDGER_SUCCESS] = "SUCCESS",
                                        [LEDGER_FAILED] = "FAILED",
                                        [LEDGER_REVERSED] = "REVERSED"};

    return names[status];
}
