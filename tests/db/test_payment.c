/* What apps see of payments: verify by every selector, lists in pages, and what a look-up costs. */
#include "risiti/base/base.h"

#include "risiti/domain/payment.h"

#include "fixture.h"
#include "risiti/base/clock.h"
#include "risiti/db/inbox_store.h"
#include "risiti/domain/claim.h"

#define PAGED_ROWS 250
#define PAGE_ROWS 40
#define MANY_ROWS 20000
/* Rows that a look-up may read: the one it wants, and what stands beside it in the index. */
#define FEW_READS 8

static struct payment found;
static struct payments candidates;

static enum err find(const struct app *app, struct payment_selector selector)
{
    candidates = (struct payments){.count = 0};
    return payment_find(fixture(), app, &selector, PAYMENT_READ, &found, &candidates);
}

static bool finds(const struct app *app, struct payment_selector selector, const struct uuid *id)
{
    return find(app, selector) == ERR_OK && uuid_equal(&found.id, id);
}

static struct payment_selector by_receipt(struct str receipt)
{
    return (struct payment_selector){.receipt = receipt};
}

static struct payment_selector by_id(const struct uuid *id)
{
    return (struct payment_selector){.has_payment_id = true, .payment_id = *id};
}

static struct payment_selector by_reference(struct str reference)
{
    return (struct payment_selector){.reference = reference};
}

static struct payment_selector by_checkout(struct str checkout)
{
    return (struct payment_selector){.checkout_request_id = checkout};
}

static void an_app_finds_its_own_of_every_status_by_every_selector(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);

    for (enum payment_status status = PAYMENT_STATUS_PENDING; status <= PAYMENT_STATUS_FAILED;
         status++) {
        const struct seed seed = {.app = &app,
                                  .status = status,
                                  .receipt = new_receipt(),
                                  .reference = new_reference(),
                                  .checkout = new_checkout()};
        const struct uuid id = fixture_payment(&seed);

        CU_ASSERT_TRUE(finds(&app, by_receipt(seed.receipt), &id));
        CU_ASSERT_TRUE(finds(&app, by_id(&id), &id));
        CU_ASSERT_TRUE(finds(&app, by_reference(seed.reference), &id));
        CU_ASSERT_TRUE(finds(&app, by_checkout(seed.checkout), &id));
        CU_ASSERT_EQUAL(found.status, status);
    }
}

static void nobody_finds_what_is_another_apps(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct app other = fixture_app(CLAIM_REQUIRES_NONE);

    for (enum payment_status status = PAYMENT_STATUS_PENDING; status <= PAYMENT_STATUS_FAILED;
         status++) {
        const struct seed seed = {.app = &other,
                                  .status = status,
                                  .receipt = new_receipt(),
                                  .reference = new_reference(),
                                  .checkout = new_checkout()};
        const struct uuid id = fixture_payment(&seed);
        struct payment payment;
        struct payment_events events;

        CU_ASSERT_EQUAL(find(&app, by_receipt(seed.receipt)), ERR_NOT_FOUND);
        CU_ASSERT_EQUAL(find(&app, by_id(&id)), ERR_NOT_FOUND);
        CU_ASSERT_EQUAL(find(&app, by_reference(seed.reference)), ERR_NOT_FOUND);
        CU_ASSERT_EQUAL(find(&app, by_checkout(seed.checkout)), ERR_NOT_FOUND);
        CU_ASSERT_EQUAL(payment_show(fixture(), &app, &id, &payment, &events), ERR_NOT_FOUND);
    }
}

