/* What time makes of pushes: queries, the unknown, and the end of their proof. */
#include "risiti/base/base.h"

#include "risiti/domain/push_check.h"

#include "daraja_fixture.h"
#include "risiti/domain/callback_replay.h"
#include "risiti/domain/claim.h"
#include "risiti/domain/history.h"
#include "risiti/domain/hold.h"

#define RACERS 8
#define RACE_PUSHES 5

static const struct turn usual = {.limit = 20, .may_expire = true};

/* A push of 100 shillings that Daraja has accepted. */
struct push {
    struct app app;
    struct uuid id;
    struct str checkout, token, account;
};

static struct push push_new(struct str checkout)
{
    struct push push = {.app = fixture_app(CLAIM_REQUIRES_NONE),
                        .checkout = checkout,
                        .token = fixture_token(),
                        .account = fixture_text("A")};

    push.id = fixture_payment(&(struct seed){.app = &push.app,
                                             .checkout = checkout,
                                             .token = push.token,
                                             .reference = push.account,
                                             .account = push.account,
                                             .is_open = true});
    return push;
}

static void is_due(const struct push *push)
{
    row_set(&push->id, "next_check_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND");
}

/* Nothing else is due, and queries have slots. */
static struct push due_push(struct str checkout)
{
    const struct push push = push_new(checkout);

    testdb_sql("UPDATE payment SET next_check_at = NULL");
    testdb_sql("UPDATE daraja_pace SET next_at = UTC_TIMESTAMP(6) - INTERVAL 60 SECOND");
    is_due(&push);
    return push;
}

/* One turn against one answer; how many pushes it looked at. */
static unsigned turn_with(struct mock_step step, const struct turn *turn, unsigned *ret_requests)
{
    struct daraja_fixture daraja;
    unsigned done = 0;

    daraja_begin(&daraja, &step, 1);
    CU_ASSERT_EQUAL(push_check_due(&daraja.service, turn, &done), ERR_OK);
    if (ret_requests != NULL)
        *ret_requests = mock_server_requests(daraja.server);
    daraja_end(&daraja);
    return done;
}

static void looked_at_with(struct mock_step step)
{
    unsigned requests = 0;

    CU_ASSERT_EQUAL(turn_with(step, &usual, &requests), 1);
    CU_ASSERT_EQUAL(requests, 1);
}

static void pushes_are_looked_at_ever_more_rarely(void)
{
    const struct {
        int64_t age_s;
        unsigned next_s;
    } cases[] = {{0, 20},       {19, 20},       {20, 40},       {39, 40},   {41, 70},
                 {70, 120},     {121, 300},     {299, 300},     {300, 600}, {601, 1202},
                 {9600, 19200}, {50000, 86400}, {86399, 86400}, {86400, 0}, {1000000, 0}};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        CU_ASSERT_EQUAL(push_check_next_s(fixture_config(), cases[i].age_s), cases[i].next_s);
}

static void a_query_that_says_paid_pays_the_push_without_a_receipt(void)
{
    const struct push push = due_push(new_checkout());
    const struct str receipt = new_receipt();
    struct claim_result claim;

    looked_at_with(step_result(push.checkout, "\"0\""));
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'SUCCESS' AND mpesa_receipt_number IS NULL AND "
                                    "open_reference IS NOT NULL AND next_check_at IS NULL"));
    CU_ASSERT_TRUE(events_are(&push.id, "created,paid"));
    CU_ASSERT_EQUAL(count_rows("payment_event",
                               "evidence = 'stk_query' AND event = 'paid' AND "
                               "detail = 'receipt awaited' AND payment_id = "
                               "(SELECT id FROM payment WHERE "
                               "checkout_request_id = '%.*s')",
                               STR_ARG(push.checkout)),
                    1);
    CU_ASSERT_EQUAL(
        claim_payment(fixture(), &push.app,
                      &(struct payment_selector){.has_payment_id = true, .payment_id = push.id},
                      &claim),
        ERR_OK);
    CU_ASSERT_EQUAL(c2b_state(&(struct c2b){.receipt = receipt, .account = push.account.data}),
                    INBOX_STATE_APPLIED);
    CU_ASSERT_TRUE(
        row_is(&push.id, "mpesa_receipt_number = '%.*s' AND claimed = 1", STR_ARG(receipt)));
    CU_ASSERT_EQUAL(count_rows("claim", "receipt = '%.*s'", STR_ARG(receipt)), 1);
    CU_ASSERT_TRUE(events_are(&push.id, "created,paid,claimed,receipt_completed"));
}

