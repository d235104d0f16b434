/* C2B confirmations: what each makes of the journal and of payments, however often it comes. */
#include "risiti/base/base.h"

#include "risiti/domain/callback.h"

#include <stdatomic.h>

#include "fixture.h"
#include "risiti/base/clock.h"
#include "risiti/db/token_store.h"
#include "risiti/domain/claim.h"
#include "testproxy.h"

#define RACE_PROCESSES 8
#define RACE_RECEIPTS 40
#define CUTS_PER_KIND 15
#define BODY_SIZE 2048

static int64_t payments_with(struct str receipt)
{
    return count_rows("payment", "mpesa_receipt_number = '%.*s'", STR_ARG(receipt));
}

static int64_t journaled(const char *state, struct str body)
{
    return count_rows("callback_inbox", "kind = 'c2b' AND state = '%s' AND body = '%.*s'", state,
                      STR_ARG(body));
}

static void a_confirmation_becomes_a_payment_of_the_shop(void)
{
    const struct c2b c2b = {.receipt = new_receipt(), .amount = "150.50"};
    const struct str body = c2b_body(&c2b);
    const struct callback_effect effect = post_c2b(fixture(), body);

    CU_ASSERT_EQUAL(effect.state, INBOX_STATE_APPLIED);
    CU_ASSERT_TRUE(effect.has_payment);
    CU_ASSERT_TRUE(row_is(&effect.payment_id,
                          "app_id = (SELECT id FROM app WHERE name = 'ADMIN_SHOP') AND "
                          "mpesa_receipt_number = '%.*s' AND amount = 150.50 AND "
                          "payment_type = 'C2B' AND status = 'SUCCESS' AND claimed = 0 AND "
                          "held = 0 AND conflict = 0 AND phone_number = '" PHONE "' AND "
                          "external_reference = 'A7Q2M9' AND account_reference = 'A7Q2M9' AND "
                          "short_code = '" PAYBILL "' AND payer_name = 'JANE' AND "
                          "paid_at = '2026-11-23 11:15:27' AND version = 1",
                          STR_ARG(c2b.receipt)));
    CU_ASSERT_TRUE(row_is(&effect.payment_id, "raw_callback = '%.*s'", STR_ARG(body)));
    CU_ASSERT_TRUE(events_are(&effect.payment_id, "received"));
}

static void the_journal_keeps_the_body_as_it_came(void)
{
    const struct c2b c2b = {.receipt = new_receipt()};
    const struct str body = c2b_body(&c2b);
    const struct callback_effect effect = post_c2b(fixture(), body);

    CU_ASSERT_EQUAL(effect.state, INBOX_STATE_APPLIED);
    CU_ASSERT_EQUAL(count_rows("callback_inbox JOIN payment ON payment.id = payment_id",
                               "mpesa_receipt_number = '%.*s' AND state = 'applied' AND "
                               "source = '" SAFARICOM "' AND request_id = 'test' AND "
                               "received_at > UTC_TIMESTAMP(6) - INTERVAL 1 MINUTE AND "
                               "token_hash IS NULL AND note IS NULL AND body = '%.*s'",
                               STR_ARG(c2b.receipt), STR_ARG(body)),
                    1);
    CU_ASSERT_EQUAL(count_rows("payment_event e JOIN callback_inbox i ON i.id = e.inbox_id",
                               "e.evidence = 'c2b_confirmation' AND i.body = '%.*s'",
                               STR_ARG(body)),
                    1);
}

