/* STK results: what each does to its push, and to a C2B confirmation of the same money. */
#include "risiti/base/base.h"

#include "risiti/domain/callback.h"

#include <stdatomic.h>

#include "fixture.h"
#include "risiti/base/clock.h"
#include "risiti/domain/claim.h"
#include "testproxy.h"

#define TWIN_ROUNDS 200
#define CUTS_PER_KIND 15

static const enum inbox_state applied = INBOX_STATE_APPLIED;
static const enum inbox_state repeated = INBOX_STATE_REPEATED;
static const enum inbox_state conflict = INBOX_STATE_CONFLICT;

/* A push of 100 shillings that waits for its result, and what its result needs. */
struct push {
    struct app app;
    struct uuid id;
    struct str checkout, token, reference;
};

static struct push push_new_as(struct seed seed)
{
    struct push push = {.app = fixture_app(CLAIM_REQUIRES_NONE),
                        .checkout = new_checkout(),
                        .token = fixture_token(),
                        .reference = new_reference()};

    seed.app = &push.app;
    seed.reference = push.reference;
    seed.token = push.token;
    push.id = fixture_payment(&seed);
    return push;
}

/* Daraja has accepted it and given it a checkout id. */
static struct push push_new(void)
{
    struct str checkout = new_checkout();
    struct push push = push_new_as((struct seed){.checkout = checkout});

    push.checkout = checkout;
    return push;
}

static enum inbox_state paid(const struct push *push, struct str receipt)
{
    return stk_state(&(struct stk){
        .checkout = push->checkout, .receipt = receipt, .amount = "100.00", .phone = PHONE});
}

static enum inbox_state failed(const struct push *push, const char *code)
{
    return stk_state(&(struct stk){.checkout = push->checkout, .code = code});
}

static enum inbox_state confirmed(struct str receipt)
{
    return c2b_state(&(struct c2b){.receipt = receipt});
}

static enum err claim_receipt(const struct app *app, struct str receipt)
{
    const struct payment_selector selector = {.receipt = receipt};
    struct claim_result result;

    return claim_payment(fixture(), app, &selector, &result);
}

/* How many payments stand for this money: not merged into another. */
static int64_t live_with(struct str receipt)
{
    return count_rows("payment", "mpesa_receipt_number = '%.*s' AND merged_into IS NULL",
                      STR_ARG(receipt));
}

static void a_paid_result_completes_its_push(void)
{
    const struct push push = push_new();
    const struct str receipt = new_receipt();

    CU_ASSERT_EQUAL(paid(&push, receipt), applied);
    CU_ASSERT_TRUE(row_is(&push.id,
                          "status = 'SUCCESS' AND mpesa_receipt_number = '%.*s' AND "
                          "result_code = '0' AND result_description = 'what happened' AND "
                          "amount = 100.00 AND phone_number = '" PHONE "' AND claimed = 0 AND "
                          "conflict = 0 AND paid_at = '2026-11-23 11:15:27' AND version = 2 AND "
                          "raw_callback LIKE '%%stkCallback%%'",
                          STR_ARG(receipt)));
    CU_ASSERT_TRUE(events_are(&push.id, "created,paid"));
    CU_ASSERT_EQUAL(claim_receipt(&push.app, receipt), ERR_OK);
}

static void a_result_is_journaled_with_its_payment(void)
{
    const struct push push = push_new();

    CU_ASSERT_EQUAL(paid(&push, new_receipt()), applied);
    CU_ASSERT_EQUAL(count_rows("callback_inbox JOIN payment ON payment.id = payment_id",
                               "kind = 'stk' AND state = 'applied' AND "
                               "payment.checkout_request_id = '%.*s' AND body = raw_callback",
                               STR_ARG(push.checkout)),
                    1);
}

