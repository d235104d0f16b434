/* Money that may be a push's: twins and holds, in both orders and at the same instant. */
#include "risiti/base/base.h"

#include "risiti/domain/intake.h"

#include <stdatomic.h>

#include "fixture.h"
#include "risiti/base/clock.h"
#include "risiti/domain/claim.h"
#include "risiti/domain/history.h"
#include "risiti/domain/hold.h"

#define RACE_ROUNDS 100
/* PHONE, as Daraja reports it: v2's mask, v1's SHA-256, and that masked in its middle. */
#define MASKED "2547 ***** 678"
#define HASHED "7132104d6aae9c3fac82095a42c2817952bca48e09d98d5bf4ac08218982fb90"
#define HASH_MASKED "713210*****82fb90"

static const enum inbox_state applied = INBOX_STATE_APPLIED;
static const enum inbox_state repeated = INBOX_STATE_REPEATED;
static const enum inbox_state conflict = INBOX_STATE_CONFLICT;

/* An unsettled push of 100 shillings by PHONE. */
struct push {
    struct app app;
    struct uuid id;
    struct str checkout, account;
};

/* Amounts of their own keep the tests apart: holds look at every unsettled push. */
static int64_t next_cents(void)
{
    static int64_t cents = 1000000;

    cents += 100;
    return cents;
}

static const char *amount_text(int64_t cents)
{
    static char text[MONEY_TEXT_SIZE];

    return money_format_decimal((struct money){cents}, text);
}

static struct push push_new(const char *short_code, int64_t cents)
{
    struct push push = {.app = fixture_app(CLAIM_REQUIRES_NONE), .checkout = new_checkout()};

    push.account = fixture_text("R");
    push.id = fixture_payment(&(struct seed){.app = &push.app,
                                             .checkout = push.checkout,
                                             .reference = push.account,
                                             .account = push.account,
                                             .short_code = short_code,
                                             .cents = cents,
                                             .is_open = true});
    return push;
}

static enum inbox_state paid(const struct push *push, struct str receipt, int64_t cents)
{
    return stk_state(&(struct stk){.checkout = push->checkout,
                                   .receipt = receipt,
                                   .amount = amount_text(cents),
                                   .phone = PHONE});
}

static enum inbox_state failed(const struct push *push)
{
    return stk_state(&(struct stk){.checkout = push->checkout, .code = "1032"});
}

static struct callback_effect confirmed(const char *short_code, struct str receipt, int64_t cents,
                                        const char *account, const char *phone)
{
    return post_c2b(fixture(), c2b_body(&(struct c2b){.receipt = receipt,
                                                      .amount = amount_text(cents),
                                                      .short_code = short_code,
                                                      .account = account,
                                                      .phone = phone}));
}

static enum err claim_receipt(const struct app *app, struct str receipt)
{
    const struct payment_selector selector = {.receipt = receipt};
    struct claim_result result;

    return claim_payment(fixture(), app, &selector, &result);
}

static enum err claim_id(const struct app *app, const struct uuid *id)
{
    const struct payment_selector selector = {.has_payment_id = true, .payment_id = *id};
    struct claim_result result;

    return claim_payment(fixture(), app, &selector, &result);
}

static unsigned holds_release(bool may_expire)
{
    unsigned done = 0;

    CU_ASSERT_EQUAL(
        hold_release_due(fixture(), &(struct turn){.limit = 100, .may_expire = may_expire}, &done),
        ERR_OK);
    return done;
}

static void finding_say(void *context, const struct history_finding *finding)
{
    char id[UUID_TEXT_SIZE];

    (void)context; /* standard output is enough */
    printf("# %s: %s\n", uuid_format(&finding->payment_id, id), finding->what);
}