static void the_shops_money_is_seen_by_its_receipt_until_it_is_claimed(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct app other = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt(), reference = new_reference();
    const struct uuid id = fixture_payment(&(struct seed){.type = PAYMENT_TYPE_C2B,
                                                          .status = PAYMENT_STATUS_SUCCESS,
                                                          .receipt = receipt,
                                                          .reference = reference});
    const struct payment_selector selector = by_receipt(receipt);
    struct claim_result result;

    CU_ASSERT_TRUE(finds(&app, selector, &id) && finds(&other, selector, &id));
    CU_ASSERT_EQUAL(find(&app, by_id(&id)), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(find(&app, by_reference(reference)), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(claim_payment(fixture(), &app, &selector, &result), ERR_OK);
    CU_ASSERT_TRUE(finds(&app, selector, &id));
    CU_ASSERT_TRUE(found.claimed);
    CU_ASSERT_TRUE(finds(&app, by_id(&id), &id));
    CU_ASSERT_EQUAL(find(&other, selector), ERR_NOT_FOUND);
}

static void what_the_shop_has_not_been_paid_is_not_seen(void)
{
    static const char *const states[] = {"status = 'PENDING'", "status = 'FAILED'", "claimed = 1"};
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);

    for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
        const struct str receipt = new_receipt();
        const struct uuid id = fixture_intake(receipt);

        row_set(&id, states[i]);
        CU_ASSERT_EQUAL(find(&app, by_receipt(receipt)), ERR_NOT_FOUND);
    }
}

static void money_that_is_held_or_reversed_is_seen_and_not_claimable(void)
{
    static const char *const states[] = {"held = 1", "reversed = 1"};
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);

    for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
        const struct str receipt = new_receipt();
        const struct uuid id = fixture_intake(receipt);

        CU_ASSERT_TRUE(finds(&app, by_receipt(receipt), &id));
        CU_ASSERT_TRUE(payment_is_claimable(&found));
        row_set(&id, states[i]);
        CU_ASSERT_TRUE(finds(&app, by_receipt(receipt), &id));
        CU_ASSERT_FALSE(payment_is_claimable(&found));
    }
}