static void every_listed_code_fails_the_push(void)
{
    static const char *const codes[] = {
        "1",    "2",    "3",    "4",    "8",    "17",   "26",   "1001",     "1019",
        "1025", "1032", "1037", "2001", "2028", "8006", "9999", "\"1032\"", "\"SFC_IC0003\""};

    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        const struct push push = push_new();

        CU_ASSERT_EQUAL(failed(&push, codes[i]), applied);
        CU_ASSERT_TRUE(row_is(&push.id,
                              "status = 'FAILED' AND result_code = TRIM(BOTH '\"' FROM '%s') AND "
                              "mpesa_receipt_number IS NULL AND open_reference IS NULL",
                              codes[i]));
        CU_ASSERT_TRUE(events_are(&push.id, "created,failed"));
    }
}

static void a_code_that_is_not_listed_leaves_the_push_pending(void)
{
    static const char *const codes[] = {"4999", "1036", "-1", "31", "\"x\"", "\"00\"", "0.0"};

    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        const struct push push = push_new();

        CU_ASSERT_EQUAL(failed(&push, codes[i]), applied);
        CU_ASSERT_TRUE(row_is(&push.id, "status = 'PENDING'"));
        CU_ASSERT_TRUE(events_are(&push.id, "created,result_unlisted"));
        CU_ASSERT_EQUAL(failed(&push, codes[i]), repeated);
        CU_ASSERT_EQUAL(paid(&push, new_receipt()), applied);
        CU_ASSERT_TRUE(row_is(&push.id, "status = 'SUCCESS'"));
    }
}

static void a_repeated_result_changes_nothing(void)
{
    const struct push good = push_new(), bad = push_new();
    const struct str receipt = new_receipt();

    CU_ASSERT_EQUAL(paid(&good, receipt), applied);
    CU_ASSERT_EQUAL(failed(&bad, "1032"), applied);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(paid(&good, receipt), repeated);
        CU_ASSERT_EQUAL(failed(&bad, "1032"), repeated);
        CU_ASSERT_EQUAL(failed(&bad, "1"), repeated);
    }
    CU_ASSERT_TRUE(row_is(&good.id, "version = 2") && row_is(&bad.id, "version = 2"));
    CU_ASSERT_EQUAL(claim_receipt(&good.app, receipt), ERR_OK);
    CU_ASSERT_EQUAL(paid(&good, receipt), repeated);
    CU_ASSERT_TRUE(row_is(&good.id, "claimed = 1 AND version = 3"));
}

static void a_failure_after_a_success_is_ignored(void)
{
    const struct push push = push_new();

    CU_ASSERT_EQUAL(paid(&push, new_receipt()), applied);
    CU_ASSERT_EQUAL(failed(&push, "1032"), conflict);
    CU_ASSERT_EQUAL(failed(&push, "4999"), repeated);
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'SUCCESS' AND result_code = '0' AND version = 2"));
}

static void a_success_after_a_failure_applies(void)
{
    const struct push push = push_new();
    const struct str receipt = new_receipt();

    CU_ASSERT_EQUAL(failed(&push, "1037"), applied);
    CU_ASSERT_EQUAL(paid(&push, receipt), applied);
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'SUCCESS' AND result_code = '0'"));
    CU_ASSERT_TRUE(events_are(&push.id, "created,failed,paid"));
    CU_ASSERT_EQUAL(claim_receipt(&push.app, receipt), ERR_OK);
}

static void a_wrong_amount_is_never_applied(void)
{
    static const char *const wrong[] = {"99.99", "100.01", "1", "0", "1000000"};

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        const struct push push = push_new();
        const struct str receipt = new_receipt();
        const struct stk stk = {.checkout = push.checkout, .receipt = receipt, .amount = wrong[i]};

        CU_ASSERT_EQUAL(stk_state(&stk), conflict);
        CU_ASSERT_TRUE(row_is(&push.id, "status = 'PENDING' AND conflict = 1 AND "
                                        "amount = 100.00 AND mpesa_receipt_number IS NULL"));
        CU_ASSERT_TRUE(events_are(&push.id, "created,conflict"));
        CU_ASSERT_EQUAL(claim_receipt(&push.app, receipt), ERR_NOT_FOUND);
        CU_ASSERT_EQUAL(stk_state(&stk), conflict);
        CU_ASSERT_TRUE(row_is(&push.id, "version = 2"));
    }
}