static void a_query_with_a_listed_final_code_fails_the_push(void)
{
    const struct push push = due_push(new_checkout());

    looked_at_with(step_result(push.checkout, "\"1032\""));
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'FAILED' AND result_code = '1032' AND "
                                    "open_reference IS NULL AND next_check_at IS NULL"));
    CU_ASSERT_TRUE(events_are(&push.id, "created,failed"));
}

static void an_answer_that_says_nothing_final_leaves_the_push_for_later(void)
{
    const struct str checkout = new_checkout();
    const struct mock_step steps[] = {
        step_result(checkout, "\"4999\""),
        step_result(checkout, "\"1037\""),
        step_result(checkout, "\"7777\""),
        step_result(checkout, "\"\""),
        step_result(STR("ws_CO_another"), "\"1032\""),
        step_answer("500 Internal Server Error",
                    "{\"requestId\":\"1\",\"errorCode\":\"500.001.1001\","
                    "\"errorMessage\":\"The transaction is being processed\"}"),
        step_answer("500 Internal Server Error",
                    "{\"requestId\":\"1\",\"errorCode\":\"500.001.1001\","
                    "\"errorMessage\":\"something else\"}"),
        step_answer("403 Forbidden", "<html><body>Request blocked</body></html>"),
        step_answer("200 OK", ""),
        step_answer("500 Internal Server Error", "<soapenv:Envelope></soapenv:Envelope>"),
        step_answer("503 Service Unavailable", "{\"fault\":{}}"),
        step_answer("200 OK", "{\"ResponseCode\":\"0\",\"ResultCo"),
        {.action = MOCK_CLOSE},
    };
    const struct push push = due_push(checkout);

    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
        CU_ASSERT_EQUAL(turn_with(steps[i], &usual, NULL), 1);
        CU_ASSERT_TRUE(row_is(&push.id,
                              "status = 'PENDING' AND checks = %zu AND result_code IS NULL AND "
                              "next_check_at > UTC_TIMESTAMP(6) + INTERVAL 10 SECOND",
                              i + 1));
        is_due(&push);
    }
    CU_ASSERT_TRUE(events_are(&push.id, "created"));
}

static void a_push_that_is_not_due_is_left_alone(void)
{
    const struct push push = due_push(new_checkout());

    row_set(&push.id, "next_check_at = UTC_TIMESTAMP(6) + INTERVAL 5 SECOND");
    CU_ASSERT_EQUAL(turn_with(step_result(push.checkout, "\"0\""), &usual, NULL), 0);
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'PENDING' AND checks = 0"));
}

