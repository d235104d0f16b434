/* Time: the calendar, the text forms, and which texts are no instant. */
#include "risiti/base/base.h"

#include "tap.h"

#include "risiti/base/clock.h"

/* 2026-11-23T11:15:27Z, which is 14:15:27 in Nairobi. */
#define SAMPLE_US (INT64_C(1795432527) * CLOCK_US_PER_SECOND)
#define LAST_US INT64_C(253402300799999999)

static int64_t rfc3339(const char *text)
{
    int64_t us = -1;

    return clock_parse_rfc3339(str_from(text), &us) == ERR_OK ? us : -1;
}

static int64_t eat(const char *text)
{
    int64_t us = -1;

    return clock_parse_eat(str_from(text), &us) == ERR_OK ? us : -1;
}

static void now_is_after_this_was_written(void)
{
    CU_ASSERT_TRUE(clock_now_us() > INT64_C(1735689600) * CLOCK_US_PER_SECOND);
    CU_ASSERT_TRUE(clock_now_us() < LAST_US);
}

static void sleeping_takes_that_long(void)
{
    int64_t start_ms = clock_monotonic_ms();

    clock_sleep_ms(20);
    CU_ASSERT_TRUE(clock_monotonic_ms() - start_ms >= 19);
    clock_sleep_ms(0);
    clock_sleep_ms(-5);
}

static void a_date_is_taken_apart(void)
{
    struct clock_date date = clock_date_of(SAMPLE_US + 123456);

    CU_ASSERT_EQUAL(date.year, 2026);
    CU_ASSERT_EQUAL(date.month, 11);
    CU_ASSERT_EQUAL(date.day, 23);
    CU_ASSERT_EQUAL(date.hour, 11);
    CU_ASSERT_EQUAL(date.minute, 15);
    CU_ASSERT_EQUAL(date.second, 27);
    CU_ASSERT_EQUAL(date.microsecond, 123456);
}

static void instants_before_1970_have_a_date_too(void)
{
    struct clock_date date = clock_date_of(-1);

    CU_ASSERT_EQUAL(date.year, 1969);
    CU_ASSERT_EQUAL(date.month, 12);
    CU_ASSERT_EQUAL(date.day, 31);
    CU_ASSERT_EQUAL(date.second, 59);
    CU_ASSERT_EQUAL(date.microsecond, 999999);
    /* 0000-01-01 is 719528 days before; the year before it has 365 days. */
    date = clock_date_of(-(INT64_C(719528) + 365) * 86400 * CLOCK_US_PER_SECOND);
    CU_ASSERT_EQUAL(date.year, -1);
    CU_ASSERT_EQUAL(date.month, 1);
    CU_ASSERT_EQUAL(date.day, 1);
}

static void every_day_until_9999_follows_the_one_before(void)
{
    const int64_t day_us = INT64_C(86400) * CLOCK_US_PER_SECOND;
    struct clock_date before = clock_date_of(0);
    int64_t back;
    bool good = before.year == 1970 && before.month == 1 && before.day == 1;

    for (int64_t us = day_us; us <= LAST_US && good; us += day_us) {
        struct clock_date date = clock_date_of(us);
        bool next_day =
            date.day == before.day + 1 && date.month == before.month && date.year == before.year;
        bool next_month = date.day == 1 && before.day >= 28 && date.month == before.month + 1 &&
                          date.year == before.year;
        bool next_year = date.day == 1 && date.month == 1 && before.month == 12 &&
                         before.day == 31 && date.year == before.year + 1;

        good = (next_day || next_month || next_year) && clock_date_to_us(&date, &back) == ERR_OK &&
               back == us;
        before = date;
    }
    CU_ASSERT_TRUE(good);
    CU_ASSERT_EQUAL(before.year, 9999);
    CU_ASSERT_EQUAL(before.month, 12);
    CU_ASSERT_EQUAL(before.day, 31);
}

