/* Rows of `payment`: see payment_store.h. */
#include "risiti/base/base.h"

#include "risiti/db/payment_store.h"

#include "risiti/base/clock.h"

static const struct str type_names[] = {STR_INIT("STK"), STR_INIT("C2B")};
static const struct str status_names[] = {STR_INIT("PENDING"), STR_INIT("SUCCESS"),
                                          STR_INIT("FAILED")};

struct str payment_type_name(enum payment_type type)
{
    return type_names[type];
}

struct str payment_status_name(enum payment_status status)
{
    return status_names[status];
}

static enum err name_parse(struct str text, const struct str *names, size_t count,
                           size_t *ret_index)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(text, names[i])) {
            *ret_index = i;
            return ERR_OK;
        }
    return ERR_INVALID;
}

enum err payment_type_parse(struct str text, enum payment_type *ret_type)
{
    size_t index;
    enum err err = name_parse(text, type_names, ARRAY_LENGTH(type_names), &index);

    if (err == ERR_OK)
        *ret_type = (enum payment_type)index;
    return err;
}

enum err payment_status_parse(struct str text, enum payment_status *ret_status)
{
    size_t index;
    enum err err = name_parse(text, status_names, ARRAY_LENGTH(status_names), &index);

    if (err == ERR_OK)
        *ret_status = (enum payment_status)index;
    return err;
}

/* The columns in the order in which payment_read takes them. */
#define COLUMNS \
    "id, app_id, external_reference, phone_number, amount, mpesa_receipt_number, " \
    "checkout_request_id, payment_type, status, claimed, claimed_at, created_at, short_code, " \
    "account_reference, merchant_request_id, result_code, result_description, paid_at, held, " \
    "reversed, conflict, merged_into, version, open_reference IS NOT NULL, " \
    "unknown_at IS NOT NULL, callback_token_hash IS NOT NULL"
#define SELECT_PAYMENT "SELECT " COLUMNS " FROM payment "
#define CLAIMABLE \
    "status = 'SUCCESS' AND claimed = 0 AND held = 0 AND reversed = 0 AND merged_into IS NULL"

enum column {
    COLUMN_ID,
    COLUMN_APP_ID,
    COLUMN_EXTERNAL_REFERENCE,
    COLUMN_PHONE,
    COLUMN_AMOUNT,
    COLUMN_RECEIPT,
    COLUMN_CHECKOUT_REQUEST_ID,
    COLUMN_TYPE,
    COLUMN_STATUS,
    COLUMN_CLAIMED,
    COLUMN_CLAIMED_AT,
    COLUMN_CREATED_AT,
    COLUMN_SHORT_CODE,
    COLUMN_ACCOUNT_REFERENCE,
    COLUMN_MERCHANT_REQUEST_ID,
    COLUMN_RESULT_CODE,
    COLUMN_RESULT_DESCRIPTION,
    COLUMN_PAID_AT,
    COLUMN_HELD,
    COLUMN_REVERSED,
    COLUMN_CONFLICT,
    COLUMN_MERGED_INTO,
    COLUMN_VERSION,
    COLUMN_IS_UNSETTLED,
    COLUMN_IS_UNKNOWN,
    COLUMN_HAS_TOKEN,
};

static enum err payment_read(const struct db_rows *rows, size_t row, struct payment *ret_payment)
{
    struct payment payment = {
        .id = db_uuid(rows, row, COLUMN_ID),
        .app_id = db_uuid(rows, row, COLUMN_APP_ID),
        .external_reference = db_text(rows, row, COLUMN_EXTERNAL_REFERENCE),
        .phone = db_text(rows, row, COLUMN_PHONE),
        .amount = db_money(rows, row, COLUMN_AMOUNT),
        .receipt = db_text(rows, row, COLUMN_RECEIPT),
        .checkout_request_id = db_text(rows, row, COLUMN_CHECKOUT_REQUEST_ID),
        .claimed = db_int(rows, row, COLUMN_CLAIMED) != 0,
        .claimed_at_us = db_time(rows, row, COLUMN_CLAIMED_AT),
        .created_at_us = db_time(rows, row, COLUMN_CREATED_AT),
        .short_code = db_text(rows, row, COLUMN_SHORT_CODE),
        .account_reference = db_text(rows, row, COLUMN_ACCOUNT_REFERENCE),
        .merchant_request_id = db_text(rows, row, COLUMN_MERCHANT_REQUEST_ID),
        .result_code = db_text(rows, row, COLUMN_RESULT_CODE),
        .result_description = db_text(rows, row, COLUMN_RESULT_DESCRIPTION),
        .paid_at_us = db_time(rows, row, COLUMN_PAID_AT),
        .held = db_int(rows, row, COLUMN_HELD) != 0,
        .reversed = db_int(rows, row, COLUMN_REVERSED) != 0,
        .conflict = db_int(rows, row, COLUMN_CONFLICT) != 0,
        .is_merged = !db_is_null(rows, row, COLUMN_MERGED_INTO),
        .merged_into = db_uuid(rows, row, COLUMN_MERGED_INTO),
        .version = (unsigned)db_int(rows, row, COLUMN_VERSION),
        .is_unsettled = db_int(rows, row, COLUMN_IS_UNSETTLED) != 0,
        .is_unknown = db_int(rows, row, COLUMN_IS_UNKNOWN) != 0,
        .has_token = db_int(rows, row, COLUMN_HAS_TOKEN) != 0,
    };

