/* Starting pushes: one open prompt a phone, and not the same amount twice in a row. */
#include "risiti/base/base.h"

#include "risiti/domain/push.h"

#include <stdatomic.h>

#include "daraja_fixture.h"
#include "risiti/base/clock.h"
#include "risiti/domain/history.h"
#include "risiti/domain/push_check.h"
#include "risiti/domain/push_lock.h"

#define RACERS 64

static struct push_outcome outcome;

/* A phone that no other test uses. */
static struct phone new_phone(void)
{
    static unsigned count;
    char text[PHONE_TEXT_SIZE + 8];
    struct phone phone;
    enum err err;

    (void)snprintf(text, sizeof(text), "2547%08u", count++);
    err = phone_parse(str_from(text), &phone);
    ASSERT(err == ERR_OK);
    return phone;
}

static enum err push_by(struct service *service, const struct app *app, const struct phone *phone,
                        int64_t shillings)
{
    const struct push_request request = {
        .phone = *phone, .amount = {shillings * 100}, .reference = new_reference()};

    outcome = (struct push_outcome){.wait_s = 0};
    return push_start(service, app, &request, &outcome);
}

/* How many payments there are that ask this phone. */
static int64_t pushes_to(const struct phone *phone)
{
    return count_rows("payment", "phone_number = '%s'", phone->digits);
}

static void a_phone_with_an_open_prompt_gets_no_second(void)
{
    const struct mock_step steps[] = {step_accepted(), step_accepted()};
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct phone phone = new_phone();
    struct daraja_fixture daraja;
    struct uuid open;

    daraja_begin(&daraja, steps, ARRAY_LENGTH(steps));
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 10), ERR_OK);
    open = outcome.payment.id;
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 20), ERR_PUSH_OPEN);
    CU_ASSERT_TRUE(outcome.wait_s > 150 && outcome.wait_s <= PUSH_OPEN_S_MAX);
    CU_ASSERT_TRUE(outcome.has_open && uuid_equal(&outcome.payment.id, &open));
    CU_ASSERT_EQUAL(mock_server_requests(daraja.server), 1);
    CU_ASSERT_EQUAL(pushes_to(&phone), 1);
    daraja_end(&daraja);
}

static void another_app_is_not_told_whose_the_open_prompt_is(void)
{
    const struct mock_step steps[] = {step_accepted()};
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct app other = fixture_app(CLAIM_REQUIRES_NONE);
    const struct phone phone = new_phone();
    struct daraja_fixture daraja;

    daraja_begin(&daraja, steps, ARRAY_LENGTH(steps));
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 10), ERR_OK);
    CU_ASSERT_EQUAL(push_by(&daraja.service, &other, &phone, 20), ERR_PUSH_OPEN);
    CU_ASSERT_FALSE(outcome.has_open);
    CU_ASSERT_TRUE(uuid_is_zero(&outcome.payment.id));
    daraja_end(&daraja);
}

/* The result of the push that `outcome` names. */
static void result_post(const char *code, struct str receipt)
{
    const struct stk stk = {.checkout = outcome.payment.checkout_request_id,
                            .code = code,
                            .receipt = receipt,
                            .amount = "10.00"};

    CU_ASSERT_EQUAL(stk_state(&stk), INBOX_STATE_APPLIED);
}

static void the_end_of_a_push_frees_its_phone(const char *code, struct str receipt)
{
    const struct mock_step steps[] = {step_accepted(), step_accepted()};
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct phone phone = new_phone();
    struct daraja_fixture daraja;

    daraja_begin(&daraja, steps, ARRAY_LENGTH(steps));
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 10), ERR_OK);
    result_post(code, receipt);
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 10), ERR_PUSH_REPEATED);
    CU_ASSERT_TRUE(outcome.wait_s > 90 && outcome.wait_s <= PUSH_REPEAT_S);
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 20), ERR_OK);
    daraja_end(&daraja);
}