static void leap_days_exist_in_leap_years_only(void)
{
    CU_ASSERT_NOT_EQUAL(rfc3339("2024-02-29"), -1);
    CU_ASSERT_NOT_EQUAL(rfc3339("2000-02-29"), -1);
    CU_ASSERT_EQUAL(rfc3339("2023-02-29"), -1);
    CU_ASSERT_EQUAL(rfc3339("2100-02-29"), -1);
    CU_ASSERT_EQUAL(rfc3339("2024-02-30"), -1);
    CU_ASSERT_EQUAL(rfc3339("2024-04-31"), -1);
    CU_ASSERT_EQUAL(rfc3339("2024-13-01"), -1);
    CU_ASSERT_EQUAL(rfc3339("2024-00-01"), -1);
    CU_ASSERT_EQUAL(rfc3339("2024-01-00"), -1);
}

static void dates_that_do_not_exist_are_refused(void)
{
    struct clock_date date = {.year = 2026, .month = 1, .day = 1};
    int64_t us = 7;

    date.year = 1969;
    CU_ASSERT_EQUAL(clock_date_to_us(&date, &us), ERR_INVALID);
    date.year = 10000;
    CU_ASSERT_EQUAL(clock_date_to_us(&date, &us), ERR_INVALID);
    date.year = 2026;
    date.hour = 24;
    CU_ASSERT_EQUAL(clock_date_to_us(&date, &us), ERR_INVALID);
    date.hour = -1;
    CU_ASSERT_EQUAL(clock_date_to_us(&date, &us), ERR_INVALID);
    date.hour = 0;
    date.microsecond = 1000000;
    CU_ASSERT_EQUAL(clock_date_to_us(&date, &us), ERR_INVALID);
    CU_ASSERT_EQUAL(us, 7);
    date.microsecond = 999999;
    CU_ASSERT_EQUAL(clock_date_to_us(&date, &us), ERR_OK);
}

static void rfc3339_shows_a_fraction_only_when_there_is_one(void)
{
    char text[CLOCK_RFC3339_SIZE];

    CU_ASSERT_STRING_EQUAL(clock_format_rfc3339(SAMPLE_US, text), "2026-11-23T11:15:27Z");
    CU_ASSERT_STRING_EQUAL(clock_format_rfc3339(SAMPLE_US + 1, text),
                           "2026-11-23T11:15:27.000001Z");
    CU_ASSERT_STRING_EQUAL(clock_format_rfc3339(0, text), "1970-01-01T00:00:00Z");
    CU_ASSERT_STRING_EQUAL(clock_format_rfc3339(LAST_US, text), "9999-12-31T23:59:59.999999Z");
}

static void instants_outside_are_written_as_the_nearest(void)
{
    char text[CLOCK_RFC3339_SIZE];

    CU_ASSERT_STRING_EQUAL(clock_format_rfc3339(INT64_MIN, text), "1970-01-01T00:00:00Z");
    CU_ASSERT_STRING_EQUAL(clock_format_rfc3339(INT64_MAX, text), "9999-12-31T23:59:59.999999Z");
    CU_ASSERT_STRING_EQUAL(clock_format_eat(INT64_MIN, text), "19700101030000");
    CU_ASSERT_STRING_EQUAL(clock_format_eat(INT64_MAX, text), "99991231235959");
}

static void stk_timestamps_are_east_africa_time(void)
{
    char text[CLOCK_EAT_SIZE];

    CU_ASSERT_STRING_EQUAL(clock_format_eat(SAMPLE_US, text), "20261123141527");
    CU_ASSERT_STRING_EQUAL(clock_format_eat(rfc3339("2026-12-31T21:00:00Z"), text),
                           "20270101000000");
    CU_ASSERT_EQUAL(eat("20261123141527"), SAMPLE_US);
    CU_ASSERT_EQUAL(eat("20270101000000"), rfc3339("2026-12-31T21:00:00Z"));
}