static int check_race(struct service *service, int index, void *shared)
{
    unsigned done;
    enum err err;

    (void)index;
    (void)shared;
    service->daraja = daraja_client();
    if (service->daraja == NULL)
        return EXIT_FAILURE;
    err = push_check_due(service, &usual, &done);
    daraja_free(service->daraja);
    return err == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void several_runners_ask_once_about_each_push(void)
{
    const struct race race = {.run = check_race, .processes = RACERS};
    const struct mock_step step = step_result(STR(""), "\"4999\"");
    struct daraja_fixture daraja;
    struct push pushes[RACE_PUSHES];

    for (size_t i = 0; i < RACE_PUSHES; i++)
        pushes[i] = due_push(new_checkout());
    for (size_t i = 0; i < RACE_PUSHES; i++)
        is_due(&pushes[i]);
    daraja_begin(&daraja, &step, 1);
    CU_ASSERT_EQUAL(race_run(&race), 0);
    CU_ASSERT_EQUAL(mock_server_requests(daraja.server), RACE_PUSHES);
    for (size_t i = 0; i < RACE_PUSHES; i++)
        CU_ASSERT_TRUE(row_is(&pushes[i].id, "checks = 1 AND next_check_at > UTC_TIMESTAMP(6)"));
    daraja_end(&daraja);
}

static void all_runners_together_keep_to_the_limit(void)
{
    const struct race race = {.run = check_race, .processes = RACERS};
    const struct mock_step step = step_result(STR(""), "\"4999\"");
    struct daraja_fixture daraja;
    struct push pushes[RACE_PUSHES];

    for (size_t i = 0; i < RACE_PUSHES; i++)
        pushes[i] = due_push(new_checkout());
    for (size_t i = 0; i < RACE_PUSHES; i++)
        is_due(&pushes[i]);
    fixture_config()->pushes_queries_per_minute = 1;
    daraja_begin(&daraja, &step, 1);
    CU_ASSERT_EQUAL(race_run(&race), 0);
    fixture_config()->pushes_queries_per_minute = 6000;
    CU_ASSERT_EQUAL(mock_server_requests(daraja.server), 1);
    CU_ASSERT_EQUAL(count_rows("payment", "next_check_at < UTC_TIMESTAMP(6)"), RACE_PUSHES - 1);
    daraja_end(&daraja);
}

static void a_push_without_an_end_becomes_unknown_where_deadlines_count(void)
{
    const struct turn no_deadlines = {.limit = 20, .may_expire = false};
    const struct push push = due_push(new_checkout());
    const struct mock_step step = step_result(push.checkout, "\"4999\"");

    row_set(&push.id, "created_at = UTC_TIMESTAMP(6) - INTERVAL 301 SECOND");
    CU_ASSERT_EQUAL(turn_with(step, &no_deadlines, NULL), 1);
    CU_ASSERT_TRUE(row_is(&push.id, "unknown_at IS NULL AND "
                                    "next_check_at < UTC_TIMESTAMP(6) + INTERVAL 61 SECOND"));
    is_due(&push);
    CU_ASSERT_EQUAL(turn_with(step, &usual, NULL), 1);
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'PENDING' AND unknown_at IS NOT NULL"));
    is_due(&push);
    CU_ASSERT_EQUAL(turn_with(step, &usual, NULL), 1);
    CU_ASSERT_TRUE(events_are(&push.id, "created,unknown"));
    CU_ASSERT_EQUAL(stk_state(&(struct stk){.checkout = push.checkout, .receipt = new_receipt()}),
                    INBOX_STATE_APPLIED);
    CU_ASSERT_TRUE(events_are(&push.id, "created,unknown,paid"));
}

static void a_push_becomes_unknown_too_while_there_are_no_slots(void)
{
    const struct push push = due_push(new_checkout());
    unsigned requests = 0;

    row_set(&push.id, "created_at = UTC_TIMESTAMP(6) - INTERVAL 301 SECOND");
    testdb_sql("UPDATE daraja_pace SET next_at = UTC_TIMESTAMP(6) + INTERVAL 60 SECOND");
    CU_ASSERT_EQUAL(turn_with(step_result(push.checkout, "\"0\""), &usual, &requests), 1);
    CU_ASSERT_EQUAL(requests, 0);
    CU_ASSERT_TRUE(row_is(&push.id, "unknown_at IS NOT NULL AND checks = 0 AND "
                                    "next_check_at < UTC_TIMESTAMP(6)"));
}

static void a_push_without_a_checkout_id_is_not_asked_about_and_becomes_unknown(void)
{
    const struct push push = due_push(STR_EMPTY);
    unsigned requests = 0;

    row_set(&push.id, "created_at = UTC_TIMESTAMP(6) - INTERVAL 301 SECOND");
    CU_ASSERT_EQUAL(turn_with(step_result(STR(""), "\"0\""), &usual, &requests), 1);
    CU_ASSERT_EQUAL(requests, 0);
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'PENDING' AND unknown_at IS NOT NULL"));
}

static void nobody_is_asked_about_a_push_any_more_after_query_hours(void)
{
    const struct push push = due_push(new_checkout());

    row_set(&push.id, "created_at = UTC_TIMESTAMP(6) - INTERVAL 25 HOUR");
    CU_ASSERT_EQUAL(turn_with(step_result(push.checkout, "\"4999\""), &usual, NULL), 1);
    CU_ASSERT_TRUE(row_is(&push.id, "unknown_at IS NOT NULL AND next_check_at IS NULL"));
}

static void proof_ends_after_days_and_with_it_what_is_held(void)
{
    const struct turn no_deadlines = {.limit = 20, .may_expire = false};
    const struct push push = due_push(new_checkout()), young = push_new(new_checkout());
    const struct str receipt = new_receipt();
    unsigned done;

    CU_ASSERT_EQUAL(c2b_state(&(struct c2b){.receipt = receipt, .account = "SOMETHING"}),
                    INBOX_STATE_APPLIED);
    CU_ASSERT_EQUAL(
        count_rows("payment", "mpesa_receipt_number = '%.*s' AND held = 1", STR_ARG(receipt)), 1);
    testdb_sql("UPDATE payment SET created_at = UTC_TIMESTAMP(6) - INTERVAL 8 DAY WHERE "
               "open_reference IS NOT NULL AND account_reference <> '%.*s'",
               STR_ARG(young.account));
    CU_ASSERT_EQUAL(push_proof_due(fixture(), &no_deadlines, &done), ERR_OK);
    CU_ASSERT_EQUAL(done, 0);
    CU_ASSERT_EQUAL(push_proof_due(fixture(), &usual, &done), ERR_OK);
    CU_ASSERT_TRUE(done >= 1);
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'PENDING' AND open_reference IS NULL AND "
                                    "next_check_at IS NULL"));
    CU_ASSERT_TRUE(events_are(&push.id, "created,money_held,proof_ended"));
    CU_ASSERT_TRUE(row_is(&young.id, "open_reference IS NOT NULL"));
    CU_ASSERT_EQUAL(push_proof_due(fixture(), &usual, &done), ERR_OK);
    CU_ASSERT_EQUAL(done, 0);
    row_set(&young.id, "open_reference = NULL");
    CU_ASSERT_EQUAL(hold_release_due(fixture(), &usual, &done), ERR_OK);
    CU_ASSERT_EQUAL(
        count_rows("payment", "mpesa_receipt_number = '%.*s' AND held = 0", STR_ARG(receipt)), 1);
}

