/* Contradictions: what each decision makes of the push and the money, and what none may. */
#include "risiti/base/base.h"

#include "risiti/domain/conflict.h"

#include "fixture.h"
#include "risiti/domain/claim.h"
#include "risiti/domain/history.h"

#define LIST_MAX 100

/* A push of 100 shillings that is in conflict with money. */
struct dispute {
    struct app app;
    struct uuid push, money, conflict;
    struct str checkout, receipt;
};

/* The newest conflict of the push. */
static struct conflict conflict_of(const struct uuid *push)
{
    struct conflict none = {.has_payment = false};
    struct conflicts conflicts;

    CU_ASSERT_EQUAL(conflict_list(fixture(), /* open_only= */ false, LIST_MAX, &conflicts), ERR_OK);
    for (size_t i = 0; i < conflicts.count; i++)
        if (uuid_equal(&conflicts.items[i].push_id, push))
            return conflicts.items[i];
    CU_ASSERT_TRUE(false);
    return none;
}

static struct dispute dispute_new(struct str receipt)
{
    struct dispute dispute = {
        .app = fixture_app(CLAIM_REQUIRES_NONE), .checkout = new_checkout(), .receipt = receipt};
    const struct str account = fixture_text("R");

    dispute.push = fixture_payment(&(struct seed){.app = &dispute.app,
                                                  .checkout = dispute.checkout,
                                                  .reference = account,
                                                  .account = account,
                                                  .is_open = true});
    return dispute;
}

static void dispute_read(struct dispute *dispute)
{
    const struct conflict conflict = conflict_of(&dispute->push);

    dispute->conflict = conflict.id;
    dispute->money = conflict.payment_id;
}

static enum inbox_state result_come(const struct dispute *dispute, struct str receipt,
                                    const char *amount, const char *phone)
{
    return stk_state(&(struct stk){
        .checkout = dispute->checkout, .receipt = receipt, .amount = amount, .phone = phone});
}

/* Daraja says that another amount was paid than asked. */
static struct dispute dispute_of_amount(void)
{
    struct dispute dispute = dispute_new(new_receipt());

    CU_ASSERT_EQUAL(result_come(&dispute, dispute.receipt, "70.00", PHONE), INBOX_STATE_CONFLICT);
    dispute_read(&dispute);
    return dispute;
}

/* Another app has used the money before the push's result came. */
static struct dispute dispute_of_claim(struct app *ret_other)
{
    struct dispute dispute = dispute_new(new_receipt());
    const struct app other = fixture_app(CLAIM_REQUIRES_NONE);
    const struct payment_selector selector = {.receipt = dispute.receipt};
    struct claim_result result;

    CU_ASSERT_EQUAL(c2b_state(&(struct c2b){.receipt = dispute.receipt, .phone = OTHER_PHONE}),
                    INBOX_STATE_APPLIED);
    CU_ASSERT_EQUAL(claim_payment(fixture(), &other, &selector, &result), ERR_OK);
    CU_ASSERT_EQUAL(result_come(&dispute, dispute.receipt, "100.00", PHONE), INBOX_STATE_CONFLICT);
    dispute_read(&dispute);
    *ret_other = other;
    return dispute;
}

static enum err decide(const struct dispute *dispute, enum conflict_decision decision)
{
    return conflict_decide(fixture(), &dispute->conflict, decision, STR("asha"));
}

static enum err claim_receipt(const struct app *app, struct str receipt)
{
    const struct payment_selector selector = {.receipt = receipt};
    struct claim_result result;

    return claim_payment(fixture(), app, &selector, &result);
}

static bool is_owner(const struct uuid *payment, const struct app *app)
{
    return row_is(payment, "app_id = (SELECT id FROM app WHERE name = '%.*s')", STR_ARG(app->name));
}

static void a_contradiction_keeps_its_money_for_a_person(void)
{
    const struct dispute dispute = dispute_of_amount();

    CU_ASSERT_TRUE(row_is(&dispute.money,
                          "held = 1 AND conflict = 1 AND amount = 70.00 AND "
                          "mpesa_receipt_number = '%.*s' AND status = 'SUCCESS' AND "
                          "app_id = UNHEX('00000000000070008000000000000001')",
                          STR_ARG(dispute.receipt)));
    CU_ASSERT_TRUE(row_is(&dispute.push, "status = 'PENDING' AND conflict = 1"));
    CU_ASSERT_TRUE(events_are(&dispute.money, "received_disputed"));
    CU_ASSERT_TRUE(events_are(&dispute.push, "created,conflict"));
    CU_ASSERT_EQUAL(claim_receipt(&dispute.app, dispute.receipt), ERR_NOT_FOUND);
}