static void a_second_receipt_leaves_the_first(void)
{
    const struct push push = push_new();
    const struct str first = new_receipt(), second = new_receipt();

    CU_ASSERT_EQUAL(paid(&push, first), applied);
    CU_ASSERT_EQUAL(paid(&push, second), conflict);
    CU_ASSERT_TRUE(row_is(&push.id,
                          "status = 'SUCCESS' AND conflict = 1 AND mpesa_receipt_number = '%.*s'",
                          STR_ARG(first)));
    CU_ASSERT_EQUAL(claim_receipt(&push.app, second), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(claim_receipt(&push.app, first), ERR_OK);
}

static void a_receipt_that_another_push_has_is_not_taken(void)
{
    const struct push first = push_new(), second = push_new();
    const struct str receipt = new_receipt();

    CU_ASSERT_EQUAL(paid(&first, receipt), applied);
    CU_ASSERT_EQUAL(paid(&second, receipt), conflict);
    CU_ASSERT_TRUE(row_is(&first.id, "status = 'SUCCESS' AND held = 0 AND version = 2"));
    CU_ASSERT_TRUE(row_is(&second.id, "status = 'PENDING' AND conflict = 1"));
    CU_ASSERT_EQUAL(live_with(receipt), 1);
}

static void a_receipt_that_follows_completes_the_push(void)
{
    const struct push push = push_new();
    const struct str receipt = new_receipt();

    CU_ASSERT_EQUAL(stk_state(&(struct stk){.checkout = push.checkout}), applied);
    CU_ASSERT_EQUAL(paid(&push, receipt), applied);
    CU_ASSERT_TRUE(row_is(&push.id, "mpesa_receipt_number = '%.*s'", STR_ARG(receipt)));
    CU_ASSERT_EQUAL(paid(&push, receipt), repeated);
}

static void what_is_no_receipt_is_none_and_is_shown(void)
{
    const struct push push = push_new();

    CU_ASSERT_EQUAL(paid(&push, STR("N/A")), applied);
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'SUCCESS' AND mpesa_receipt_number IS NULL"));
    CU_ASSERT_EQUAL(count_rows("payment_event JOIN payment ON payment.id = payment_id",
                               "checkout_request_id = '%.*s' AND event = 'paid' AND "
                               "detail LIKE '%%N/A%%'",
                               STR_ARG(push.checkout)),
                    1);
}

static void a_result_nobody_asked_for_is_kept_and_waits(void)
{
    const struct stk stk = {.checkout = new_checkout(), .receipt = new_receipt(), .amount = "100"};

    CU_ASSERT_EQUAL(stk_state(&stk), INBOX_STATE_WAITING);
    CU_ASSERT_EQUAL(live_with(stk.receipt), 0);
    CU_ASSERT_EQUAL(count_rows("callback_inbox",
                               "kind = 'stk' AND state = 'waiting' AND payment_id IS NULL AND "
                               "body LIKE '%%%.*s%%'",
                               STR_ARG(stk.checkout)),
                    1);
}

static void a_result_that_cannot_be_understood_is_kept_as_malformed(void)
{
    static const char *const bodies[] = {
        "",
        "{",
        "[]",
        "{\"Body\":{}}",
        "{\"Body\":{\"stkCallback\":{\"ResultCode\":0}}}",
        "{\"Body\":{\"stkCallback\":{\"CheckoutRequestID\":\"ws_CO_1\"}}}",
        "{\"Body\":{\"stkCallback\":{\"CheckoutRequestID\":\"ws_CO_1\",\"ResultCode\":0,"
        "\"CallbackMetadata\":{\"Item\":[{\"Name\":\"Amount\",\"Value\":\"ten\"}]}}}}"};

    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++)
        CU_ASSERT_EQUAL(post_stk(fixture(), STR_EMPTY, str_from(bodies[i])).state,
                        INBOX_STATE_MALFORMED);
}

