/* Receipts and ids have Safaricom's forms and never repeat. */
#include "risiti/base/base.h"

#include "risiti/sandbox/ids.h"

#include "risiti/base/clock.h"
#include "tap.h"

#define DAY_US (INT64_C(86400) * CLOCK_US_PER_SECOND)
#define MANY 100000

/* 14:15:02 in East Africa on a day, 11:15:02 UTC. */
static int64_t instant_of(int year, int month, int day)
{
    struct clock_date date = {
        .year = year, .month = month, .day = day, .hour = 11, .minute = 15, .second = 2};
    int64_t instant_us = 0;

    CU_ASSERT_EQUAL(clock_date_to_us(&date, &instant_us), ERR_OK);
    return instant_us;
}

static void expect_day(int64_t instant_us, const char *day)
{
    struct ids ids;
    char receipt[IDS_RECEIPT_SIZE];

    ids_init(&ids, 1);
    ids_receipt(&ids, instant_us, receipt);
    CU_ASSERT_EQUAL(strlen(receipt), IDS_RECEIPT_SIZE - 1);
    CU_ASSERT_TRUE(str_starts_with(str_from(receipt), str_from(day)));
    CU_ASSERT_TRUE(str_consists_of(str_from(receipt), STR("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")));
}

static void a_receipt_begins_with_year_month_and_day(void)
{
    expect_day(instant_of(2026, 11, 23), "UKN");
    expect_day(instant_of(2026, 1, 1), "UA1");
    expect_day(instant_of(2027, 12, 31), "VLV");
    expect_day(instant_of(2026, 3, 10), "UCA");
}

static void the_day_changes_at_midnight_in_east_africa(void)
{
    int64_t midnight_us = instant_of(2026, 11, 23) - instant_of(2026, 11, 23) % DAY_US +
                          INT64_C(21) * 3600 * CLOCK_US_PER_SECOND;

    expect_day(midnight_us - 1, "UKN");
    expect_day(midnight_us, "UKO");
}

static void receipts_climb_within_one_moment(void)
{
    struct ids ids;
    char before[IDS_RECEIPT_SIZE], receipt[IDS_RECEIPT_SIZE];
    bool climbing = true;

    ids_init(&ids, 1);
    ids_receipt(&ids, instant_of(2026, 11, 23), before);
    for (size_t i = 0; i < MANY; i++) {
        ids_receipt(&ids, instant_of(2026, 11, 23), receipt);
        climbing = climbing && strcmp(before, receipt) < 0;
        memcpy(before, receipt, sizeof(before));
    }
    CU_ASSERT_TRUE(climbing);
}

static void receipts_climb_when_the_clock_goes_back(void)
{
    struct ids ids;
    char before[IDS_RECEIPT_SIZE], receipt[IDS_RECEIPT_SIZE];

    ids_init(&ids, 1);
    ids_receipt(&ids, instant_of(2026, 11, 23), before);
    ids_receipt(&ids, instant_of(2026, 11, 23) - DAY_US, receipt);
    CU_ASSERT_TRUE(strcmp(before, receipt) < 0);
    CU_ASSERT_TRUE(str_starts_with(str_from(receipt), STR("UKN")));
}

static void a_later_run_has_higher_receipts(void)
{
    struct ids first, second;
    char before[IDS_RECEIPT_SIZE], receipt[IDS_RECEIPT_SIZE];

    ids_init(&first, 1);
    ids_init(&second, 1);
    ids_receipt(&first, instant_of(2026, 11, 23), before);
    ids_receipt(&second, instant_of(2026, 11, 23) + CLOCK_US_PER_SECOND, receipt);
    CU_ASSERT_TRUE(strcmp(before, receipt) < 0);
}

static void a_checkout_id_has_time_and_phone(void)
{
    static const struct phone phone = {"254712345678"};
    char id[IDS_CHECKOUT_SIZE] = "";

    CU_ASSERT_EQUAL(ids_checkout(instant_of(2026, 11, 23) + 127000, &phone, id), ERR_OK);
    CU_ASSERT_STRING_EQUAL(id, "ws_CO_23112026141502127712345678");
}

static void request_ids_are_groups_of_hex(void)
{
    struct ids ids;
    char one[IDS_REQUEST_SIZE], two[IDS_REQUEST_SIZE];

    ids_init(&ids, 1);
    ids_request(&ids, one);
    ids_request(&ids, two);
    CU_ASSERT_EQUAL(strlen(one), IDS_REQUEST_SIZE - 1);
    CU_ASSERT_TRUE(one[4] == '-' && one[9] == '-' && one[14] == '-');
    CU_ASSERT_TRUE(str_consists_of(str_from(one), STR("0123456789abcdef-")));
    CU_ASSERT_STRING_NOT_EQUAL(one, two);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_receipt_begins_with_year_month_and_day),
    TAP_TEST(the_day_changes_at_midnight_in_east_africa),
    TAP_TEST(receipts_climb_within_one_moment),
    TAP_TEST(receipts_climb_when_the_clock_goes_back),
    TAP_TEST(a_later_run_has_higher_receipts),
    TAP_TEST(a_checkout_id_has_time_and_phone),
    TAP_TEST(request_ids_are_groups_of_hex),
};
TAP_MAIN("sandbox ids", tests)