static void a_paid_push_frees_its_phone_for_other_amounts(void)
{
    the_end_of_a_push_frees_its_phone(NULL, new_receipt());
}

static void a_failed_push_frees_its_phone_for_other_amounts(void)
{
    the_end_of_a_push_frees_its_phone("1032", STR_EMPTY);
}

static void an_amount_is_remembered_past_pushes_of_other_amounts(void)
{
    const struct mock_step steps[] = {step_accepted(), step_accepted(), step_accepted()};
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct phone phone = new_phone();
    struct daraja_fixture daraja;

    daraja_begin(&daraja, steps, ARRAY_LENGTH(steps));
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 10), ERR_OK);
    result_post("1032", STR_EMPTY);
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 20), ERR_OK);
    result_post("1032", STR_EMPTY);
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 10), ERR_PUSH_REPEATED);
    daraja_end(&daraja);
}

static void a_confirmation_that_completes_a_push_frees_its_phone(void)
{
    const struct mock_step steps[] = {step_accepted(), step_accepted()};
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct phone phone = new_phone();
    struct daraja_fixture daraja;
    char account[16];
    struct c2b c2b = {.receipt = new_receipt(), .amount = "10.00", .account = account};

    daraja_begin(&daraja, steps, ARRAY_LENGTH(steps));
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 10), ERR_OK);
    CU_ASSERT_TRUE(str_copy(outcome.payment.account_reference, account, sizeof(account)));
    c2b.phone = phone.digits;
    CU_ASSERT_EQUAL(c2b_state(&c2b), INBOX_STATE_APPLIED);
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 20), ERR_OK);
    daraja_end(&daraja);
}

static void a_phone_is_free_after_three_minutes_of_silence(void)
{
    const struct mock_step steps[] = {step_accepted(), step_accepted()};
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct phone phone = new_phone();
    struct daraja_fixture daraja;

    daraja_begin(&daraja, steps, ARRAY_LENGTH(steps));
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 10), ERR_OK);
    testdb_sql("UPDATE push_lock SET taken_at = taken_at - INTERVAL 130 SECOND");
    testdb_sql("UPDATE push_recent SET taken_at = taken_at - INTERVAL 130 SECOND");
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 10), ERR_PUSH_OPEN);
    CU_ASSERT_TRUE(outcome.wait_s > 20 && outcome.wait_s <= 50);
    testdb_sql("UPDATE push_lock SET taken_at = taken_at - INTERVAL 51 SECOND");
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 10), ERR_OK);
    daraja_end(&daraja);
}

static void a_refused_push_stands_in_nobodys_way(void)
{
    const struct mock_step steps[] = {
        step_answer("400 Bad Request", "{\"requestId\":\"1\",\"errorCode\":\"400.002.02\","
                                       "\"errorMessage\":\"Bad Request - Invalid Amount\"}"),
        step_accepted()};
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct phone phone = new_phone();
    struct daraja_fixture daraja;

    daraja_begin(&daraja, steps, ARRAY_LENGTH(steps));
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 10), ERR_PUSH_REFUSED);
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 10), ERR_OK);
    daraja_end(&daraja);
}

static void a_push_that_was_not_sent_stands_in_nobodys_way(void)
{
    const struct mock_step steps[] = {step_accepted()};
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct phone phone = new_phone();
    struct daraja_fixture daraja;

    daraja_begin(&daraja, steps, ARRAY_LENGTH(steps));
    daraja_stop(&daraja);
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 10), ERR_DARAJA_DOWN);
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 10), ERR_DARAJA_DOWN);
    daraja_end(&daraja);
}

static void a_push_whose_answer_was_lost_keeps_its_phone(void)
{
    const struct mock_step steps[] = {{.action = MOCK_CLOSE}};
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct phone phone = new_phone();
    struct daraja_fixture daraja;

    daraja_begin(&daraja, steps, ARRAY_LENGTH(steps));
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 10), ERR_PUSH_UNKNOWN);
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 10), ERR_PUSH_OPEN);
    daraja_end(&daraja);
}