/* Members of a body that stand in for its usual ones, and what the row must then fit. */
static const struct {
    const char *members, *row;
} shapes[] = {
    {"\"TransAmount\":\"10\",\"BusinessShortCode\":\"" PAYBILL "\"", "amount = 10.00"},
    {"\"TransAmount\":150.00,\"BusinessShortCode\":600111", "amount = 150.00"},
    {"\"TransAmount\":\" 10.5 \",\"BusinessShortCode\":\"" PAYBILL "\"", "amount = 10.50"},
    {"\"TransAmount\":\"9999999999.99\",\"BusinessShortCode\":\"" PAYBILL "\"",
     "amount = 9999999999.99"},
    {"\"TransAmount\":\"1\",\"BusinessShortCode\":\"" PAYBILL "\",\"MSISDN\":\"2547 ***** 678\"",
     "phone_number = '2547 ***** 678'"},
    {"\"TransAmount\":\"1\",\"BusinessShortCode\":\"" PAYBILL "\",\"MSISDN\":"
     "\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"",
     "LENGTH(phone_number) = 64"},
    {"\"TransAmount\":\"1\",\"BusinessShortCode\":\"" PAYBILL "\",\"MSISDN\":254712345678",
     "phone_number = '" PHONE "'"},
    {"\"TransAmount\":\"1\",\"BusinessShortCode\":\"" PAYBILL "\"",
     "phone_number IS NULL AND external_reference IS NULL AND payer_name IS NULL AND "
     "paid_at IS NULL"},
    {"\"TransAmount\":\"1\",\"BusinessShortCode\":\"" PAYBILL "\",\"BillRefNumber\":null,"
     "\"MSISDN\":null,\"FirstName\":null,\"TransTime\":\"yesterday\"",
     "external_reference IS NULL AND paid_at IS NULL"},
    {"\"TransactionType\":\"Customer Merchant Payment\",\"TransAmount\":\"1.00\","
     "\"BusinessShortCode\":\"" TILL "\",\"BillRefNumber\":\"\"",
     "short_code = '" TILL "' AND external_reference IS NULL"},
    {"\"TransAmount\":\"1\",\"BusinessShortCode\":\"" TILL_STORE "\"", "short_code = '" TILL "'"},
    {"\"TransAmount\":\"1\",\"BusinessShortCode\":\"" PAYBILL "\",\"BillRefNumber\":\"  inv 7 \"",
     "external_reference = 'inv 7'"},
    {"\"TransAmount\":\"1\",\"BusinessShortCode\":\"" PAYBILL "\",\"BillRefNumber\":\"a\\u202eb\"",
     "external_reference = 'a?b'"},
    {"\"TransAmount\":\"1\",\"BusinessShortCode\":\"" PAYBILL "\",\"FirstName\":\"JANE\","
     "\"LastName\":\"DOE\",\"New\":{\"a\":[1,2]}",
     "payer_name = 'JANE DOE'"},
};

static void every_shape_of_a_confirmation_is_taken(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(shapes); i++) {
        const struct str receipt = new_receipt();
        char body[BODY_SIZE];
        struct callback_effect effect;

        CU_ASSERT_TRUE(snprintf(body, sizeof(body), "{\"TransID\":\"%.60s\",%s}", receipt.data,
                                shapes[i].members) > 0);
        effect = post_c2b(fixture(), str_from(body));
        CU_ASSERT_EQUAL(effect.state, INBOX_STATE_APPLIED);
        if (!row_is(&effect.payment_id, "%s", shapes[i].row)) {
            CU_ASSERT_TRUE(false);
            printf("# %s\n", shapes[i].members);
        }
        CU_ASSERT_EQUAL(payments_with(receipt), 1);
    }
}

static void a_receipt_is_trimmed_and_in_capitals(void)
{
    CU_ASSERT_EQUAL(c2b_state(&(struct c2b){.receipt = STR(" ukn4x7q2lb ")}), INBOX_STATE_APPLIED);
    CU_ASSERT_EQUAL(payments_with(STR("UKN4X7Q2LB")), 1);
    CU_ASSERT_EQUAL(c2b_state(&(struct c2b){.receipt = STR("UKN4X7Q2LB")}), INBOX_STATE_REPEATED);
}

static void a_repeated_confirmation_is_the_same_payment(void)
{
    const struct c2b c2b = {.receipt = new_receipt()};
    const struct callback_effect first = post_c2b(fixture(), c2b_body(&c2b));

    for (int i = 0; i < 3; i++) {
        const struct callback_effect again = post_c2b(fixture(), c2b_body(&c2b));

        CU_ASSERT_EQUAL(again.state, INBOX_STATE_REPEATED);
        CU_ASSERT_TRUE(uuid_equal(&again.payment_id, &first.payment_id));
    }
    CU_ASSERT_EQUAL(payments_with(c2b.receipt), 1);
    CU_ASSERT_EQUAL(journaled("repeated", c2b_body(&c2b)), 3);
    CU_ASSERT_TRUE(events_are(&first.payment_id, "received"));
}