static void a_contradiction_that_comes_again_changes_nothing(void)
{
    const struct dispute dispute = dispute_of_amount();

    CU_ASSERT_EQUAL(result_come(&dispute, dispute.receipt, "70.00", PHONE), INBOX_STATE_CONFLICT);
    CU_ASSERT_TRUE(row_is(&dispute.money, "version = 1") && row_is(&dispute.push, "version = 2"));
    CU_ASSERT_EQUAL(decide(&dispute, CONFLICT_RELEASE), ERR_OK);
    CU_ASSERT_EQUAL(result_come(&dispute, dispute.receipt, "70.00", PHONE), INBOX_STATE_CONFLICT);
    CU_ASSERT_TRUE(row_is(&dispute.money, "held = 0 AND conflict = 0"));
    CU_ASSERT_EQUAL(count_rows("conflict JOIN payment ON payment.id = push_id",
                               "checkout_request_id = '%.*s'", STR_ARG(dispute.checkout)),
                    1);
}

static void money_that_came_as_a_confirmation_first_is_kept_too(void)
{
    struct dispute dispute = dispute_new(new_receipt());

    CU_ASSERT_EQUAL(
        c2b_state(&(struct c2b){.receipt = dispute.receipt, .amount = "70.00", .account = "X"}),
        INBOX_STATE_APPLIED);
    CU_ASSERT_EQUAL(result_come(&dispute, dispute.receipt, "70.00", PHONE), INBOX_STATE_CONFLICT);
    dispute_read(&dispute);
    CU_ASSERT_TRUE(row_is(&dispute.money, "held = 1 AND conflict = 1"));
    CU_ASSERT_TRUE(events_are(&dispute.money, "received,disputed"));
}

static void another_payer_is_a_contradiction(void)
{
    struct dispute dispute = dispute_new(new_receipt());

    CU_ASSERT_EQUAL(result_come(&dispute, dispute.receipt, "100.00", OTHER_PHONE),
                    INBOX_STATE_CONFLICT);
    dispute_read(&dispute);
    CU_ASSERT_EQUAL(conflict_of(&dispute.push).kind, CONFLICT_PHONE);
    CU_ASSERT_TRUE(row_is(&dispute.money, "held = 1 AND conflict = 1 AND "
                                          "phone_number = '" OTHER_PHONE "'"));
}

static void released_money_is_anybodys(void)
{
    const struct dispute dispute = dispute_of_amount();
    const struct app other = fixture_app(CLAIM_REQUIRES_NONE);

    CU_ASSERT_EQUAL(decide(&dispute, CONFLICT_RELEASE), ERR_OK);
    CU_ASSERT_TRUE(row_is(&dispute.push, "status = 'PENDING' AND conflict = 0"));
    CU_ASSERT_TRUE(events_are(&dispute.push, "created,conflict,conflict_resolved"));
    CU_ASSERT_EQUAL(claim_receipt(&other, dispute.receipt), ERR_OK);
    CU_ASSERT_TRUE(events_are(&dispute.money, "received_disputed,conflict_resolved,claimed"));
    CU_ASSERT_EQUAL(count_rows("conflict", "decision = 'release' AND decided_by = 'asha' AND "
                                           "resolved_at IS NOT NULL"),
                    2);
}