static void other_texts_are_no_stk_timestamp(void)
{
    static const char *const texts[] = {
        "",
        "2026112314152",
        "202611231415270",
        "2026112314152x",
        "20261123241527",
        "20261123146027",
        "20261123141560",
        "20261323141527",
        "20260231141527",
        "19691231235959",
        "19700101020000",
        "2026-11-23T14:",
        " 2026112314152",
        "+2026112314152",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        CU_ASSERT_EQUAL(eat(texts[i]), -1);
}

static void rfc3339_takes_any_offset(void)
{
    CU_ASSERT_EQUAL(rfc3339("2026-11-23T11:15:27Z"), SAMPLE_US);
    CU_ASSERT_EQUAL(rfc3339("2026-11-23t11:15:27z"), SAMPLE_US);
    CU_ASSERT_EQUAL(rfc3339("2026-11-23T14:15:27+03:00"), SAMPLE_US);
    CU_ASSERT_EQUAL(rfc3339("2026-11-23T06:45:27-04:30"), SAMPLE_US);
    CU_ASSERT_EQUAL(rfc3339("2026-11-23T11:15:27+00:00"), SAMPLE_US);
    CU_ASSERT_EQUAL(rfc3339("2026-11-23T11:15:27-00:00"), SAMPLE_US);
}

static void rfc3339_cuts_fractions_at_microseconds(void)
{
    CU_ASSERT_EQUAL(rfc3339("2026-11-23T11:15:27.5Z"), SAMPLE_US + 500000);
    CU_ASSERT_EQUAL(rfc3339("2026-11-23T11:15:27.000001Z"), SAMPLE_US + 1);
    CU_ASSERT_EQUAL(rfc3339("2026-11-23T11:15:27.123456999+00:00"), SAMPLE_US + 123456);
}

static void a_bare_date_is_midnight_in_east_africa(void)
{
    CU_ASSERT_EQUAL(rfc3339("2026-11-23"), rfc3339("2026-11-22T21:00:00Z"));
    CU_ASSERT_EQUAL(rfc3339("1970-01-01"), -1);
    CU_ASSERT_EQUAL(rfc3339("1970-01-02"), INT64_C(21) * 3600 * CLOCK_US_PER_SECOND);
}

static void other_texts_are_no_instant(void)
{
    static const char *const texts[] = {
        "",
        "2026",
        "2026-11",
        "2026-11-2",
        "2026-11-23 ",
        "2026/11/23",
        "20261123",
        "26-11-23",
        "2026-11-23T",
        "2026-11-23T11:15",
        "2026-11-23T11:15:27",
        "2026-11-23 11:15:27Z",
        "2026-11-23T11:15Z",
        "2026-11-23T11:15:27.Z",
        "2026-11-23T11:15:27.1234567890Z",
        "2026-11-23T11:15:27ZZ",
        "2026-11-23T11:15:27+0300",
        "2026-11-23T11:15:27+03",
        "2026-11-23T11:15:27+24:00",
        "2026-11-23T11:15:27+03:60",
        "2026-11-23T11:15:27 03:00",
        "2026-11-23T11:15:60Z",
        "2026-11-23T24:00:00Z",
        "9999-12-31T23:30:00-01:00",
        "1970-01-01T02:59:59+03:00",
        "now",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        CU_ASSERT_EQUAL(rfc3339(texts[i]), -1);
}

static void formatted_instants_parse_back(void)
{
    char text[CLOCK_RFC3339_SIZE];

    for (int64_t us = 1; us < LAST_US; us = us * 3 + 7)
        CU_ASSERT_EQUAL(rfc3339(clock_format_rfc3339(us, text)), us);
    CU_ASSERT_EQUAL(rfc3339(clock_format_rfc3339(LAST_US, text)), LAST_US);
}

static const struct tap_test tests[] = {
    TAP_TEST(now_is_after_this_was_written),
    TAP_TEST(sleeping_takes_that_long),
    TAP_TEST(a_date_is_taken_apart),
    TAP_TEST(instants_before_1970_have_a_date_too),
    TAP_TEST(every_day_until_9999_follows_the_one_before),
    TAP_TEST(leap_days_exist_in_leap_years_only),
    TAP_TEST(dates_that_do_not_exist_are_refused),
    TAP_TEST(rfc3339_shows_a_fraction_only_when_there_is_one),
    TAP_TEST(instants_outside_are_written_as_the_nearest),
    TAP_TEST(stk_timestamps_are_east_africa_time),
    TAP_TEST(other_texts_are_no_stk_timestamp),
    TAP_TEST(rfc3339_takes_any_offset),
    TAP_TEST(rfc3339_cuts_fractions_at_microseconds),
    TAP_TEST(a_bare_date_is_midnight_in_east_africa),
    TAP_TEST(other_texts_are_no_instant),
    TAP_TEST(formatted_instants_parse_back),
};
TAP_MAIN("clock", tests)