    if (payment_type_parse(db_text(rows, row, COLUMN_TYPE), &payment.type) != ERR_OK ||
        payment_status_parse(db_text(rows, row, COLUMN_STATUS), &payment.status) != ERR_OK)
        return ERR_DB_QUERY;
    *ret_payment = payment;
    return ERR_OK;
}

/* The one row of a look-up by a unique key. */
static enum err payment_find(struct db *db, struct arena *arena,
                             const struct db_statement *statement, struct db_value key,
                             struct payment *ret_payment)
{
    const struct db_rows *rows;
    enum err err = db_query(db, statement, &key, 1, arena, 1, &rows);

    if (err != ERR_OK)
        return err;
    if (db_row_count(rows) == 0)
        return ERR_NOT_FOUND;
    return payment_read(rows, 0, ret_payment);
}

enum err payment_store_by_id(struct db *db, struct arena *arena, const struct uuid *id,
                             enum payment_lock lock, struct payment *ret_payment)
{
    static const struct db_statement statements[] = {
        {"payment_by_id", SELECT_PAYMENT "WHERE id = ?"},
        {"payment_by_id_lock", SELECT_PAYMENT "WHERE id = ? FOR UPDATE"},
    };

    ASSERT(lock == PAYMENT_READ || db_in_unit(db));
    return payment_find(db, arena, &statements[lock], (struct db_value)DB_UUID(id), ret_payment);
}

enum err payment_store_by_receipt(struct db *db, struct arena *arena, struct str receipt,
                                  enum payment_lock lock, struct payment *ret_payment)
{
    static const struct db_statement statements[] = {
        {"payment_by_receipt", SELECT_PAYMENT "WHERE mpesa_receipt_number = ?"},
        {"payment_by_receipt_lock", SELECT_PAYMENT "WHERE mpesa_receipt_number = ? FOR UPDATE"},
    };

    ASSERT(lock == PAYMENT_READ || db_in_unit(db));
    return payment_find(db, arena, &statements[lock], (struct db_value)DB_TEXT(receipt),
                        ret_payment);
}

enum err payment_store_by_checkout(struct db *db, struct arena *arena,
                                   struct str checkout_request_id, struct payment *ret_payment)
{
    static const struct db_statement statement = {"payment_by_checkout",
                                                  SELECT_PAYMENT "WHERE checkout_request_id = ?"};

    return payment_find(db, arena, &statement, (struct db_value)DB_TEXT(checkout_request_id),
                        ret_payment);
}

enum err payment_store_by_token(struct db *db, struct arena *arena, const struct sha256 *token_hash,
                                struct payment *ret_payment)
{
    static const struct db_statement statement = {"payment_by_token",
                                                  SELECT_PAYMENT "WHERE callback_token_hash = ?"};

    return payment_find(db, arena, &statement, (struct db_value)DB_HASH(token_hash), ret_payment);
}

static enum err payments_read(struct arena *arena, const struct db_rows *rows,
                              struct payments *ret_payments)
{
    struct payments payments = {.count = db_row_count(rows)};

    payments.items = arena_alloc(arena, payments.count, sizeof(*payments.items));
    if (payments.items == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < payments.count; i++) {
        enum err err = payment_read(rows, i, &payments.items[i]);

        if (err != ERR_OK)
            return err;
    }
    *ret_payments = payments;
    return ERR_OK;
}

