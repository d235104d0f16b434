/* The history of payments: stories that are possible and not, and rows that do not follow. */
#include "risiti/base/base.h"

#include "risiti/domain/history.h"

#include "fixture.h"
#include "risiti/domain/claim.h"

#define EVENTS_MAX 8

static const struct uuid somebody = {{1}};

/* Replays events named in a list; each but "received…" names somebody. */
static const char *replay(const char *const *names, struct history_state *ret_state)
{
    struct payment_event items[EVENTS_MAX];
    struct payment_events events = {.items = items, .count = 0};

    for (; names[events.count] != NULL; events.count++) {
        ASSERT(events.count < EVENTS_MAX);
        items[events.count] = (struct payment_event){.sequence = (unsigned)events.count + 1,
                                                     .event = str_from(names[events.count]),
                                                     .app_id = &somebody};
    }
    return history_replay(&events, ret_state);
}

static void a_possible_story_gives_the_present_state(void)
{
    static const char *const push[] = {"created", "accepted", "failed", "paid", "claimed", NULL};
    static const char *const money[] = {"received_held", "released", "claimed", NULL};
    static const char *const disputed[] = {"received", "disputed", "moved", NULL};
    static const char *const absorbed[] = {"created", "paid", "refused", NULL};
    struct history_state state;

    CU_ASSERT_PTR_NULL(replay(push, &state));
    CU_ASSERT_TRUE(state.status == PAYMENT_STATUS_SUCCESS && state.claimed && state.version == 5);
    CU_ASSERT_TRUE(uuid_equal(&state.app_id, &somebody));
    CU_ASSERT_PTR_NULL(replay(money, &state));
    CU_ASSERT_TRUE(state.status == PAYMENT_STATUS_SUCCESS && state.claimed && !state.held);
    CU_ASSERT_PTR_NULL(replay(disputed, &state));
    CU_ASSERT_TRUE(!state.held && !state.conflict && uuid_equal(&state.app_id, &somebody));
    CU_ASSERT_PTR_NULL(replay(absorbed, &state));
    CU_ASSERT_EQUAL(state.status, PAYMENT_STATUS_SUCCESS);
}

static void an_impossible_story_is_told_apart(void)
{
    static const char *const stories[][EVENTS_MAX] = {
        {NULL},
        {"paid", NULL},
        {"created", "created", NULL},
        {"created", "sold", NULL},
        {"received", "claimed", "claimed", NULL},
        {"received", "claimed", "merged", NULL},
        {"received", "merged", "claimed", NULL},
    };
    struct history_state state;

    for (size_t i = 0; i < ARRAY_LENGTH(stories); i++)
        CU_ASSERT_PTR_NOT_NULL(replay(stories[i], &state));
}

static void a_gap_in_the_numbers_is_found(void)
{
    struct payment_event items[] = {
        {.sequence = 1, .event = STR("received")},
        {.sequence = 3, .event = STR("claimed"), .app_id = &somebody},
    };
    const struct payment_events events = {.items = items, .count = ARRAY_LENGTH(items)};
    struct history_state state;

    CU_ASSERT_PTR_NOT_NULL(history_replay(&events, &state));
}

static void finding_keep(void *context, const struct history_finding *finding)
{
    *(struct uuid *)context = finding->payment_id;
}

/* Looks at everything; which payment differs, and how many do. */
static uint64_t differences(struct uuid *ret_id)
{
    struct history_check check = {.report = finding_keep, .context = ret_id};

    CU_ASSERT_EQUAL(history_check_all(fixture(), &check), ERR_OK);
    return check.differences;
}

static struct uuid money_claimed(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt();
    const struct payment_selector selector = {.receipt = receipt};
    struct claim_result result;

    CU_ASSERT_EQUAL(c2b_state(&(struct c2b){.receipt = receipt}), INBOX_STATE_APPLIED);
    CU_ASSERT_EQUAL(claim_payment(fixture(), &app, &selector, &result), ERR_OK);
    return result.payment.id;
}

static void a_row_that_was_changed_without_an_event_is_found(void)
{
    static const struct {
        const char *change, *repair;
    } changes[] = {
        {"version = 3", "version = 2"},
        {"status = 'FAILED'", "status = 'SUCCESS'"},
        {"claimed = 0", "claimed = 1"},
        {"held = 1", "held = 0"},
        {"conflict = 1", "conflict = 0"},
        {"reversed = 1", "reversed = 0"},
        {"app_id = UNHEX('00000000000070008000000000000001')",
         "app_id = (SELECT app_id FROM claim WHERE payment_id = payment.id)"},
        {"mpesa_receipt_number = CONCAT('X', mpesa_receipt_number)",
         "mpesa_receipt_number = SUBSTRING(mpesa_receipt_number, 2)"},
        {"claimed_at = claimed_at + INTERVAL 1 SECOND",
         "claimed_at = claimed_at - INTERVAL 1 SECOND"},
    };
    const struct uuid id = money_claimed();
    struct uuid found;

    CU_ASSERT_EQUAL(differences(&found), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        row_set(&id, changes[i].change);
        CU_ASSERT_EQUAL(differences(&found), 1);
        CU_ASSERT_TRUE(uuid_equal(&found, &id));
        row_set(&id, changes[i].repair);
        CU_ASSERT_EQUAL(differences(&found), 0);
    }
}

static void an_event_that_is_missing_is_found(void)
{
    const struct uuid id = money_claimed();
    struct uuid found;

    testdb_sql("DELETE FROM payment_event WHERE event = 'claimed' ORDER BY at DESC LIMIT 1");
    CU_ASSERT_EQUAL(differences(&found), 1);
    CU_ASSERT_TRUE(uuid_equal(&found, &id));
}

static const struct tap_test tests[] = {
    TAP_TEST(a_possible_story_gives_the_present_state),
    TAP_TEST(an_impossible_story_is_told_apart),
    TAP_TEST(a_gap_in_the_numbers_is_found),
    TAP_TEST(a_row_that_was_changed_without_an_event_is_found),
    TAP_TEST(an_event_that_is_missing_is_found),
};

TESTDB_MAIN("history", tests)