static void a_repeated_confirmation_with_another_amount_changes_nothing(void)
{
    const struct str receipt = new_receipt();
    const struct callback_effect first =
        post_c2b(fixture(), c2b_body(&(struct c2b){.receipt = receipt}));

    CU_ASSERT_EQUAL(c2b_state(&(struct c2b){.receipt = receipt, .amount = "100.01"}),
                    INBOX_STATE_CONFLICT);
    CU_ASSERT_TRUE(row_is(&first.payment_id, "amount = 100.00 AND version = 1"));
    CU_ASSERT_EQUAL(payments_with(receipt), 1);
}

static void a_confirmation_that_comes_after_the_claim_leaves_it(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct c2b c2b = {.receipt = new_receipt()};
    const struct payment_selector selector = {.receipt = c2b.receipt};
    struct claim_result result;

    CU_ASSERT_EQUAL(c2b_state(&c2b), INBOX_STATE_APPLIED);
    CU_ASSERT_EQUAL(claim_payment(fixture(), &app, &selector, &result), ERR_OK);
    CU_ASSERT_EQUAL(c2b_state(&c2b), INBOX_STATE_REPEATED);
    CU_ASSERT_TRUE(row_is(&result.payment.id, "claimed = 1 AND version = 2"));
}

static void money_for_a_foreign_short_code_is_kept_and_is_no_payment(void)
{
    static const char *const numbers[] = {"600999", "60011", "6001110", "0600111", " "};

    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        const struct c2b c2b = {.receipt = new_receipt(), .short_code = numbers[i]};
        const enum inbox_state state = c2b_state(&c2b);

        CU_ASSERT_TRUE(state == INBOX_STATE_FOREIGN || state == INBOX_STATE_MALFORMED);
        CU_ASSERT_EQUAL(payments_with(c2b.receipt), 0);
        CU_ASSERT_EQUAL(
            journaled(state == INBOX_STATE_FOREIGN ? "foreign" : "malformed", c2b_body(&c2b)), 1);
    }
}

static void what_cannot_be_understood_is_kept_and_is_no_payment(void)
{
    static const char *const bodies[] = {
        "",
        "<html>",
        "[]",
        "null",
        "{}",
        "{\"TransID\":\"UKN4X7Q2ZZ\"}",
        "{\"TransID\":\"UKN4X7Q2ZZ\",\"TransAmount\":\"10\"}",
        "{\"TransID\":\"UKN4X7Q2ZZ\",\"BusinessShortCode\":\"600111\"}",
        "{\"TransAmount\":\"10\",\"BusinessShortCode\":\"600111\"}",
        "{\"TransID\":\"UKN4-7Q2ZZ\",\"TransAmount\":\"10\",\"BusinessShortCode\":\"600111\"}",
        "{\"TransID\":\"UKN4X7Q\",\"TransAmount\":\"10\",\"BusinessShortCode\":\"600111\"}",
        "{\"TransID\":[],\"TransAmount\":\"10\",\"BusinessShortCode\":\"600111\"}",
    };
    const int64_t before = count_rows("payment", "1");

    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
        const int64_t kept = journaled("malformed", str_from(bodies[i]));
        const struct callback_effect effect = post_c2b(fixture(), str_from(bodies[i]));

        CU_ASSERT_EQUAL(effect.state, INBOX_STATE_MALFORMED);
        CU_ASSERT_FALSE(effect.has_payment);
        CU_ASSERT_PTR_NOT_NULL(effect.note);
        CU_ASSERT_EQUAL(journaled("malformed", str_from(bodies[i])), kept + 1);
    }
    CU_ASSERT_EQUAL(count_rows("payment", "1"), before);
}

static void an_amount_that_is_none_is_malformed(void)
{
    static const char *const amounts[] = {"0",
                                          "0.00",
                                          "-1",
                                          "ten",
                                          "1e3",
                                          "10.999",
                                          "NaN",
                                          "",
                                          "1,000",
                                          "99999999999999999999",
                                          "10000000000.00"};

    for (size_t i = 0; i < ARRAY_LENGTH(amounts); i++) {
        const struct c2b c2b = {.receipt = new_receipt(), .amount = amounts[i]};

        CU_ASSERT_EQUAL(c2b_state(&c2b), INBOX_STATE_MALFORMED);
        CU_ASSERT_EQUAL(payments_with(c2b.receipt), 0);
    }
}