enum err payment_store_unsettled(struct db *db, struct arena *arena, struct str short_code,
                                 struct str open_reference, struct payment *ret_payment)
{
    static const struct db_statement statement = {"payment_unsettled", SELECT_PAYMENT
                                                  "WHERE short_code = ? AND open_reference = ?"};
    const struct db_rows *rows;
    enum err err = db_query(db, &statement, DB_VALUES(DB_TEXT(short_code), DB_TEXT(open_reference)),
                            arena, 1, &rows);

    if (err != ERR_OK)
        return err;
    return db_row_count(rows) > 0 ? payment_read(rows, 0, ret_payment) : ERR_NOT_FOUND;
}

enum err payment_store_unsettled_list(struct db *db, struct arena *arena, struct str short_code,
                                      struct money amount, size_t rows_max,
                                      struct payments *ret_payments)
{
    static const struct db_statement statement = {
        "payment_unsettled_list",
        SELECT_PAYMENT "WHERE short_code = ? AND amount = ? AND open_reference IS NOT NULL "
                       "ORDER BY id DESC LIMIT ?"};
    const struct db_rows *rows;
    enum err err =
        db_query(db, &statement, DB_VALUES(DB_TEXT(short_code), DB_MONEY(amount), DB_INT(rows_max)),
                 arena, rows_max, &rows);

    return err != ERR_OK ? err : payments_read(arena, rows, ret_payments);
}

enum err payment_store_by_reference(struct db *db, struct arena *arena, const struct uuid *app_id,
                                    struct str reference, bool claimable_only, size_t rows_max,
                                    struct payments *ret_payments)
{
    static const struct db_statement statements[] = {
        {"payment_by_reference",
         SELECT_PAYMENT "WHERE app_id = ? AND external_reference = ? AND merged_into IS NULL "
                        "ORDER BY id DESC LIMIT ?"},
        {"payment_by_reference_claimable", SELECT_PAYMENT
         "WHERE app_id = ? AND external_reference = ? AND " CLAIMABLE " ORDER BY id DESC LIMIT ?"},
    };
    const struct db_rows *rows;
    enum err err = db_query(db, &statements[claimable_only],
                            DB_VALUES(DB_UUID(app_id), DB_TEXT(reference), DB_INT(rows_max)), arena,
                            rows_max, &rows);

    return err != ERR_OK ? err : payments_read(arena, rows, ret_payments);
}

/* The time in a row's id and its created_at are less than this apart. */
#define CLOCK_SLACK_US CLOCK_US_PER_SECOND

/* An id that sorts before every id made at or after the instant: the time is an id's first part. */
static struct uuid uuid_floor(int64_t instant_us)
{
    uint64_t ms = (uint64_t)(instant_us > 0 ? instant_us / 1000 : 0);
    struct uuid id = {{0}};

    for (size_t i = 0; i < 6; i++)
        id.bytes[i] = (unsigned char)(ms >> (40 - 8 * i));
    return id;
}

/* The newer end of a list: what the cursor or the upper bound in time leaves. */
static struct uuid list_below(const struct payment_filter *filter)
{
    static const struct uuid last = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    struct uuid below = filter->to_us > 0 ? uuid_floor(filter->to_us + CLOCK_SLACK_US) : last;

    if (!uuid_is_zero(&filter->before) && memcmp(filter->before.bytes, below.bytes, UUID_BYTES) < 0)
        below = filter->before;
    return below;
}

/* The end of the year 9999. */
#define LATEST_US (INT64_C(253402300799) * CLOCK_US_PER_SECOND)

#define LIST_WINDOW \
    "id < ? AND id >= ? AND created_at >= ? AND created_at < ? AND merged_into IS NULL " \
    "AND (? IS NULL OR status = ?) AND (? IS NULL OR payment_type = ?) " \
    "AND (? IS NULL OR claimed = ?) ORDER BY id DESC LIMIT ?"

/*
 * The statement by what its second value is. Each names its index: left alone the server looks the
 * app up in it and reads down from the newest row, however far below the window begins.
 */
static const struct db_statement *list_statement(const struct payment_filter *filter,
                                                 struct str *ret_value)
{
    static const struct db_statement everything = {
        "payment_list_all",
        SELECT_PAYMENT "FORCE INDEX (PRIMARY) WHERE ? IS NULL AND "
                       "COALESCE(?, external_reference, '') = COALESCE(external_reference, '') "
                       "AND " LIST_WINDOW};
    static const struct db_statement by_app = {"payment_list_app", SELECT_PAYMENT
                                               "FORCE INDEX (payment_app) "
                                               "WHERE app_id = ? AND ? IS NULL AND " LIST_WINDOW};
    static const struct db_statement by_status = {
        "payment_list_status", SELECT_PAYMENT "FORCE INDEX (payment_app_status) "
                                              "WHERE app_id = ? AND status = ? AND " LIST_WINDOW};
    static const struct db_statement by_reference = {
        "payment_list_reference",
        SELECT_PAYMENT "FORCE INDEX (payment_app_reference) "
                       "WHERE app_id = ? AND external_reference = ? AND " LIST_WINDOW};

