/* Identifiers: their time, version and text. */
#include "risiti/base/base.h"

#include "tap.h"

#include "risiti/base/clock.h"
#include "risiti/base/uuid.h"

#define MANY 2000

static uint64_t milliseconds_of(const struct uuid *uuid)
{
    uint64_t ms = 0;

    for (size_t i = 0; i < 6; i++)
        ms = (ms << 8) | uuid->bytes[i];
    return ms;
}

static void a_new_one_says_its_version_and_variant(void)
{
    struct uuid uuid;

    for (size_t i = 0; i < MANY; i++) {
        CU_ASSERT_EQUAL_FATAL(uuid_new(&uuid), ERR_OK);
        CU_ASSERT_EQUAL_FATAL(uuid.bytes[6] >> 4, 7);
        CU_ASSERT_EQUAL_FATAL(uuid.bytes[8] >> 6, 2);
    }
}

static void a_new_one_starts_with_the_time(void)
{
    uint64_t before = (uint64_t)clock_now_us() / 1000, after;
    struct uuid uuid;

    CU_ASSERT_EQUAL(uuid_new(&uuid), ERR_OK);
    after = (uint64_t)clock_now_us() / 1000;
    CU_ASSERT_TRUE(milliseconds_of(&uuid) >= before);
    CU_ASSERT_TRUE(milliseconds_of(&uuid) <= after);
}

static void later_ones_sort_behind_earlier_ones(void)
{
    struct uuid first, second;

    for (size_t i = 0; i < MANY; i++) {
        int64_t made_us;

        CU_ASSERT_EQUAL(uuid_new(&first), ERR_OK);
        made_us = clock_now_us();
        while (clock_now_us() <= made_us)
            continue; /* a microsecond tells them apart */
        CU_ASSERT_EQUAL(uuid_new(&second), ERR_OK);
        CU_ASSERT_TRUE(memcmp(first.bytes, second.bytes, UUID_BYTES) < 0);
    }
}

static void all_random_bits_change(void)
{
    unsigned char seen[UUID_BYTES] = {0};
    struct uuid first, uuid;

    CU_ASSERT_EQUAL(uuid_new(&first), ERR_OK);
    for (size_t i = 0; i < MANY; i++) {
        CU_ASSERT_EQUAL(uuid_new(&uuid), ERR_OK);
        for (size_t k = 0; k < UUID_BYTES; k++)
            seen[k] |= (unsigned char)(uuid.bytes[k] ^ first.bytes[k]);
    }
    CU_ASSERT_EQUAL(seen[8], 0x3f);
    for (size_t k = 9; k < UUID_BYTES; k++)
        CU_ASSERT_EQUAL(seen[k], 0xff);
}

static void text_goes_there_and_back(void)
{
    static const char text[] = "00000000-0000-7000-8000-000000000001";
    char buffer[UUID_TEXT_SIZE];
    struct uuid uuid, again;

    CU_ASSERT_EQUAL(uuid_parse(str_from(text), &uuid), ERR_OK);
    CU_ASSERT_EQUAL(uuid.bytes[6], 0x70);
    CU_ASSERT_EQUAL(uuid.bytes[15], 1);
    CU_ASSERT_STRING_EQUAL(uuid_format(&uuid, buffer), text);
    CU_ASSERT_EQUAL(uuid_new(&uuid), ERR_OK);
    CU_ASSERT_EQUAL(uuid_parse(str_from(uuid_format(&uuid, buffer)), &again), ERR_OK);
    CU_ASSERT_TRUE(uuid_equal(&uuid, &again));
}

static void any_version_and_case_is_read_and_lower_case_written(void)
{
    char buffer[UUID_TEXT_SIZE];
    struct uuid uuid;

    CU_ASSERT_EQUAL(uuid_parse(STR("F47AC10B-58cc-4372-A567-0E02B2C3D479"), &uuid), ERR_OK);
    CU_ASSERT_STRING_EQUAL(uuid_format(&uuid, buffer), "f47ac10b-58cc-4372-a567-0e02b2c3d479");
}

static void other_texts_are_no_uuid(void)
{
    static const char *const texts[] = {
        "",
        "f47ac10b58cc4372a5670e02b2c3d479",
        "f47ac10b-58cc-4372-a567-0e02b2c3d47",
        "f47ac10b-58cc-4372-a567-0e02b2c3d4790",
        "g47ac10b-58cc-4372-a567-0e02b2c3d479",
        "f47ac10b-58cc-4372-a5670-e02b2c3d479",
        "f47ac10b058cc-4372-a567-0e02b2c3d479",
        "{47ac10b-58cc-4372-a567-0e02b2c3d47}",
        "f47ac10b-58cc-4372-a567 0e02b2c3d479",
    };
    struct uuid uuid = {{9}};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        CU_ASSERT_EQUAL(uuid_parse(str_from(texts[i]), &uuid), ERR_INVALID);
    CU_ASSERT_EQUAL(uuid.bytes[0], 9);
}

static void zero_and_equality_look_at_every_byte(void)
{
    struct uuid a = {{0}}, b = {{0}};

    CU_ASSERT_TRUE(uuid_is_zero(&a));
    b.bytes[15] = 1;
    CU_ASSERT_FALSE(uuid_is_zero(&b));
    CU_ASSERT_FALSE(uuid_equal(&a, &b));
    a.bytes[15] = 1;
    CU_ASSERT_TRUE(uuid_equal(&a, &b));
}

static const struct tap_test tests[] = {
    TAP_TEST(a_new_one_says_its_version_and_variant),
    TAP_TEST(a_new_one_starts_with_the_time),
    TAP_TEST(later_ones_sort_behind_earlier_ones),
    TAP_TEST(all_random_bits_change),
    TAP_TEST(text_goes_there_and_back),
    TAP_TEST(any_version_and_case_is_read_and_lower_case_written),
    TAP_TEST(other_texts_are_no_uuid),
    TAP_TEST(zero_and_equality_look_at_every_byte),
};
TAP_MAIN("uuid", tests)