static void a_confirmation_from_an_unlisted_address_waits_for_a_person(void)
{
    const struct c2b c2b = {.receipt = new_receipt()};
    struct callback callback = {
        .kind = INBOX_KIND_C2B, .body = c2b_body(&c2b), .source = STR("203.0.113.7")};
    struct callback_effect effect;

    CU_ASSERT_EQUAL(callback_receive(fixture(), &callback, &effect), ERR_OK);
    CU_ASSERT_EQUAL(effect.state, INBOX_STATE_QUARANTINED);
    callback.source = STR_EMPTY; /* a client that is not known */
    CU_ASSERT_EQUAL(callback_receive(fixture(), &callback, &effect), ERR_OK);
    CU_ASSERT_EQUAL(effect.state, INBOX_STATE_QUARANTINED);
    CU_ASSERT_EQUAL(journaled("quarantined", callback.body), 2);
    CU_ASSERT_EQUAL(payments_with(c2b.receipt), 0);
    CU_ASSERT_EQUAL(c2b_state(&c2b), INBOX_STATE_APPLIED);
}

/* Puts a secret for the PayBill into the database. */
static struct sha256 token_insert(struct str token)
{
    const struct c2b_token row = {.short_code = STR(PAYBILL), .sealed = STR("sealed")};
    struct sha256 hash;
    enum err err = crypto_sha256(token, &hash);

    if (err == ERR_OK)
        err = c2b_token_store_insert(fixture()->db, &hash, &row, clock_now_us());
    ASSERT(err == ERR_OK);
    return hash;
}

static void a_secret_stands_for_one_short_code(void)
{
    const struct str token = fixture_token(), own = new_receipt(), foreign = new_receipt();
    const struct sha256 hash = token_insert(token);
    struct callback callback = {.kind = INBOX_KIND_C2B,
                                .token_hash = &hash,
                                .is_listed = true,
                                .body = c2b_body(&(struct c2b){.receipt = own})};
    struct callback_effect effect;

    CU_ASSERT_EQUAL(callback_receive(fixture(), &callback, &effect), ERR_OK);
    CU_ASSERT_EQUAL(effect.state, INBOX_STATE_APPLIED);
    CU_ASSERT_EQUAL(
        count_rows("callback_inbox", "token_hash = UNHEX(SHA2('%.*s', 256))", STR_ARG(token)), 1);
    callback.body = c2b_body(&(struct c2b){.receipt = foreign, .short_code = TILL});
    CU_ASSERT_EQUAL(callback_receive(fixture(), &callback, &effect), ERR_OK);
    CU_ASSERT_EQUAL(effect.state, INBOX_STATE_FOREIGN);
    CU_ASSERT_EQUAL(payments_with(foreign), 0);
}

static void only_a_known_secret_is_one(void)
{
    const struct str token = fixture_token();
    const struct sha256 hash = token_insert(token);
    struct sha256 found;

    CU_ASSERT_EQUAL(callback_token_find(fixture(), INBOX_KIND_C2B, token, &found), ERR_OK);
    CU_ASSERT_TRUE(crypto_equal(&found, &hash, sizeof(hash)));
    CU_ASSERT_EQUAL(callback_token_find(fixture(), INBOX_KIND_STK, token, &found), ERR_ROUTE);
    CU_ASSERT_EQUAL(callback_token_find(fixture(), INBOX_KIND_C2B, fixture_token(), &found),
                    ERR_ROUTE);
    CU_ASSERT_EQUAL(callback_token_find(fixture(), INBOX_KIND_C2B, STR_EMPTY, &found), ERR_ROUTE);
    CU_ASSERT_EQUAL(callback_token_find(fixture(), INBOX_KIND_C2B, str_first(token, 31), &found),
                    ERR_ROUTE);
    CU_ASSERT_EQUAL(callback_token_find(fixture(), INBOX_KIND_C2B,
                                        STR("0000000000000000000000000000000G"), &found),
                    ERR_ROUTE);
}