    *ret_value = filter->reference;
    if (filter->app_id == NULL)
        return &everything;
    if (filter->reference.data != NULL)
        return &by_reference;
    if (!filter->has_status)
        return &by_app;
    *ret_value = payment_status_name(filter->status);
    return &by_status;
}

enum err payment_store_list(struct db *db, struct arena *arena, const struct payment_filter *filter,
                            size_t rows_max, struct payments *ret_payments)
{
    struct str value;
    const struct db_statement *statement = list_statement(filter, &value);
    struct str status = filter->has_status ? payment_status_name(filter->status) : STR_EMPTY;
    struct str type = filter->has_type ? payment_type_name(filter->type) : STR_EMPTY;
    struct db_value claimed = {.kind = filter->has_claimed ? DB_KIND_INT : DB_KIND_NULL,
                               .integer = filter->claimed};
    struct uuid floor = uuid_floor(filter->from_us - CLOCK_SLACK_US);
    struct uuid below = list_below(filter);
    const struct db_rows *rows;
    enum err err = db_query(db, statement,
                            DB_VALUES(DB_UUID(filter->app_id), DB_TEXT(value), DB_UUID(&below),
                                      DB_UUID(&floor), DB_TIME(filter->from_us),
                                      DB_TIME(filter->to_us > 0 ? filter->to_us : LATEST_US),
                                      DB_TEXT(status), DB_TEXT(status), DB_TEXT(type),
                                      DB_TEXT(type), claimed, claimed, DB_INT(rows_max)),
                            arena, rows_max, &rows);

    return err != ERR_OK ? err : payments_read(arena, rows, ret_payments);
}

enum err payment_store_ids(struct db *db, struct arena *arena, const struct uuid *after,
                           size_t rows_max, struct uuid *ret_ids, size_t *ret_count)
{
    static const struct db_statement statement = {
        "payment_ids", "SELECT id FROM payment WHERE id > ? ORDER BY id LIMIT ?"};
    const struct db_rows *rows;
    enum err err = db_query(db, &statement, DB_VALUES(DB_UUID(after), DB_INT(rows_max)), arena,
                            rows_max, &rows);

    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < db_row_count(rows); i++)
        ret_ids[i] = db_uuid(rows, i, 0);
    *ret_count = db_row_count(rows);
    return ERR_OK;
}

enum err payment_store_insert(struct db *db, const struct payment_insert *insert)
{
    static const struct db_statement statement = {
        "payment_insert",
        "INSERT INTO payment (id, app_id, external_reference, phone_number, amount, "
        "mpesa_receipt_number, checkout_request_id, payment_type, status, raw_callback, "
        "created_at, short_code, account_reference, open_reference, description, payer_name, "
        "paid_at, callback_token_hash, result_code, held, held_until, conflict, "
        "next_check_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "UTC_TIMESTAMP(6) + INTERVAL ? SECOND)"};
    const struct payment *payment = insert->payment;
    struct db_value paid_at = {.kind = payment->paid_at_us != 0 ? DB_KIND_TIME : DB_KIND_NULL,
                               .integer = payment->paid_at_us};
    struct db_value held_until = {.kind = insert->held_until_us != 0 ? DB_KIND_TIME : DB_KIND_NULL,
                                  .integer = insert->held_until_us};
    struct db_value first_check = {.kind = insert->first_check_s != 0 ? DB_KIND_INT : DB_KIND_NULL,
                                   .integer = insert->first_check_s};
    struct str hash = STR_EMPTY;

    ASSERT(db_in_unit(db));
    ASSERT(payment->amount.cents > 0);
    if (insert->token_hash != NULL)
        hash = db_hash_bytes(insert->token_hash);
    return db_execute(
        db, &statement,
        DB_VALUES(DB_UUID(&payment->id), DB_UUID(&payment->app_id),
                  DB_TEXT(payment->external_reference), DB_TEXT(payment->phone),
                  DB_MONEY(payment->amount), DB_TEXT(payment->receipt),
                  DB_TEXT(payment->checkout_request_id), DB_TEXT(payment_type_name(payment->type)),
                  DB_TEXT(payment_status_name(payment->status)), DB_BYTES(insert->raw_callback),
                  DB_TIME(payment->created_at_us), DB_TEXT(payment->short_code),
                  DB_TEXT(payment->account_reference), DB_TEXT(insert->open_reference),
                  DB_TEXT(insert->description), DB_TEXT(insert->payer_name), paid_at,
                  DB_BYTES(hash), DB_TEXT(payment->result_code), DB_INT(payment->held), held_until,
                  DB_INT(payment->conflict), first_check),
        NULL);
}