/* The result of a push as somebody posts it to the plain path. */
static enum inbox_state plain(const struct push *push, struct str receipt)
{
    enum inbox_state state;

    fixture_config()->callbacks_plain_stk_trusted = false;
    state = stk_state(
        &(struct stk){.checkout = push->checkout, .receipt = receipt, .amount = "100.00"});
    fixture_config()->callbacks_plain_stk_trusted = true;
    return state;
}

/* One turn while results on plain paths are not believed. */
static void looked_at_untrusting(struct mock_step step)
{
    fixture_config()->callbacks_plain_stk_trusted = false;
    looked_at_with(step);
    fixture_config()->callbacks_plain_stk_trusted = true;
}

static void paid_on_a_plain_path_waits_for_a_query_that_agrees(void)
{
    const struct push push = due_push(new_checkout());
    const struct str receipt = new_receipt();

    row_set(&push.id, "next_check_at = UTC_TIMESTAMP(6) + INTERVAL 1 HOUR");
    CU_ASSERT_EQUAL(plain(&push, receipt), INBOX_STATE_WAITING);
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'PENDING' AND mpesa_receipt_number IS NULL AND "
                                    "next_check_at <= UTC_TIMESTAMP(6)"));
    looked_at_untrusting(step_result(push.checkout, "\"0\""));
    CU_ASSERT_TRUE(
        row_is(&push.id, "status = 'SUCCESS' AND mpesa_receipt_number = '%.*s'", STR_ARG(receipt)));
    CU_ASSERT_TRUE(events_are(&push.id, "created,paid,receipt_completed"));
    CU_ASSERT_EQUAL(count_rows("callback_inbox", "state = 'applied' AND body LIKE '%%%.*s%%'",
                               STR_ARG(receipt)),
                    1);
}