static void moved_money_is_one_payment_with_the_push(void)
{
    const struct dispute dispute = dispute_of_amount();
    const struct app other = fixture_app(CLAIM_REQUIRES_NONE);

    CU_ASSERT_EQUAL(decide(&dispute, CONFLICT_MOVE), ERR_OK);
    CU_ASSERT_TRUE(row_is(&dispute.money,
                          "held = 0 AND conflict = 0 AND amount = 70.00 AND "
                          "checkout_request_id = '%.*s' AND external_reference IS NOT NULL",
                          STR_ARG(dispute.checkout)));
    CU_ASSERT_TRUE(is_owner(&dispute.money, &dispute.app));
    CU_ASSERT_TRUE(row_is(&dispute.push, "merged_into IS NOT NULL"));
    CU_ASSERT_EQUAL(claim_receipt(&other, dispute.receipt), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(claim_receipt(&dispute.app, dispute.receipt), ERR_OK);
}

static void a_failed_push_leaves_its_money_free(void)
{
    const struct dispute dispute = dispute_of_amount();
    const struct app other = fixture_app(CLAIM_REQUIRES_NONE);

    CU_ASSERT_EQUAL(decide(&dispute, CONFLICT_FAIL), ERR_OK);
    CU_ASSERT_TRUE(row_is(&dispute.push, "status = 'FAILED' AND result_code = 'OPERATOR' AND "
                                         "open_reference IS NULL"));
    CU_ASSERT_EQUAL(claim_receipt(&other, dispute.receipt), ERR_OK);
}

static void a_second_receipt_can_be_given_to_the_app(void)
{
    struct dispute dispute = dispute_new(new_receipt());
    const struct str first = new_receipt();

    CU_ASSERT_EQUAL(result_come(&dispute, first, "100.00", PHONE), INBOX_STATE_APPLIED);
    CU_ASSERT_EQUAL(result_come(&dispute, dispute.receipt, "100.00", PHONE), INBOX_STATE_CONFLICT);
    dispute_read(&dispute);
    CU_ASSERT_EQUAL(decide(&dispute, CONFLICT_FAIL), ERR_STATE);
    CU_ASSERT_EQUAL(decide(&dispute, CONFLICT_MOVE), ERR_OK);
    CU_ASSERT_TRUE(row_is(&dispute.push, "conflict = 0 AND merged_into IS NULL"));
    CU_ASSERT_EQUAL(claim_receipt(&dispute.app, first), ERR_OK);
    CU_ASSERT_EQUAL(claim_receipt(&dispute.app, dispute.receipt), ERR_OK);
}

static void money_that_another_app_has_used_can_be_moved_but_not_used_again(void)
{
    struct app other;
    const struct dispute dispute = dispute_of_claim(&other);

    CU_ASSERT_TRUE(row_is(&dispute.push, "status = 'PENDING' AND conflict = 1"));
    CU_ASSERT_TRUE(is_owner(&dispute.money, &other));
    CU_ASSERT_EQUAL(decide(&dispute, CONFLICT_MOVE), ERR_OK);
    CU_ASSERT_TRUE(is_owner(&dispute.money, &dispute.app));
    CU_ASSERT_TRUE(row_is(&dispute.money, "claimed = 1"));
    CU_ASSERT_EQUAL(claim_receipt(&dispute.app, dispute.receipt), ERR_ALREADY_CLAIMED);
    CU_ASSERT_EQUAL(claim_receipt(&other, dispute.receipt), ERR_NOT_FOUND);
}

static void money_that_another_app_has_used_can_stay_its(void)
{
    struct app other;
    const struct dispute dispute = dispute_of_claim(&other);

    CU_ASSERT_EQUAL(decide(&dispute, CONFLICT_FAIL), ERR_OK);
    CU_ASSERT_TRUE(is_owner(&dispute.money, &other));
    CU_ASSERT_TRUE(row_is(&dispute.push, "status = 'FAILED' AND conflict = 0"));
}

static void money_that_was_used_joins_a_push_that_awaits_its_receipt(void)
{
    const struct app other = fixture_app(CLAIM_REQUIRES_NONE);
    struct dispute dispute = dispute_new(new_receipt());
    const struct payment_selector selector = {.receipt = dispute.receipt};
    struct claim_result result;

    CU_ASSERT_EQUAL(c2b_state(&(struct c2b){.receipt = dispute.receipt, .phone = OTHER_PHONE}),
                    INBOX_STATE_APPLIED);
    CU_ASSERT_EQUAL(claim_payment(fixture(), &other, &selector, &result), ERR_OK);
    CU_ASSERT_EQUAL(result_come(&dispute, STR_EMPTY, "100.00", PHONE), INBOX_STATE_APPLIED);
    CU_ASSERT_EQUAL(result_come(&dispute, dispute.receipt, "100.00", PHONE), INBOX_STATE_CONFLICT);
    dispute_read(&dispute);
    CU_ASSERT_EQUAL(decide(&dispute, CONFLICT_MOVE), ERR_OK);
    CU_ASSERT_TRUE(is_owner(&dispute.money, &dispute.app));
    CU_ASSERT_TRUE(row_is(&dispute.push, "merged_into IS NOT NULL"));
    CU_ASSERT_EQUAL(claim_receipt(&dispute.app, dispute.receipt), ERR_ALREADY_CLAIMED);
}

static void a_decision_is_made_once(void)
{
    const struct dispute dispute = dispute_of_amount();
    const struct uuid unknown = {{7}};

    CU_ASSERT_EQUAL(decide(&dispute, CONFLICT_PROVEN), ERR_STATE);
    CU_ASSERT_EQUAL(decide(&dispute, CONFLICT_RELEASE), ERR_OK);
    CU_ASSERT_EQUAL(decide(&dispute, CONFLICT_MOVE), ERR_STATE);
    CU_ASSERT_EQUAL(conflict_decide(fixture(), &unknown, CONFLICT_RELEASE, STR("asha")),
                    ERR_NOT_FOUND);
}

static void finding_say(void *context, const struct history_finding *finding)
{
    char id[UUID_TEXT_SIZE];

    (void)context; /* standard output is enough */
    printf("# %s: %s\n", uuid_format(&finding->payment_id, id), finding->what);
}

static void every_story_of_this_program_explains_its_payment(void)
{
    struct history_check check = {.report = finding_say};

    CU_ASSERT_EQUAL(history_check_all(fixture(), &check), ERR_OK);
    CU_ASSERT_EQUAL(check.differences, 0);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_contradiction_keeps_its_money_for_a_person),
    TAP_TEST(a_contradiction_that_comes_again_changes_nothing),
    TAP_TEST(money_that_came_as_a_confirmation_first_is_kept_too),
    TAP_TEST(another_payer_is_a_contradiction),
    TAP_TEST(released_money_is_anybodys),
    TAP_TEST(moved_money_is_one_payment_with_the_push),
    TAP_TEST(a_failed_push_leaves_its_money_free),
    TAP_TEST(a_second_receipt_can_be_given_to_the_app),
    TAP_TEST(money_that_another_app_has_used_can_be_moved_but_not_used_again),
    TAP_TEST(money_that_another_app_has_used_can_stay_its),
    TAP_TEST(money_that_was_used_joins_a_push_that_awaits_its_receipt),
    TAP_TEST(a_decision_is_made_once),
    TAP_TEST(every_story_of_this_program_explains_its_payment),
};

TESTDB_MAIN("conflict", tests)