/* A conditional update that must change exactly one row; anything else means: read again. */
static enum err execute_one(struct db *db, const struct db_statement *statement,
                            const struct db_value *values, size_t value_count)
{
    uint64_t affected;
    enum err err = db_execute(db, statement, values, value_count, &affected);

    if (err == ERR_OK && affected != 1)
        return ERR_DB_CONFLICT;
    return err;
}

enum err payment_store_apply(struct db *db, const struct payment *payment,
                             const struct payment_result *result)
{
    static const struct db_statement statement = {
        "payment_apply",
        "UPDATE payment SET status = ?, external_reference = COALESCE(?, external_reference), "
        "mpesa_receipt_number = COALESCE(?, mpesa_receipt_number), "
        "checkout_request_id = COALESCE(?, checkout_request_id), "
        "merchant_request_id = COALESCE(?, merchant_request_id), "
        "result_code = COALESCE(?, result_code), "
        "result_description = COALESCE(?, result_description), "
        "raw_callback = COALESCE(?, raw_callback), phone_number = COALESCE(?, phone_number), "
        "paid_at = COALESCE(?, paid_at), open_reference = IF(?, NULL, open_reference), "
        "conflict = conflict OR ?, next_check_at = IF(? = 'PENDING', next_check_at, NULL), "
        "version = version + 1 "
        "WHERE id = ? AND version = ? AND merged_into IS NULL "
        "AND (status <> 'SUCCESS' OR ? = 'SUCCESS')"};
    struct str status = payment_status_name(result->status);
    struct db_value paid_at = {.kind = result->paid_at_us != 0 ? DB_KIND_TIME : DB_KIND_NULL,
                               .integer = result->paid_at_us};

    ASSERT(db_in_unit(db));
    return execute_one(db, &statement,
                       DB_VALUES(DB_TEXT(status), DB_TEXT(result->external_reference),
                                 DB_TEXT(result->receipt), DB_TEXT(result->checkout_request_id),
                                 DB_TEXT(result->merchant_request_id), DB_TEXT(result->result_code),
                                 DB_TEXT(result->result_description),
                                 DB_BYTES(result->raw_callback), DB_TEXT(result->phone), paid_at,
                                 DB_INT(result->settled), DB_INT(result->conflict), DB_TEXT(status),
                                 DB_UUID(&payment->id), DB_INT(payment->version), DB_TEXT(status)));
}

enum err payment_store_claim(struct db *db, const struct payment *payment,
                             const struct uuid *new_owner, int64_t claimed_at_us, bool *ret_won)
{
    static const struct db_statement statement = {
        "payment_claim",
        "UPDATE payment SET app_id = ?, claimed = 1, claimed_at = ?, version = version + 1 "
        "WHERE id = ? AND app_id = ? AND version = ? AND " CLAIMABLE};
    uint64_t affected;
    enum err err;

    ASSERT(db_in_unit(db));
    err = db_execute(db, &statement,
                     DB_VALUES(DB_UUID(new_owner), DB_TIME(claimed_at_us), DB_UUID(&payment->id),
                               DB_UUID(&payment->app_id), DB_INT(payment->version)),
                     &affected);
    if (err == ERR_OK)
        *ret_won = affected == 1;
    return err;
}

enum err payment_store_merge(struct db *db, const struct payment *payment,
                             const struct uuid *survivor)
{
    static const struct db_statement statement = {
        "payment_merge",
        "UPDATE payment SET mpesa_receipt_number = NULL, checkout_request_id = NULL, "
        "open_reference = NULL, next_check_at = NULL, held = 0, held_until = NULL, "
        "merged_into = ?, "
        "version = version + 1 "
        "WHERE id = ? AND version = ? AND claimed = 0 AND merged_into IS NULL"};

    ASSERT(db_in_unit(db));
    ASSERT(!payment->claimed);
    return execute_one(
        db, &statement,
        DB_VALUES(DB_UUID(survivor), DB_UUID(&payment->id), DB_INT(payment->version)));
}