static void paid_on_a_plain_path_and_failed_by_a_query_is_for_a_person(void)
{
    const struct push push = due_push(new_checkout());
    const struct str receipt = new_receipt();

    CU_ASSERT_EQUAL(plain(&push, receipt), INBOX_STATE_WAITING);
    is_due(&push);
    looked_at_untrusting(step_result(push.checkout, "\"1032\""));
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'FAILED' AND conflict = 1"));
    CU_ASSERT_TRUE(events_are(&push.id, "created,failed,conflict"));
    CU_ASSERT_EQUAL(
        count_rows("payment", "mpesa_receipt_number = '%.*s' AND held = 1", STR_ARG(receipt)), 1);
    CU_ASSERT_EQUAL(count_rows("conflict", "kind = 'unproven' AND resolved_at IS NULL"), 1);
}

static void the_secret_in_the_path_proves_a_result(void)
{
    const struct push push = due_push(new_checkout());
    const struct stk stk = {.checkout = push.checkout, .receipt = new_receipt()};

    fixture_config()->callbacks_plain_stk_trusted = false;
    CU_ASSERT_EQUAL(post_stk(fixture(), push.token, stk_body(&stk)).state, INBOX_STATE_APPLIED);
    fixture_config()->callbacks_plain_stk_trusted = true;
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'SUCCESS'"));
}

static void finding_say(void *context, const struct history_finding *finding)
{
    (void)context;
    (void)fprintf(stderr, "%s\n", finding->what);
}

static void every_story_of_this_program_explains_its_payment(void)
{
    struct history_check check = {.report = finding_say};

    CU_ASSERT_EQUAL(history_check_all(fixture(), &check), ERR_OK);
    CU_ASSERT_EQUAL(check.differences, 0);
    CU_ASSERT_TRUE(check.payments > RACE_PUSHES);
}

static const struct tap_test tests[] = {
    TAP_TEST(pushes_are_looked_at_ever_more_rarely),
    TAP_TEST(a_query_that_says_paid_pays_the_push_without_a_receipt),
    TAP_TEST(a_query_with_a_listed_final_code_fails_the_push),
    TAP_TEST(an_answer_that_says_nothing_final_leaves_the_push_for_later),
    TAP_TEST(a_push_that_is_not_due_is_left_alone),
    TAP_TEST(several_runners_ask_once_about_each_push),
    TAP_TEST(all_runners_together_keep_to_the_limit),
    TAP_TEST(a_push_without_an_end_becomes_unknown_where_deadlines_count),
    TAP_TEST(a_push_becomes_unknown_too_while_there_are_no_slots),
    TAP_TEST(a_push_without_a_checkout_id_is_not_asked_about_and_becomes_unknown),
    TAP_TEST(nobody_is_asked_about_a_push_any_more_after_query_hours),
    TAP_TEST(proof_ends_after_days_and_with_it_what_is_held),
    TAP_TEST(paid_on_a_plain_path_waits_for_a_query_that_agrees),
    TAP_TEST(paid_on_a_plain_path_and_failed_by_a_query_is_for_a_person),
    TAP_TEST(the_secret_in_the_path_proves_a_result),
    TAP_TEST(every_story_of_this_program_explains_its_payment),
};

TESTDB_MAIN("push_check", tests)