static void a_result_from_an_unlisted_address_waits_for_a_person(void)
{
    const struct push push = push_new();
    const struct callback callback = {
        .kind = INBOX_KIND_STK,
        .source = STR("203.0.113.7"),
        .body = stk_body(&(struct stk){.checkout = push.checkout, .receipt = new_receipt()})};
    struct callback_effect effect;

    CU_ASSERT_EQUAL(callback_receive(fixture(), &callback, &effect), ERR_OK);
    CU_ASSERT_EQUAL(effect.state, INBOX_STATE_QUARANTINED);
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'PENDING' AND version = 1"));
}

/* The callback can be faster than the answer that carries the checkout id. */
static void a_secret_finds_a_push_whose_checkout_id_is_not_known_yet(void)
{
    const struct push push = push_new_as((struct seed){.app = NULL});
    const struct stk stk = {.checkout = new_checkout(), .receipt = new_receipt(), .amount = "100"};

    CU_ASSERT_EQUAL(stk_state(&stk), INBOX_STATE_WAITING);
    CU_ASSERT_EQUAL(post_stk(fixture(), push.token, stk_body(&stk)).state, applied);
    CU_ASSERT_TRUE(row_is(&push.id,
                          "status = 'SUCCESS' AND checkout_request_id = '%.*s' AND "
                          "merchant_request_id = '7f21-4c0d-1'",
                          STR_ARG(stk.checkout)));
    CU_ASSERT_EQUAL(stk_state(&stk), repeated);
}

static void the_checkout_id_of_another_push_is_a_conflict(void)
{
    const struct push known = push_new(), other = push_new();
    const struct push early = push_new_as((struct seed){.app = NULL});
    const struct stk stk = {.checkout = other.checkout, .receipt = new_receipt(), .amount = "100"};
    const int64_t started_ms = clock_monotonic_ms();

    CU_ASSERT_EQUAL(post_stk(fixture(), known.token, stk_body(&stk)).state, conflict);
    CU_ASSERT_EQUAL(post_stk(fixture(), early.token, stk_body(&stk)).state, conflict);
    CU_ASSERT_TRUE(clock_monotonic_ms() - started_ms < 1000);
    CU_ASSERT_TRUE(row_is(&known.id, "status = 'PENDING' AND version = 1"));
    CU_ASSERT_TRUE(row_is(&early.id, "status = 'PENDING' AND checkout_request_id IS NULL"));
    CU_ASSERT_TRUE(row_is(&other.id, "status = 'PENDING' AND version = 1"));
    CU_ASSERT_EQUAL(live_with(stk.receipt), 0);
}

static void a_secret_that_is_not_known_is_no_path(void)
{
    struct sha256 hash;

    CU_ASSERT_EQUAL(callback_token_find(fixture(), INBOX_KIND_STK, fixture_token(), &hash),
                    ERR_ROUTE);
    CU_ASSERT_EQUAL(callback_token_find(fixture(), INBOX_KIND_STK, STR("x"), &hash), ERR_ROUTE);
}

static void a_confirmation_that_came_first_is_merged_into_the_push(void)
{
    const struct push push = push_new();
    const struct str receipt = new_receipt();
    const struct uuid intake =
        post_c2b(fixture(), c2b_body(&(struct c2b){.receipt = receipt})).payment_id;
    struct payment shown;
    struct payment_events events;

    CU_ASSERT_EQUAL(paid(&push, receipt), applied);
    CU_ASSERT_EQUAL(live_with(receipt), 1);
    CU_ASSERT_TRUE(
        row_is(&push.id, "status = 'SUCCESS' AND mpesa_receipt_number = '%.*s'", STR_ARG(receipt)));
    CU_ASSERT_TRUE(row_is(&intake, "merged_into IS NOT NULL AND mpesa_receipt_number IS NULL AND "
                                   "claimed = 0"));
    CU_ASSERT_TRUE(events_are(&intake, "received,merged"));
    CU_ASSERT_TRUE(events_are(&push.id, "created,paid"));
    /* The intake's id answers with the push. */
    CU_ASSERT_EQUAL(payment_show(fixture(), &push.app, &intake, &shown, &events), ERR_OK);
    CU_ASSERT_TRUE(uuid_equal(&shown.id, &push.id));
    CU_ASSERT_EQUAL(paid(&push, receipt), repeated);
    CU_ASSERT_EQUAL(confirmed(receipt), repeated);
    CU_ASSERT_EQUAL(claim_receipt(&push.app, receipt), ERR_OK);
}