static void money_that_names_a_push_completes_it(void)
{
    static const char *const phones[] = {PHONE, MASKED, "", HASHED, HASH_MASKED};

    for (size_t i = 0; i < ARRAY_LENGTH(phones); i++) {
        const int64_t cents = next_cents();
        const struct push push = push_new(PAYBILL, cents);
        const struct str receipt = new_receipt();
        char account[64];
        const struct callback_effect effect = confirmed(
            PAYBILL, receipt, cents,
            (snprintf(account, sizeof(account), " %s ", push.account.data), account), phones[i]);

        CU_ASSERT_EQUAL(effect.state, applied);
        CU_ASSERT_TRUE(uuid_equal(&effect.payment_id, &push.id));
        CU_ASSERT_TRUE(row_is(&push.id,
                              "status = 'SUCCESS' AND mpesa_receipt_number = '%.*s' AND "
                              "open_reference IS NULL AND payment_type = 'STK'",
                              STR_ARG(receipt)));
        CU_ASSERT_TRUE(events_are(&push.id, "created,paid"));
        CU_ASSERT_EQUAL(confirmed(PAYBILL, receipt, cents, account, phones[i]).state, repeated);
        CU_ASSERT_EQUAL(paid(&push, receipt, cents), repeated);
        CU_ASSERT_EQUAL(failed(&push), conflict);
        CU_ASSERT_EQUAL(claim_receipt(&push.app, receipt), ERR_OK);
    }
}

static void a_push_whose_answer_was_lost_learns_its_checkout_id_late(void)
{
    const int64_t cents = next_cents();
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str token = fixture_token(), account = fixture_text("R");
    const struct str receipt = new_receipt(), checkout = new_checkout();
    const struct uuid id = fixture_payment(&(struct seed){
        .app = &app, .token = token, .account = account, .cents = cents, .is_open = true});

    CU_ASSERT_EQUAL(confirmed(PAYBILL, receipt, cents, account.data, PHONE).state, applied);
    CU_ASSERT_EQUAL(
        post_stk(fixture(), token,
                 stk_body(&(struct stk){
                     .checkout = checkout, .receipt = receipt, .amount = amount_text(cents)}))
            .state,
        applied);
    CU_ASSERT_TRUE(
        row_is(&id, "checkout_request_id = '%.*s' AND result_code = '0'", STR_ARG(checkout)));
    CU_ASSERT_TRUE(events_are(&id, "created,paid,checkout_known"));
}

static void the_reference_with_another_amount_is_other_money(void)
{
    const int64_t cents = next_cents();
    const struct push push = push_new(PAYBILL, cents);
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt();

    CU_ASSERT_EQUAL(confirmed(PAYBILL, receipt, next_cents(), push.account.data, PHONE).state,
                    applied);
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'PENDING' AND version = 1"));
    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_OK);
}