/* Verify must not hand a guesser what claim then asks for. */
static void an_app_that_must_name_a_fact_sees_nothing_without_it(void)
{
    const struct app by_amount = fixture_app(CLAIM_REQUIRES_AMOUNT);
    const struct app by_phone = fixture_app(CLAIM_REQUIRES_PHONE);
    const struct str receipt = new_receipt();
    const struct uuid id = fixture_intake(receipt);
    struct payment_selector selector = by_receipt(receipt);

    CU_ASSERT_EQUAL(find(&by_amount, selector), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(find(&by_phone, selector), ERR_NOT_FOUND);
    selector.has_amount = true;
    selector.amount.cents = 9900;
    CU_ASSERT_EQUAL(find(&by_amount, selector), ERR_NOT_FOUND);
    selector.amount.cents = 10000;
    CU_ASSERT_TRUE(finds(&by_amount, selector, &id));
    CU_ASSERT_EQUAL(find(&by_phone, selector), ERR_NOT_FOUND);
    selector.has_phone = true;
    CU_ASSERT_EQUAL(phone_parse(STR(PHONE), &selector.phone), ERR_OK);
    CU_ASSERT_TRUE(finds(&by_phone, selector, &id));
    CU_ASSERT_EQUAL(phone_parse(STR(OTHER_PHONE), &selector.phone), ERR_OK);
    CU_ASSERT_EQUAL(find(&by_phone, selector), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(find(&by_amount, selector), ERR_NOT_FOUND);
}

static void by_reference_the_claimable_one_is_shown_else_the_newest(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str reference = new_reference();
    const struct seed pending = {.app = &app, .reference = reference};
    const struct seed paid = {.app = &app,
                              .status = PAYMENT_STATUS_SUCCESS,
                              .reference = reference,
                              .receipt = new_receipt()};
    const struct uuid first = fixture_payment(&pending), good = fixture_payment(&paid);
    const struct uuid last = fixture_payment(&pending);

    CU_ASSERT_TRUE(finds(&app, by_reference(reference), &good));
    row_set(&good, "claimed = 1");
    CU_ASSERT_TRUE(finds(&app, by_reference(reference), &last));
    row_set(&good, "claimed = 0");
    row_set(&first, "status = 'SUCCESS'");
    CU_ASSERT_EQUAL(find(&app, by_reference(reference)), ERR_AMBIGUOUS);
    CU_ASSERT_EQUAL(candidates.count, 2);
    CU_ASSERT_TRUE(uuid_equal(&found.id, &good));
}

static void a_merged_row_is_neither_found_nor_listed(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct seed seed = {.app = &app,
                              .status = PAYMENT_STATUS_SUCCESS,
                              .receipt = new_receipt(),
                              .reference = new_reference(),
                              .checkout = new_checkout()};
    const struct uuid id = fixture_payment(&seed);
    struct payments list;

    row_set(&id, "merged_into = UNHEX('00000000000070008000000000000009')");
    CU_ASSERT_EQUAL(find(&app, by_receipt(seed.receipt)), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(find(&app, by_reference(seed.reference)), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(find(&app, by_checkout(seed.checkout)), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(find(&app, by_id(&id)), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(payment_list(fixture(), &app, (struct payment_filter){.before = {{0}}},
                                 PAYMENT_LIST_MAX, &list),
                    ERR_OK);
    CU_ASSERT_EQUAL(list.count, 0);
}

static void one_payment_is_shown_with_its_history(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt();
    const struct uuid id = fixture_intake(receipt), nowhere = {{9}};
    const struct payment_selector selector = by_receipt(receipt);
    struct claim_result result;
    struct payment payment;
    struct payment_events events;

    CU_ASSERT_EQUAL(payment_show(fixture(), &app, &id, &payment, &events), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(payment_show(fixture(), &app, &nowhere, &payment, &events), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(claim_payment(fixture(), &app, &selector, &result), ERR_OK);
    CU_ASSERT_EQUAL(payment_show(fixture(), &app, &id, &payment, &events), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(events.count, 2);
    ASSERT_STR(events.items[0].event, "created");
    ASSERT_STR(events.items[1].event, "claimed");
    ASSERT_STR(events.items[1].evidence, "api");
    CU_ASSERT_EQUAL(events.items[1].sequence, 2);
    CU_ASSERT_TRUE(events.items[1].at_us >= events.items[0].at_us);
}

static size_t listed(const struct app *app, struct payment_filter filter)
{
    struct payments list;

    CU_ASSERT_EQUAL_FATAL(payment_list(fixture(), app, filter, PAYMENT_LIST_MAX, &list), ERR_OK);
    for (size_t i = 0; i < list.count; i++)
        CU_ASSERT_TRUE(uuid_equal(&list.items[i].app_id, &app->id));
    return list.count;
}

static void a_list_is_restricted_by_each_filter_and_by_all(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct app other = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str reference = new_reference();
    struct payment_filter filter = {.app_id = &other.id};

    for (unsigned i = 0; i < 12; i++) {
        const struct uuid id =
            fixture_payment(&(struct seed){.app = &app,
                                           .type = i % 2 == 0 ? PAYMENT_TYPE_STK : PAYMENT_TYPE_C2B,
                                           .status = (enum payment_status)(i % 3),
                                           .reference = i < 4 ? reference : new_reference()});

        if (i % 3 == PAYMENT_STATUS_SUCCESS && i > 3)
            row_set(&id, "claimed = 1");
    }
    (void)fixture_payment(&(struct seed){.app = &other, .reference = reference});
    (void)fixture_intake(new_receipt());
    CU_ASSERT_EQUAL(listed(&app, filter), 12);
    filter = (struct payment_filter){.has_status = true, .status = PAYMENT_STATUS_FAILED};
    CU_ASSERT_EQUAL(listed(&app, filter), 4);
    filter = (struct payment_filter){.has_type = true, .type = PAYMENT_TYPE_C2B};
    CU_ASSERT_EQUAL(listed(&app, filter), 6);
    filter = (struct payment_filter){.has_claimed = true, .claimed = true};
    CU_ASSERT_EQUAL(listed(&app, filter), 3);
    filter.claimed = false;
    CU_ASSERT_EQUAL(listed(&app, filter), 9);
    filter = (struct payment_filter){.reference = reference};
    CU_ASSERT_EQUAL(listed(&app, filter), 4);
    filter.has_status = true;
    filter.status = PAYMENT_STATUS_PENDING;
    CU_ASSERT_EQUAL(listed(&app, filter), 2);
    filter.has_type = true;
    filter.type = PAYMENT_TYPE_C2B;
    CU_ASSERT_EQUAL(listed(&app, filter), 1);
    filter.has_claimed = true;
    filter.claimed = true;
    CU_ASSERT_EQUAL(listed(&app, filter), 0);
}

static void a_list_in_time_begins_with_from_and_ends_before_to(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    int64_t noon_us;
    struct payment_filter filter = {.app_id = NULL};

    CU_ASSERT_EQUAL_FATAL(clock_parse_rfc3339(STR("2026-03-01T12:00:00Z"), &noon_us), ERR_OK);
    for (int i = -2; i <= 2; i++)
        (void)fixture_payment(&(struct seed){.app = &app, .created_at_us = noon_us + i});
    (void)fixture_payment(
        &(struct seed){.app = &app, .created_at_us = noon_us - 3600 * CLOCK_US_PER_SECOND});
    (void)fixture_payment(
        &(struct seed){.app = &app, .created_at_us = noon_us + 3600 * CLOCK_US_PER_SECOND});
    CU_ASSERT_EQUAL(listed(&app, filter), 7);
    filter.from_us = noon_us;
    CU_ASSERT_EQUAL(listed(&app, filter), 4);
    filter.to_us = noon_us + 1;
    CU_ASSERT_EQUAL(listed(&app, filter), 1);
    filter.to_us = noon_us;
    CU_ASSERT_EQUAL(listed(&app, filter), 0);
    filter.from_us = 0;
    CU_ASSERT_EQUAL(listed(&app, filter), 3);
    filter.to_us = noon_us - 1800 * CLOCK_US_PER_SECOND;
    CU_ASSERT_EQUAL(listed(&app, filter), 1);
}

/* Payments come while somebody pages: the pages show each that was there, once, newest first. */
static void pages_show_every_row_once_while_others_come(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    static struct uuid ids[PAGED_ROWS];
    struct payment_filter filter = {.before = {{0}}};
    size_t seen = 0, count;

    for (size_t i = 0; i < PAGED_ROWS; i++)
        ids[i] = fixture_payment(&(struct seed){.app = &app});
    do {
        struct payments page;

        CU_ASSERT_EQUAL_FATAL(payment_list(fixture(), &app, filter, PAGE_ROWS, &page), ERR_OK);
        count = page.count;
        for (size_t i = 0; i < count; i++, seen++) {
            CU_ASSERT_TRUE_FATAL(seen < PAGED_ROWS);
            CU_ASSERT_TRUE(uuid_equal(&page.items[i].id, &ids[PAGED_ROWS - 1 - seen]));
        }
        if (count > 0)
            filter.before = page.items[count - 1].id;
        (void)fixture_payment(&(struct seed){.app = &app});
    } while (count > 0);
    CU_ASSERT_EQUAL(seen, PAGED_ROWS);
}

static void a_cursor_goes_with_bounds_in_time(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const int64_t now_us = clock_now_us();
    const struct payment_filter recent = {.from_us = now_us, .to_us = now_us + 60000000};
    const struct uuid first = fixture_payment(&(struct seed){.app = &app});
    const struct uuid second = fixture_payment(&(struct seed){.app = &app});
    struct payment_filter filter = recent;
    struct payments list;

    CU_ASSERT_EQUAL(listed(&app, filter), 2);
    filter.before = second;
    CU_ASSERT_EQUAL(payment_list(fixture(), &app, filter, 1, &list), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(list.count, 1);
    CU_ASSERT_TRUE(uuid_equal(&list.items[0].id, &first));
    filter.to_us = now_us;
    CU_ASSERT_EQUAL(listed(&app, filter), 0);
}

static void text_of_the_database_compares_byte_by_byte(void)
{
    static const char *const unlike[] = {"Abc-1", "abc-1 ", " abc-1", "abc-1\xcc\x81", "abc-"};
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct uuid id = fixture_payment(&(struct seed){.app = &app, .reference = STR("abc-1")});

    CU_ASSERT_TRUE(finds(&app, by_reference(STR("abc-1")), &id));
    for (size_t i = 0; i < ARRAY_LENGTH(unlike); i++) {
        CU_ASSERT_EQUAL(find(&app, by_reference(str_from(unlike[i]))), ERR_NOT_FOUND);
        CU_ASSERT_EQUAL(listed(&app, (struct payment_filter){.reference = str_from(unlike[i])}), 0);
    }
}

/* What the statements of one connection have cost so far. */
struct cost {
    int64_t scanned; /* rows read in no index's order */
    int64_t sorted;  /* rows sorted */
    int64_t read;    /* entries read in an index */
};

static struct cost cost_now(void)
{
    static const struct db_statement statement = {
        "cost", "SELECT CAST(SUM(IF(VARIABLE_NAME = 'HANDLER_READ_RND_NEXT', VARIABLE_VALUE, 0)) "
                "AS INT), "
                "CAST(SUM(IF(VARIABLE_NAME = 'SORT_ROWS', VARIABLE_VALUE, 0)) AS INT), "
                "CAST(SUM(IF(VARIABLE_NAME IN ('HANDLER_READ_KEY', 'HANDLER_READ_NEXT', "
                "'HANDLER_READ_PREV', 'HANDLER_READ_FIRST', 'HANDLER_READ_LAST'), "
                "VARIABLE_VALUE, 0)) AS INT) FROM information_schema.SESSION_STATUS"};
    const struct db_rows *cells = NULL;

    CU_ASSERT_EQUAL_FATAL(
        db_query(testdb_db(), &statement, DB_NO_VALUES, testdb_arena(), 1, &cells), ERR_OK);
    return (struct cost){db_int(cells, 0, 0), db_int(cells, 0, 1), db_int(cells, 0, 2)};
}

static struct cost measured_from;

/* From here on. Asking costs something itself, which is taken off. */
static void cost_begin(void)
{
    const struct cost before = cost_now();
    const struct cost after = cost_now();

    measured_from = (struct cost){2 * after.scanned - before.scanned,
                                  2 * after.sorted - before.sorted, 2 * after.read - before.read};
}

static void cost_end_scanned(const char *what, int64_t reads_max, int64_t scanned_max)
{
    const struct cost now = cost_now();
    const int64_t scanned = now.scanned - measured_from.scanned;
    const int64_t sorted = now.sorted - measured_from.sorted;
    const int64_t read = now.read - measured_from.read;

    if (scanned > scanned_max || sorted > 0 || read > reads_max) {
        CU_ASSERT_TRUE(false);
        printf("# %s: %lld scanned, %lld sorted, %lld read of at most %lld\n", what,
               (long long)scanned, (long long)sorted, (long long)read, (long long)reads_max);
    }
}

static void cost_end(const char *what, int64_t reads_max)
{
    cost_end_scanned(what, reads_max, 0);
}

/* The app gets so many payments, a second apart up to now; a tenth has FAILED. */
static void many_payments(const struct app *app)
{
    testdb_sql("INSERT INTO payment (id, app_id, external_reference, amount, "
               "mpesa_receipt_number, payment_type, status, created_at, short_code) "
               "SELECT UNHEX(CONCAT(LPAD(HEX(ms), 12, '0'), '70008000', RIGHT(app.name, 6), "
               "LPAD(HEX(seq), 6, '0'))), "
               "app.id, CONCAT('MANY-', seq), 1, CONCAT('M', LPAD(seq, 8, '0'), RIGHT(app.name, "
               "6)), 'STK', "
               "IF(seq %% 10 = 0, 'FAILED', 'SUCCESS'), "
               "FROM_UNIXTIME(ms / 1000), '" PAYBILL "' FROM app, "
               "(SELECT seq, (FLOOR(UNIX_TIMESTAMP()) - %d + seq) * 1000 AS ms "
               "FROM seq_1_to_%d) numbers WHERE app.name = '%.*s'",
               MANY_ROWS, MANY_ROWS, STR_ARG(app->name));
    testdb_sql("ANALYZE TABLE payment");
}

static void lookups_read_by_index_only(const struct app *app)
{
    const struct str receipt = new_receipt(), token = fixture_token();
    const struct seed seed = {.app = app,
                              .status = PAYMENT_STATUS_SUCCESS,
                              .receipt = receipt,
                              .reference = new_reference(),
                              .checkout = new_checkout(),
                              .token = token};
    const struct uuid id = fixture_payment(&seed);
    const struct payment_selector selector = by_receipt(receipt);
    struct claim_result result;
    struct sha256 hash;

    cost_begin();
    CU_ASSERT_TRUE(finds(app, by_receipt(receipt), &id));
    cost_end("verify by receipt", FEW_READS);
    cost_begin();
    CU_ASSERT_EQUAL(find(app, by_receipt(STR("NOSUCHONE1"))), ERR_NOT_FOUND);
    cost_end("verify by an unknown receipt", FEW_READS);
    cost_begin();
    CU_ASSERT_TRUE(finds(app, by_reference(seed.reference), &id));
    cost_end("verify by reference", FEW_READS);
    cost_begin();
    CU_ASSERT_TRUE(finds(app, by_checkout(seed.checkout), &id));
    cost_end("verify by checkout id", FEW_READS);
    cost_begin();
    CU_ASSERT_TRUE(finds(app, by_id(&id), &id));
    cost_end("verify by id", FEW_READS);
    cost_begin();
    CU_ASSERT_EQUAL(callback_token_find(fixture(), INBOX_KIND_STK, token, &hash), ERR_OK);
    cost_end("push by token", FEW_READS);
    cost_begin();
    CU_ASSERT_EQUAL(claim_payment(fixture(), app, &selector, &result), ERR_OK);
    cost_end("claim", 2 * FEW_READS);
}

static void callbacks_read_by_index_only(const struct app *app)
{
    const struct str checkout = new_checkout(), receipt = new_receipt();

    (void)fixture_payment(&(struct seed){.app = app, .checkout = checkout});
    cost_begin();
    CU_ASSERT_EQUAL(c2b_state(&(struct c2b){.receipt = receipt}), INBOX_STATE_APPLIED);
    cost_end("confirmation", 4 * FEW_READS);
    cost_begin();
    CU_ASSERT_EQUAL(c2b_state(&(struct c2b){.receipt = receipt}), INBOX_STATE_REPEATED);
    cost_end("repeated confirmation", 4 * FEW_READS);
    cost_begin();
    CU_ASSERT_EQUAL(stk_state(&(struct stk){.checkout = checkout, .receipt = receipt}),
                    INBOX_STATE_APPLIED);
    cost_end("result with a twin", 4 * FEW_READS);
}

static void what_finds_one_payment_reads_by_index_only(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);

    many_payments(&app);
    lookups_read_by_index_only(&app);
    callbacks_read_by_index_only(&app);
}

static void list_costs(const struct app *app, const char *what, struct payment_filter filter,
                       size_t count, int64_t reads_max)
{
    struct payments list;

    cost_begin();
    CU_ASSERT_EQUAL_FATAL(payment_list(fixture(), app, filter, 20, &list), ERR_OK);
    CU_ASSERT_EQUAL(list.count, count);
    cost_end(what, reads_max);
}

static void a_list_reads_by_index_only_and_no_more_than_it_shows(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const int64_t now_us = clock_now_us();
    const int64_t old_us = now_us - (int64_t)MANY_ROWS / 2 * CLOCK_US_PER_SECOND;
    struct payment_filter filter = {.before = {{0}}};
    struct payments list;

    many_payments(&app);
    list_costs(&app, "newest", filter, 20, 20 + FEW_READS);
    filter.from_us = old_us;
    list_costs(&app, "from", filter, 20, 20 + FEW_READS);
    filter = (struct payment_filter){.to_us = old_us};
    list_costs(&app, "up to long ago", filter, 20, 20 + FEW_READS);
    filter.from_us = old_us - 10 * CLOCK_US_PER_SECOND;
    list_costs(&app, "ten seconds long ago", filter, 10, 20 + FEW_READS);
    CU_ASSERT_EQUAL(
        payment_list(fixture(), &app, (struct payment_filter){.to_us = old_us}, 20, &list), ERR_OK);
    filter = (struct payment_filter){.before = list.items[list.count - 1].id};
    list_costs(&app, "after a cursor", filter, 20, 20 + FEW_READS);
    filter = (struct payment_filter){.reference = STR("MANY-77")};
    list_costs(&app, "by reference", filter, 1, FEW_READS);
    filter = (struct payment_filter){.has_status = true, .status = PAYMENT_STATUS_FAILED};
    list_costs(&app, "by status", filter, 20, 20 + FEW_READS);
    filter.to_us = old_us;
    list_costs(&app, "by status up to long ago", filter, 20, 20 + FEW_READS);
    filter = (struct payment_filter){.to_us = old_us};
    cost_begin();
    CU_ASSERT_EQUAL(payment_store_list(testdb_db(), testdb_arena(), &filter, 20, &list), ERR_OK);
    CU_ASSERT_EQUAL(list.count, 20);
    cost_end("of every app up to long ago", 40 + FEW_READS);
}

static void counting_the_inbox_reads_what_it_counts(void)
{
    unsigned count;

    testdb_sql("INSERT INTO callback_inbox (id, kind, state, received_at, source, request_id, "
               "body) SELECT UNHEX(LPAD(HEX(seq), 32, '0')), 'c2b', "
               "IF(seq <= 7, 'failed', 'applied'), UTC_TIMESTAMP(6), '', '', '' "
               "FROM seq_1_to_%d",
               MANY_ROWS);
    testdb_sql("ANALYZE TABLE callback_inbox");
    cost_begin();
    CU_ASSERT_EQUAL(inbox_store_count(testdb_db(), testdb_arena(), INBOX_STATE_FAILED, 100, &count),
                    ERR_OK);
    CU_ASSERT_EQUAL(count, 7);
    /* The seven stand in a table of their own while they are counted. */
    cost_end_scanned("inbox", 2 * FEW_READS, 8);
}

static const struct tap_test tests[] = {
    TAP_TEST(an_app_finds_its_own_of_every_status_by_every_selector),
    TAP_TEST(nobody_finds_what_is_another_apps),
    TAP_TEST(the_shops_money_is_seen_by_its_receipt_until_it_is_claimed),
    TAP_TEST(what_the_shop_has_not_been_paid_is_not_seen),
    TAP_TEST(money_that_is_held_or_reversed_is_seen_and_not_claimable),
    TAP_TEST(an_app_that_must_name_a_fact_sees_nothing_without_it),
    TAP_TEST(by_reference_the_claimable_one_is_shown_else_the_newest),
    TAP_TEST(a_merged_row_is_neither_found_nor_listed),
    TAP_TEST(one_payment_is_shown_with_its_history),
    TAP_TEST(a_list_is_restricted_by_each_filter_and_by_all),
    TAP_TEST(a_list_in_time_begins_with_from_and_ends_before_to),
    TAP_TEST(pages_show_every_row_once_while_others_come),
    TAP_TEST(a_cursor_goes_with_bounds_in_time),
    TAP_TEST(text_of_the_database_compares_byte_by_byte),
    TAP_TEST(what_finds_one_payment_reads_by_index_only),
    TAP_TEST(a_list_reads_by_index_only_and_no_more_than_it_shows),
    TAP_TEST(counting_the_inbox_reads_what_it_counts),
};

TESTDB_MAIN("payment", tests)