static void nobody_else_gets_money_that_was_merged(void)
{
    const struct app other = fixture_app(CLAIM_REQUIRES_NONE);
    const struct push push = push_new();
    const struct str receipt = new_receipt();

    CU_ASSERT_EQUAL(confirmed(receipt), applied);
    CU_ASSERT_EQUAL(paid(&push, receipt), applied);
    CU_ASSERT_EQUAL(claim_receipt(&other, receipt), ERR_NOT_FOUND);
}

static void a_result_that_came_first_makes_the_confirmation_a_repeat(void)
{
    const struct push push = push_new();
    const struct str receipt = new_receipt();

    CU_ASSERT_EQUAL(paid(&push, receipt), applied);
    CU_ASSERT_EQUAL(confirmed(receipt), repeated);
    CU_ASSERT_EQUAL(count_rows("payment", "mpesa_receipt_number = '%.*s'", STR_ARG(receipt)), 1);
    CU_ASSERT_TRUE(row_is(&push.id, "version = 2"));
}

static void what_the_same_app_has_claimed_before_stands_for_the_push(void)
{
    const struct push push = push_new();
    const struct str receipt = new_receipt();
    const struct uuid intake =
        post_c2b(fixture(), c2b_body(&(struct c2b){.receipt = receipt})).payment_id;
    const struct payment_selector selectors[] = {
        {.reference = push.reference},
        {.checkout_request_id = push.checkout},
        {.has_payment_id = true, .payment_id = push.id},
        {.receipt = receipt},
    };

    CU_ASSERT_EQUAL(claim_receipt(&push.app, receipt), ERR_OK);
    CU_ASSERT_EQUAL(paid(&push, receipt), applied);
    CU_ASSERT_EQUAL(live_with(receipt), 1);
    CU_ASSERT_TRUE(row_is(&intake, "claimed = 1 AND merged_into IS NULL"));
    CU_ASSERT_TRUE(row_is(&push.id, "merged_into IS NOT NULL AND claimed = 0"));
    CU_ASSERT_TRUE(events_are(&intake, "received,claimed,push_joined"));
    CU_ASSERT_TRUE(events_are(&push.id, "created,merged"));
    for (size_t i = 0; i < ARRAY_LENGTH(selectors); i++) {
        struct payment found;
        struct payments candidates;
        struct claim_result result;

        CU_ASSERT_EQUAL(
            payment_find(fixture(), &push.app, &selectors[i], PAYMENT_READ, &found, &candidates),
            ERR_OK);
        CU_ASSERT_TRUE(uuid_equal(&found.id, &intake));
        CU_ASSERT_EQUAL(claim_payment(fixture(), &push.app, &selectors[i], &result),
                        ERR_ALREADY_CLAIMED);
    }
    CU_ASSERT_EQUAL(paid(&push, receipt), repeated);
    CU_ASSERT_EQUAL(failed(&push, "1032"), conflict);
}

static void what_another_app_has_claimed_leaves_the_push_pending(void)
{
    const struct app other = fixture_app(CLAIM_REQUIRES_NONE);
    const struct push push = push_new();
    const struct str receipt = new_receipt();

    CU_ASSERT_EQUAL(confirmed(receipt), applied);
    CU_ASSERT_EQUAL(claim_receipt(&other, receipt), ERR_OK);
    CU_ASSERT_EQUAL(paid(&push, receipt), conflict);
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'PENDING' AND conflict = 1 AND claimed = 0"));
    CU_ASSERT_TRUE(events_are(&push.id, "created,conflict"));
    CU_ASSERT_EQUAL(paid(&push, receipt), conflict);
    CU_ASSERT_TRUE(row_is(&push.id, "version = 2"));
    CU_ASSERT_EQUAL(claim_receipt(&push.app, receipt), ERR_NOT_FOUND);
}