static void the_reference_paid_by_another_phone_waits_for_a_person(void)
{
    const int64_t cents = next_cents();
    const struct push push = push_new(PAYBILL, cents);
    const struct str receipt = new_receipt();
    const struct callback_effect effect =
        confirmed(PAYBILL, receipt, cents, push.account.data, OTHER_PHONE);

    CU_ASSERT_EQUAL(effect.state, conflict);
    CU_ASSERT_TRUE(row_is(&effect.payment_id,
                          "held = 1 AND conflict = 1 AND claimed = 0 AND "
                          "app_id = UNHEX('00000000000070008000000000000001')"));
    CU_ASSERT_TRUE(events_are(&effect.payment_id, "received_disputed"));
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'PENDING' AND conflict = 1"));
    CU_ASSERT_EQUAL(claim_receipt(&push.app, receipt), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(count_rows("conflict JOIN payment ON payment.id = payment_id",
                               "mpesa_receipt_number = '%.*s' AND kind = 'phone' AND "
                               "resolved_at IS NULL",
                               STR_ARG(receipt)),
                    1);
    CU_ASSERT_EQUAL(holds_release(true), 0);
    /* Daraja says of the push itself that this receipt is its. */
    CU_ASSERT_EQUAL(paid(&push, receipt, cents), applied);
    CU_ASSERT_TRUE(row_is(&push.id,
                          "status = 'SUCCESS' AND conflict = 0 AND mpesa_receipt_number = '%.*s'",
                          STR_ARG(receipt)));
    CU_ASSERT_TRUE(row_is(&effect.payment_id, "merged_into IS NOT NULL AND held = 0"));
    CU_ASSERT_EQUAL(count_rows("conflict",
                               "decision = 'proven' AND push_id = "
                               "(SELECT id FROM payment WHERE "
                               "mpesa_receipt_number = '%.*s')",
                               STR_ARG(receipt)),
                    1);
    CU_ASSERT_EQUAL(claim_receipt(&push.app, receipt), ERR_OK);
}

static void money_like_a_push_is_held_until_the_result_names_it(void)
{
    static const char *const phones[] = {PHONE, MASKED, "", HASHED, HASH_MASKED};

    for (size_t i = 0; i < ARRAY_LENGTH(phones); i++) {
        const int64_t cents = next_cents();
        const struct push push = push_new(TILL, cents);
        const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
        const struct str receipt = new_receipt();
        const struct callback_effect effect = confirmed(TILL, receipt, cents, "", phones[i]);

        CU_ASSERT_EQUAL(effect.state, applied);
        CU_ASSERT_TRUE(row_is(&effect.payment_id, "held = 1 AND conflict = 0 AND held_until > "
                                                  "UTC_TIMESTAMP() + INTERVAL 23 HOUR"));
        CU_ASSERT_TRUE(events_are(&effect.payment_id, "received_held"));
        CU_ASSERT_TRUE(events_are(&push.id, "created,money_held"));
        CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_NOT_FOUND);
        CU_ASSERT_EQUAL(claim_receipt(&push.app, receipt), ERR_NOT_FOUND);
        CU_ASSERT_EQUAL(holds_release(true), 0);
        CU_ASSERT_EQUAL(paid(&push, receipt, cents), applied);
        CU_ASSERT_TRUE(row_is(&effect.payment_id, "merged_into IS NOT NULL AND held = 0"));
        CU_ASSERT_EQUAL(holds_release(true), 0);
        CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_NOT_FOUND);
        CU_ASSERT_EQUAL(claim_receipt(&push.app, receipt), ERR_OK);
    }
}

static void money_unlike_every_push_is_free(void)
{
    const int64_t cents = next_cents();
    const struct push push = push_new(TILL, cents);
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str other_phone = new_receipt(), other_amount = new_receipt();
    const struct str other_code = new_receipt(), other_mask = new_receipt();

    CU_ASSERT_EQUAL(confirmed(TILL, other_phone, cents, "", OTHER_PHONE).state, applied);
    CU_ASSERT_EQUAL(confirmed(TILL, other_mask, cents, "", "2547 ***** 679").state, applied);
    CU_ASSERT_EQUAL(confirmed(TILL, other_amount, next_cents(), "", PHONE).state, applied);
    CU_ASSERT_EQUAL(confirmed(PAYBILL, other_code, cents, "", PHONE).state, applied);
    CU_ASSERT_EQUAL(claim_receipt(&app, other_phone), ERR_OK);
    CU_ASSERT_EQUAL(claim_receipt(&app, other_mask), ERR_OK);
    CU_ASSERT_EQUAL(claim_receipt(&app, other_amount), ERR_OK);
    CU_ASSERT_EQUAL(claim_receipt(&app, other_code), ERR_OK);
    CU_ASSERT_TRUE(row_is(&push.id, "version = 1"));
}