static void a_secret_that_was_ended_is_none(void)
{
    const struct str token = fixture_token();
    const struct sha256 hash = token_insert(token);
    struct service *service = fixture_open(testdb_options());
    struct sha256 found;

    CU_ASSERT_EQUAL(callback_token_find(fixture(), INBOX_KIND_C2B, token, &found), ERR_OK);
    CU_ASSERT_TRUE(crypto_equal(&found, &hash, sizeof(hash)));
    testdb_sql("UPDATE c2b_token SET ended_at = UTC_TIMESTAMP(6)");
    CU_ASSERT_EQUAL(callback_token_find(service, INBOX_KIND_C2B, token, &found), ERR_ROUTE);
    fixture_close(service);
}

static void an_effect_that_fails_is_journaled_alone(void)
{
    const struct c2b c2b = {.receipt = new_receipt()};
    const struct str body = c2b_body(&c2b);
    struct callback_effect effect;

    testdb_sql("ALTER TABLE payment_event RENAME COLUMN detail TO gone");
    effect = post_c2b(fixture(), body);
    testdb_sql("ALTER TABLE payment_event RENAME COLUMN gone TO detail");
    CU_ASSERT_EQUAL(effect.state, INBOX_STATE_FAILED);
    CU_ASSERT_FALSE(effect.has_payment);
    CU_ASSERT_EQUAL(journaled("failed", body), 1);
    CU_ASSERT_EQUAL(count_rows("callback_inbox", "body = '%.*s'", STR_ARG(body)), 1);
    CU_ASSERT_EQUAL(count_rows("callback_inbox", "state = 'failed' AND note = 'DB_QUERY'"), 1);
    CU_ASSERT_EQUAL(payments_with(c2b.receipt), 0);
    CU_ASSERT_EQUAL(post_c2b(fixture(), body).state, INBOX_STATE_APPLIED);
}

static void what_cannot_be_journaled_is_an_error_and_no_payment(void)
{
    const struct c2b c2b = {.receipt = new_receipt()};
    const struct callback callback = {.kind = INBOX_KIND_C2B,
                                      .body = c2b_body(&c2b),
                                      .source = STR(SAFARICOM),
                                      .is_listed = true};
    struct callback_effect effect;

    testdb_sql("ALTER TABLE callback_inbox RENAME COLUMN note TO gone");
    CU_ASSERT_EQUAL(callback_receive(fixture(), &callback, &effect), ERR_DB_QUERY);
    testdb_sql("ALTER TABLE callback_inbox RENAME COLUMN gone TO note");
    CU_ASSERT_EQUAL(payments_with(c2b.receipt), 0);
    CU_ASSERT_EQUAL(count_rows("callback_inbox", "body = '%.*s'", STR_ARG(callback.body)), 0);
}

static void without_a_database_a_confirmation_is_an_error(void)
{
    struct testproxy *proxy = testproxy_start();
    const struct db_options options = testproxy_options(proxy);
    struct service *service = fixture_open(&options);
    const struct callback callback = {.kind = INBOX_KIND_C2B,
                                      .body = c2b_body(&(struct c2b){.receipt = new_receipt()}),
                                      .is_listed = true};
    struct callback_effect effect;

    testproxy_door(proxy, TESTPROXY_SHUT);
    CU_ASSERT_EQUAL(callback_receive(service, &callback, &effect), ERR_DB_AWAY);
    fixture_close(service);
    testproxy_stop(proxy);
}

static void a_confirmation_whose_commit_is_not_answered_is_kept_once(void)
{
    static const enum testproxy_cut cuts[] = {TESTPROXY_BEFORE, TESTPROXY_DURING, TESTPROXY_ANSWER};
    struct testproxy *proxy = testproxy_start();
    const struct db_options options = testproxy_options(proxy);
    struct service *service = fixture_open(&options);

    for (size_t i = 0; i < ARRAY_LENGTH(cuts) * CUTS_PER_KIND; i++) {
        const struct c2b c2b = {.receipt = new_receipt()};
        const struct str body = c2b_body(&c2b);
        enum inbox_state state;

        CU_ASSERT_EQUAL(db_connect(service->db), ERR_OK);
        testproxy_cut(proxy, TESTPROXY_COMMIT, cuts[i % ARRAY_LENGTH(cuts)], 1);
        /* A redo that meets the first COMMIT, come late, says that all was known. */
        state = post_c2b(service, body).state;
        CU_ASSERT_TRUE(state == INBOX_STATE_APPLIED || state == INBOX_STATE_REPEATED);
        CU_ASSERT_EQUAL(testproxy_cuts_left(proxy), 0);
        CU_ASSERT_EQUAL(payments_with(c2b.receipt), 1);
        CU_ASSERT_EQUAL(count_rows("callback_inbox", "body = '%.*s'", STR_ARG(body)), 1);
        arena_reset(service->arena);
    }
    fixture_close(service);
    testproxy_stop(proxy);
}