/* Both were used before anybody could know that they are one: for a person, and no crash. */
static void a_push_and_its_receipt_both_claimed_are_a_conflict(void)
{
    const struct push push = push_new();
    const struct str receipt = new_receipt();
    const struct payment_selector by_id = {.has_payment_id = true, .payment_id = push.id};
    struct claim_result result;

    CU_ASSERT_EQUAL(stk_state(&(struct stk){.checkout = push.checkout}), applied);
    CU_ASSERT_EQUAL(claim_payment(fixture(), &push.app, &by_id, &result), ERR_OK);
    CU_ASSERT_EQUAL(confirmed(receipt), applied);
    CU_ASSERT_EQUAL(claim_receipt(&push.app, receipt), ERR_OK);
    CU_ASSERT_EQUAL(paid(&push, receipt), conflict);
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'SUCCESS' AND conflict = 1 AND claimed = 1"));
}

static void a_confirmation_of_another_amount_is_not_merged(void)
{
    const struct push push = push_new();
    const struct str receipt = new_receipt();

    CU_ASSERT_EQUAL(c2b_state(&(struct c2b){.receipt = receipt, .amount = "70"}), applied);
    CU_ASSERT_EQUAL(paid(&push, receipt), conflict);
    CU_ASSERT_TRUE(row_is(&push.id, "status = 'PENDING' AND conflict = 1"));
    CU_ASSERT_EQUAL(live_with(receipt), 1);
}

/* Pushes and the receipts of their money; both callbacks of each come at the same instant. */
struct twins {
    bool has_account; /* the confirmation names the push's account */
    struct {
        char checkout[64], receipt[32], account[16];
    } rounds[TWIN_ROUNDS];
    atomic_int arrived[TWIN_ROUNDS];
    atomic_int surprises;
};

static int race_twins(struct service *service, int index, void *shared)
{
    struct twins *twins = shared;

    for (size_t i = 0; i < TWIN_ROUNDS; i++) {
        const struct str receipt = str_from(twins->rounds[i].receipt);
        const struct str body =
            index == 0 ? stk_body(&(struct stk){.checkout = str_from(twins->rounds[i].checkout),
                                                .receipt = receipt,
                                                .amount = "100"})
                       : c2b_body(&(struct c2b){
                             .receipt = receipt,
                             .account = twins->has_account ? twins->rounds[i].account : NULL});
        struct callback_effect effect;

        (void)atomic_fetch_add(&twins->arrived[i], 1);
        while (atomic_load(&twins->arrived[i]) < 2)
            ; /* at the same instant */
        effect = index == 0 ? post_stk(service, STR_EMPTY, body) : post_c2b(service, body);
        if (effect.state != applied && effect.state != repeated)
            (void)atomic_fetch_add(&twins->surprises, 1);
        arena_reset(service->arena);
    }
    return 0;
}

static void twins_meet(bool has_account)
{
    struct twins *twins = race_memory(sizeof(*twins));

    twins->has_account = has_account;
    for (size_t i = 0; i < TWIN_ROUNDS; i++) {
        const struct str checkout = new_checkout(), account = fixture_text("A");

        (void)push_new_as((struct seed){.checkout = checkout, .account = account, .is_open = true});
        CU_ASSERT_TRUE(str_copy(checkout, twins->rounds[i].checkout, 64));
        CU_ASSERT_TRUE(str_copy(account, twins->rounds[i].account, 16));
        CU_ASSERT_TRUE(str_copy(new_receipt(), twins->rounds[i].receipt, 32));
    }
    CU_ASSERT_EQUAL(race_run(&(struct race){race_twins, twins, 2}), 0);
    CU_ASSERT_EQUAL(atomic_load(&twins->surprises), 0);
    for (size_t i = 0; i < TWIN_ROUNDS; i++) {
        CU_ASSERT_EQUAL(live_with(str_from(twins->rounds[i].receipt)), 1);
        CU_ASSERT_EQUAL(count_rows("payment",
                                   "mpesa_receipt_number = '%s' AND checkout_request_id = '%s' "
                                   "AND payment_type = 'STK' AND status = 'SUCCESS' AND "
                                   "external_reference LIKE 'REF-%%' AND claimed = 0 AND "
                                   "held = 0 AND conflict = 0",
                                   twins->rounds[i].receipt, twins->rounds[i].checkout),
                        1);
    }
    CU_ASSERT_EQUAL(count_rows("callback_inbox", "state = 'failed'"), 0);
    race_memory_free(twins, sizeof(*twins));
}