static void money_like_several_pushes_is_free_when_all_have_settled(void)
{
    const int64_t cents = next_cents();
    const struct push first = push_new(TILL, cents), second = push_new(TILL, cents);
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt();
    const struct callback_effect effect = confirmed(TILL, receipt, cents, "", MASKED);

    CU_ASSERT_EQUAL(count_rows("payment_hold JOIN payment ON payment.id = payment_id",
                               "mpesa_receipt_number = '%.*s'", STR_ARG(receipt)),
                    2);
    CU_ASSERT_EQUAL(failed(&first), applied);
    CU_ASSERT_EQUAL(holds_release(true), 0);
    CU_ASSERT_EQUAL(paid(&second, new_receipt(), cents), applied);
    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(holds_release(false), 1);
    CU_ASSERT_TRUE(events_are(&effect.payment_id, "received_held,released"));
    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_OK);
    CU_ASSERT_EQUAL(holds_release(true), 0);
}

static void a_hold_ends_with_its_time_where_deadlines_count(void)
{
    const int64_t cents = next_cents();
    const struct push push = push_new(TILL, cents);
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt();
    const struct callback_effect effect = confirmed(TILL, receipt, cents, "", PHONE);

    row_set(&effect.payment_id, "held_until = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND");
    CU_ASSERT_EQUAL(holds_release(false), 0);
    CU_ASSERT_EQUAL(holds_release(true), 1);
    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_OK);
    /* The push's own result comes after that: the claim stands, and a person decides. */
    CU_ASSERT_EQUAL(paid(&push, receipt, cents), conflict);
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'PENDING' AND conflict = 1"));
    CU_ASSERT_EQUAL(count_rows("conflict",
                               "kind = 'claimed_elsewhere' AND payment_id = "
                               "(SELECT id FROM payment WHERE "
                               "mpesa_receipt_number = '%.*s')",
                               STR_ARG(receipt)),
                    1);
}