/* Bodies that all workers get at once. */
struct board {
    char receipts[RACE_RECEIPTS][32];
    atomic_int applied[RACE_RECEIPTS];
    atomic_int surprises;
};

static int race_confirm(struct service *service, int index, void *shared)
{
    struct board *board = shared;

    (void)index; /* all do the same */
    for (size_t i = 0; i < RACE_RECEIPTS; i++) {
        const struct callback_effect effect =
            post_c2b(service, c2b_body(&(struct c2b){.receipt = str_from(board->receipts[i])}));

        if (effect.state == INBOX_STATE_APPLIED)
            (void)atomic_fetch_add(&board->applied[i], 1);
        else if (effect.state != INBOX_STATE_REPEATED)
            (void)atomic_fetch_add(&board->surprises, 1);
        arena_reset(service->arena);
    }
    return 0;
}

static void workers_that_get_the_same_confirmation_make_one_payment(void)
{
    struct board *board = race_memory(sizeof(*board));

    for (size_t i = 0; i < RACE_RECEIPTS; i++)
        CU_ASSERT_TRUE(str_copy(new_receipt(), board->receipts[i], sizeof(board->receipts[i])));
    CU_ASSERT_EQUAL(race_run(&(struct race){race_confirm, board, RACE_PROCESSES}), 0);
    CU_ASSERT_EQUAL(atomic_load(&board->surprises), 0);
    for (size_t i = 0; i < RACE_RECEIPTS; i++) {
        CU_ASSERT_EQUAL(atomic_load(&board->applied[i]), 1);
        CU_ASSERT_EQUAL(payments_with(str_from(board->receipts[i])), 1);
        CU_ASSERT_EQUAL(count_rows("callback_inbox", "body LIKE '%%\"%s\"%%'", board->receipts[i]),
                        RACE_PROCESSES);
    }
    race_memory_free(board, sizeof(*board));
}

static const struct tap_test tests[] = {
    TAP_TEST(a_confirmation_becomes_a_payment_of_the_shop),
    TAP_TEST(the_journal_keeps_the_body_as_it_came),
    TAP_TEST(every_shape_of_a_confirmation_is_taken),
    TAP_TEST(a_receipt_is_trimmed_and_in_capitals),
    TAP_TEST(a_repeated_confirmation_is_the_same_payment),
    TAP_TEST(a_repeated_confirmation_with_another_amount_changes_nothing),
    TAP_TEST(a_confirmation_that_comes_after_the_claim_leaves_it),
    TAP_TEST(money_for_a_foreign_short_code_is_kept_and_is_no_payment),
    TAP_TEST(what_cannot_be_understood_is_kept_and_is_no_payment),
    TAP_TEST(an_amount_that_is_none_is_malformed),
    TAP_TEST(a_confirmation_from_an_unlisted_address_waits_for_a_person),
    TAP_TEST(a_secret_stands_for_one_short_code),
    TAP_TEST(only_a_known_secret_is_one),
    TAP_TEST(a_secret_that_was_ended_is_none),
    TAP_TEST(an_effect_that_fails_is_journaled_alone),
    TAP_TEST(what_cannot_be_journaled_is_an_error_and_no_payment),
    TAP_TEST(without_a_database_a_confirmation_is_an_error),
    TAP_TEST(a_confirmation_whose_commit_is_not_answered_is_kept_once),
    TAP_TEST(workers_that_get_the_same_confirmation_make_one_payment),
};

TESTDB_MAIN("callback_c2b", tests)