static void twins_at_the_same_instant_are_one_payment_of_the_pusher(void)
{
    twins_meet(/* has_account= */ false);
}

static void twins_with_the_pushs_account_are_one_payment_too(void)
{
    twins_meet(/* has_account= */ true);
}

static void a_result_whose_commit_is_not_answered_is_applied_once(void)
{
    static const enum testproxy_cut cuts[] = {TESTPROXY_BEFORE, TESTPROXY_DURING, TESTPROXY_ANSWER};
    struct testproxy *proxy = testproxy_start();
    const struct db_options options = testproxy_options(proxy);
    struct service *service = fixture_open(&options);

    for (size_t i = 0; i < ARRAY_LENGTH(cuts) * CUTS_PER_KIND; i++) {
        const struct push push = push_new();
        const struct stk stk = {.checkout = push.checkout, .receipt = new_receipt()};
        enum inbox_state state;

        CU_ASSERT_EQUAL(db_connect(service->db), ERR_OK);
        testproxy_cut(proxy, TESTPROXY_COMMIT, cuts[i % ARRAY_LENGTH(cuts)], 1);
        /* A redo that meets the first COMMIT, come late, says that all was known. */
        state = post_stk(service, STR_EMPTY, stk_body(&stk)).state;
        CU_ASSERT_TRUE(state == applied || state == repeated);
        CU_ASSERT_EQUAL(testproxy_cuts_left(proxy), 0);
        CU_ASSERT_TRUE(events_are(&push.id, "created,paid"));
        arena_reset(service->arena);
    }
    fixture_close(service);
    testproxy_stop(proxy);
}

static void a_status_becomes_only_what_the_rules_allow(void)
{
    static const bool allowed[3][3] = {
        [PAYMENT_STATUS_PENDING] = {true, true, true},
        [PAYMENT_STATUS_SUCCESS] = {false, true, false},
        [PAYMENT_STATUS_FAILED] = {false, true, true},
    };

    for (enum payment_status from = PAYMENT_STATUS_PENDING; from <= PAYMENT_STATUS_FAILED; from++)
        for (enum payment_status to = PAYMENT_STATUS_PENDING; to <= PAYMENT_STATUS_FAILED; to++)
            CU_ASSERT_EQUAL(payment_may_become(from, to), allowed[from][to]);
}