struct shared {
    struct app app;
    struct phone phone;
    atomic_int started, kept_apart;
};

static int push_race(struct service *service, int index, void *context)
{
    struct shared *shared = context;
    enum err err;

    service->daraja = daraja_client();
    if (service->daraja == NULL)
        return EXIT_FAILURE;
    err = push_by(service, &shared->app, &shared->phone, 10 + index);
    (void)atomic_fetch_add(&shared->started, err == ERR_OK);
    (void)atomic_fetch_add(&shared->kept_apart, err == ERR_PUSH_OPEN);
    daraja_free(service->daraja);
    return EXIT_SUCCESS;
}

static void of_many_pushes_to_a_phone_at_once_one_is_sent(void)
{
    const struct mock_step steps[] = {step_accepted()};
    struct shared *shared = race_memory(sizeof(*shared));
    const struct race race = {.run = push_race, .shared = shared, .processes = RACERS};
    struct daraja_fixture daraja;

    shared->app = fixture_app(CLAIM_REQUIRES_NONE);
    shared->phone = new_phone();
    daraja_begin(&daraja, steps, ARRAY_LENGTH(steps));
    CU_ASSERT_EQUAL(race_run(&race), 0);
    CU_ASSERT_EQUAL(atomic_load(&shared->started), 1);
    CU_ASSERT_EQUAL(atomic_load(&shared->kept_apart), RACERS - 1);
    CU_ASSERT_EQUAL(mock_server_requests(daraja.server), 1);
    CU_ASSERT_EQUAL(pushes_to(&shared->phone), 1);
    daraja_end(&daraja);
    race_memory_free(shared, sizeof(*shared));
}

static void what_keeps_nothing_apart_any_more_is_removed(void)
{
    const struct mock_step steps[] = {step_accepted()};
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct turn turn = {.limit = 1000};
    const struct phone phone = new_phone();
    struct daraja_fixture daraja;
    unsigned done;

    testdb_sql("UPDATE push_lock SET taken_at = taken_at - INTERVAL 2 HOUR");
    testdb_sql("UPDATE push_recent SET taken_at = taken_at - INTERVAL 2 HOUR");
    daraja_begin(&daraja, steps, ARRAY_LENGTH(steps));
    CU_ASSERT_EQUAL(push_by(&daraja.service, &app, &phone, 10), ERR_OK);
    CU_ASSERT_EQUAL(push_proof_due(&daraja.service, &turn, &done), ERR_OK);
    CU_ASSERT_EQUAL(count_rows("push_lock", "1 = 1"), 1);
    CU_ASSERT_EQUAL(count_rows("push_recent", "1 = 1"), 1);
    daraja_end(&daraja);
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
    CU_ASSERT_TRUE(check.payments > 10);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_phone_with_an_open_prompt_gets_no_second),
    TAP_TEST(another_app_is_not_told_whose_the_open_prompt_is),
    TAP_TEST(a_paid_push_frees_its_phone_for_other_amounts),
    TAP_TEST(a_failed_push_frees_its_phone_for_other_amounts),
    TAP_TEST(an_amount_is_remembered_past_pushes_of_other_amounts),
    TAP_TEST(a_confirmation_that_completes_a_push_frees_its_phone),
    TAP_TEST(a_phone_is_free_after_three_minutes_of_silence),
    TAP_TEST(a_refused_push_stands_in_nobodys_way),
    TAP_TEST(a_push_that_was_not_sent_stands_in_nobodys_way),
    TAP_TEST(a_push_whose_answer_was_lost_keeps_its_phone),
    TAP_TEST(of_many_pushes_to_a_phone_at_once_one_is_sent),
    TAP_TEST(what_keeps_nothing_apart_any_more_is_removed),
    TAP_TEST(every_story_of_this_program_explains_its_payment),
};

TESTDB_MAIN("push", tests)