static void money_of_a_push_that_awaits_its_receipt_is_not_counted_twice(void)
{
    const int64_t cents = next_cents();
    const struct push push = push_new(TILL, cents);
    const struct str receipt = new_receipt();
    struct callback_effect effect;

    CU_ASSERT_EQUAL(paid(&push, STR_EMPTY, cents), applied);
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'SUCCESS' AND open_reference IS NOT NULL"));
    effect = confirmed(TILL, receipt, cents, "", MASKED);
    row_set(&effect.payment_id, "held_until = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND");
    CU_ASSERT_EQUAL(holds_release(true), 1);
    CU_ASSERT_TRUE(row_is(&effect.payment_id, "held = 1 AND conflict = 1"));
    CU_ASSERT_TRUE(events_are(&effect.payment_id, "received_held,disputed"));
    CU_ASSERT_EQUAL(claim_receipt(&push.app, receipt), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(holds_release(true), 0);
}

static void a_claimed_push_still_takes_the_receipt_that_it_awaits(void)
{
    const int64_t cents = next_cents();
    const struct push push = push_new(PAYBILL, cents);
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt();

    CU_ASSERT_EQUAL(paid(&push, STR_EMPTY, cents), applied);
    CU_ASSERT_EQUAL(claim_id(&push.app, &push.id), ERR_OK);
    CU_ASSERT_EQUAL(confirmed(PAYBILL, receipt, cents, push.account.data, MASKED).state, applied);
    CU_ASSERT_TRUE(events_are(&push.id, "created,paid,claimed,receipt_completed"));
    CU_ASSERT_EQUAL(count_rows("claim", "receipt = '%.*s'", STR_ARG(receipt)), 1);
    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(claim_receipt(&push.app, receipt), ERR_ALREADY_CLAIMED);
}

/* A push and the money of it: the result and the confirmation come at the same instant. */
struct twins {
    char checkouts[RACE_ROUNDS][32], accounts[RACE_ROUNDS][32], receipts[RACE_ROUNDS][32];
    int64_t cents[RACE_ROUNDS];
    const char *short_code;
    atomic_int arrived[RACE_ROUNDS];
};

static int race_twins(struct service *service, int index, void *shared)
{
    struct twins *twins = shared;
    bool is_till = strcmp(twins->short_code, TILL) == 0;

    for (size_t i = 0; i < RACE_ROUNDS; i++) {
        char amount[32];
        const struct str receipt = str_from(twins->receipts[i]);
        const struct stk stk = {.checkout = str_from(twins->checkouts[i]),
                                .receipt = receipt,
                                .amount = amount,
                                .phone = PHONE};
        const struct c2b c2b = {.receipt = receipt,
                                .amount = amount,
                                .short_code = twins->short_code,
                                .account = is_till ? "" : twins->accounts[i],
                                .phone = MASKED};

        (void)snprintf(amount, sizeof(amount), "%lld.00", (long long)twins->cents[i] / 100);
        (void)atomic_fetch_add(&twins->arrived[i], 1);
        while (atomic_load(&twins->arrived[i]) < 2)
            ; /* both leave at once */
        if (index == 0)
            (void)post_stk(service, STR_EMPTY, stk_body(&stk));
        else
            (void)post_c2b(service, c2b_body(&c2b));
        arena_reset(service->arena);
    }
    return 0;
}

static void twins_race(const char *short_code)
{
    struct twins *twins = race_memory(sizeof(*twins));
    struct push push = {.account = STR_EMPTY};

    twins->short_code = short_code;
    for (size_t i = 0; i < RACE_ROUNDS; i++) {
        twins->cents[i] = next_cents();
        push = push_new(short_code, twins->cents[i]);
        CU_ASSERT_TRUE(str_copy(push.checkout, twins->checkouts[i], sizeof(twins->checkouts[i])));
        CU_ASSERT_TRUE(str_copy(push.account, twins->accounts[i], sizeof(twins->accounts[i])));
        CU_ASSERT_TRUE(str_copy(new_receipt(), twins->receipts[i], sizeof(twins->receipts[i])));
    }
    CU_ASSERT_EQUAL(race_run(&(struct race){race_twins, twins, 2}), 0);
    for (size_t i = 0; i < RACE_ROUNDS; i++)
        CU_ASSERT_EQUAL(count_rows("payment",
                                   "mpesa_receipt_number = '%s' AND checkout_request_id = '%s' AND "
                                   "status = 'SUCCESS' AND held = 0 AND conflict = 0",
                                   twins->receipts[i], twins->checkouts[i]),
                        1);
    CU_ASSERT_EQUAL(holds_release(true), 0);
    race_memory_free(twins, sizeof(*twins));
}

static void twins_of_a_paybill_at_the_same_instant_are_one_payment(void)
{
    twins_race(PAYBILL);
}

static void twins_of_a_till_at_the_same_instant_are_one_payment(void)
{
    twins_race(TILL);
}

static void every_story_of_this_program_explains_its_payment(void)
{
    struct history_check check = {.report = finding_say};

    CU_ASSERT_EQUAL(history_check_all(fixture(), &check), ERR_OK);
    CU_ASSERT_EQUAL(check.differences, 0);
    CU_ASSERT_TRUE(check.payments > 2 * RACE_ROUNDS);
}

static const struct tap_test tests[] = {
    TAP_TEST(money_that_names_a_push_completes_it),
    TAP_TEST(a_push_whose_answer_was_lost_learns_its_checkout_id_late),
    TAP_TEST(the_reference_with_another_amount_is_other_money),
    TAP_TEST(the_reference_paid_by_another_phone_waits_for_a_person),
    TAP_TEST(money_like_a_push_is_held_until_the_result_names_it),
    TAP_TEST(money_unlike_every_push_is_free),
    TAP_TEST(money_like_several_pushes_is_free_when_all_have_settled),
    TAP_TEST(a_hold_ends_with_its_time_where_deadlines_count),
    TAP_TEST(money_of_a_push_that_awaits_its_receipt_is_not_counted_twice),
    TAP_TEST(a_claimed_push_still_takes_the_receipt_that_it_awaits),
    TAP_TEST(twins_of_a_paybill_at_the_same_instant_are_one_payment),
    TAP_TEST(twins_of_a_till_at_the_same_instant_are_one_payment),
    TAP_TEST(every_story_of_this_program_explains_its_payment),
};

TESTDB_MAIN("intake", tests)