/* One result for each status that a push can have, and what becomes of it. */
static void every_result_does_to_every_status_what_the_table_says(void)
{
    static const struct {
        enum payment_status from;
        const char *code; /* NULL: paid */
        const char *to;
        const char *events;
    } rows[] = {
        {PAYMENT_STATUS_PENDING, NULL, "SUCCESS", "created,paid"},
        {PAYMENT_STATUS_PENDING, "1032", "FAILED", "created,failed"},
        {PAYMENT_STATUS_PENDING, "777", "PENDING", "created,result_unlisted"},
        {PAYMENT_STATUS_FAILED, NULL, "SUCCESS", "created,paid"},
        {PAYMENT_STATUS_FAILED, "1032", "FAILED", "created"},
        {PAYMENT_STATUS_FAILED, "777", "FAILED", "created"},
        {PAYMENT_STATUS_SUCCESS, NULL, "SUCCESS", "created,receipt_completed"},
        {PAYMENT_STATUS_SUCCESS, "1032", "SUCCESS", "created"},
        {PAYMENT_STATUS_SUCCESS, "777", "SUCCESS", "created"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct str checkout = new_checkout();
        const struct push push =
            push_new_as((struct seed){.status = rows[i].from, .checkout = checkout});

        (void)stk_state(
            &(struct stk){.checkout = checkout, .code = rows[i].code, .receipt = new_receipt()});
        CU_ASSERT_TRUE(row_is(&push.id, "status = '%s'", rows[i].to));
        CU_ASSERT_TRUE(events_are(&push.id, rows[i].events));
    }
}

/* The store refuses it, whatever its caller thinks. */
struct undoing {
    struct uuid id;
    enum payment_status to;
};

static enum err undo_work(struct db *db, void *context)
{
    const struct undoing *undoing = context;
    const struct payment_result result = {.status = undoing->to};
    struct payment payment;
    enum err err = payment_store_by_id(db, fixture()->arena, &undoing->id, PAYMENT_LOCK, &payment);

    if (err == ERR_OK)
        err = payment_store_apply(db, &payment, &result);
    return err == ERR_DB_CONFLICT ? ERR_STATE : err;
}

static void the_database_never_takes_a_success_back(void)
{
    struct undoing undoing = {
        .id = fixture_payment(&(struct seed){.status = PAYMENT_STATUS_SUCCESS})};
    const struct db_unit unit = {.work = undo_work, .context = &undoing};

    undoing.to = PAYMENT_STATUS_FAILED;
    CU_ASSERT_EQUAL(db_run_unit(testdb_db(), &unit), ERR_STATE);
    undoing.to = PAYMENT_STATUS_PENDING;
    CU_ASSERT_EQUAL(db_run_unit(testdb_db(), &unit), ERR_STATE);
    CU_ASSERT_TRUE(row_is(&undoing.id, "status = 'SUCCESS' AND version = 1"));
}

static const struct tap_test tests[] = {
    TAP_TEST(a_paid_result_completes_its_push),
    TAP_TEST(a_result_is_journaled_with_its_payment),
    TAP_TEST(every_listed_code_fails_the_push),
    TAP_TEST(a_code_that_is_not_listed_leaves_the_push_pending),
    TAP_TEST(a_repeated_result_changes_nothing),
    TAP_TEST(a_failure_after_a_success_is_ignored),
    TAP_TEST(a_success_after_a_failure_applies),
    TAP_TEST(a_wrong_amount_is_never_applied),
    TAP_TEST(a_second_receipt_leaves_the_first),
    TAP_TEST(a_receipt_that_another_push_has_is_not_taken),
    TAP_TEST(a_receipt_that_follows_completes_the_push),
    TAP_TEST(what_is_no_receipt_is_none_and_is_shown),
    TAP_TEST(a_result_nobody_asked_for_is_kept_and_waits),
    TAP_TEST(a_result_that_cannot_be_understood_is_kept_as_malformed),
    TAP_TEST(a_result_from_an_unlisted_address_waits_for_a_person),
    TAP_TEST(a_secret_finds_a_push_whose_checkout_id_is_not_known_yet),
    TAP_TEST(the_checkout_id_of_another_push_is_a_conflict),
    TAP_TEST(a_secret_that_is_not_known_is_no_path),
    TAP_TEST(a_confirmation_that_came_first_is_merged_into_the_push),
    TAP_TEST(nobody_else_gets_money_that_was_merged),
    TAP_TEST(a_result_that_came_first_makes_the_confirmation_a_repeat),
    TAP_TEST(what_the_same_app_has_claimed_before_stands_for_the_push),
    TAP_TEST(what_another_app_has_claimed_leaves_the_push_pending),
    TAP_TEST(a_push_and_its_receipt_both_claimed_are_a_conflict),
    TAP_TEST(a_confirmation_of_another_amount_is_not_merged),
    TAP_TEST(twins_at_the_same_instant_are_one_payment_of_the_pusher),
    TAP_TEST(twins_with_the_pushs_account_are_one_payment_too),
    TAP_TEST(a_result_whose_commit_is_not_answered_is_applied_once),
    TAP_TEST(a_status_becomes_only_what_the_rules_allow),
    TAP_TEST(every_result_does_to_every_status_what_the_table_says),
    TAP_TEST(the_database_never_takes_a_success_back),
};

TESTDB_MAIN("callback_stk", tests)
