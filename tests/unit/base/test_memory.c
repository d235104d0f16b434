/* The heap, arenas, buffers and whole numbers: limits at the maximum and one beyond. */
#include "risiti/base/base.h"

#include "risiti/base/arena.h"
#include "risiti/base/buffer.h"
#include "risiti/base/mem.h"
#include "risiti/base/number.h"

#include "tap.h"

#define ARENA_BYTES_MAX 65536
/* What an arena rounds every allocation up to. */
#define ARENA_STEP _Alignof(max_align_t)

static char endings_seen[8];
static size_t ending_count;

static void ending_note(void *object)
{
    const char *letter = object;

    endings_seen[ending_count++] = *letter;
}

static bool is_zero(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void heap_memory_is_zeroed(void)
{
    unsigned char *bytes = mem_alloc(100, 3);

    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    CU_ASSERT_TRUE(is_zero(bytes, 300));
    mem_free(bytes);
}

static void heap_sizes_that_overflow_give_nothing(void)
{
    char *block = mem_alloc(1, 4);

    CU_ASSERT_PTR_NULL(mem_alloc(SIZE_MAX / 2, 3));
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    block[3] = 'x';
    CU_ASSERT_PTR_NULL(mem_grow(block, SIZE_MAX / 2, 3));
    CU_ASSERT_EQUAL(block[3], 'x');
    mem_free(block);
    mem_free(NULL);
}

static void arena_gives_its_maximum_and_no_more(void)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);

    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    CU_ASSERT_PTR_NULL(arena_alloc(arena, ARENA_BYTES_MAX + 1, 1));
    arena_reset(arena);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(arena, ARENA_BYTES_MAX, 1));
    CU_ASSERT_PTR_NULL(arena_alloc(arena, 1, 1));
    arena_reset(arena);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(arena, ARENA_BYTES_MAX - ARENA_STEP, 1));
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(arena, ARENA_STEP, 1));
    CU_ASSERT_PTR_NULL(arena_alloc(arena, 1, 1));
    arena_free(arena);
    arena_free(NULL);
}

static void arena_that_has_refused_gives_nothing_until_its_reset(void)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);

    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(arena, 1, 1));
    CU_ASSERT_FALSE(arena_has_failed(arena));
    CU_ASSERT_PTR_NULL(arena_alloc(arena, ARENA_BYTES_MAX, 1));
    CU_ASSERT_PTR_NULL(arena_alloc(arena, 1, 1));
    CU_ASSERT_TRUE(arena_has_failed(arena));
    arena_reset(arena);
    CU_ASSERT_FALSE(arena_has_failed(arena));
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(arena, 1, 1));
    arena_free(arena);
}

static void arena_sizes_that_overflow_give_nothing(void)
{
    struct arena *arena = arena_new(SIZE_MAX);

    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    CU_ASSERT_PTR_NULL(arena_alloc(arena, SIZE_MAX / 2, 3));
    arena_reset(arena);
    CU_ASSERT_PTR_NULL(arena_alloc(arena, SIZE_MAX, 1));
    arena_reset(arena);
    CU_ASSERT_PTR_NULL(arena_alloc(arena, SIZE_MAX - ARENA_STEP + 1, 1));
    arena_free(arena);
}

static void arena_memory_is_aligned_and_zeroed_also_after_a_reset(void)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);

    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    for (unsigned round = 0; round < 3; round++) {
        for (size_t size = 1; size < 200; size++) {
            unsigned char *bytes = arena_alloc(arena, size, 1);

            CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
            CU_ASSERT_EQUAL((uintptr_t)bytes % ARENA_STEP, 0);
            CU_ASSERT_TRUE(is_zero(bytes, size));
            memset(bytes, 0xa5, size);
        }
        arena_reset(arena);
    }
    arena_free(arena);
}

static void arena_pieces_do_not_overlap_over_many_blocks(void)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    unsigned char *pieces[60];

    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++) {
        pieces[i] = arena_alloc(arena, 1000, 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(pieces[i]);
        memset(pieces[i], (int)i, 1000);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++)
        CU_ASSERT_TRUE(pieces[i][0] == i && pieces[i][999] == i);
    arena_free(arena);
}

static void arena_endings_run_newest_first_and_once(void)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    char a = 'a', b = 'b', c = 'c';

    ending_count = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    CU_ASSERT_TRUE(arena_on_reset(arena, ending_note, &a));
    CU_ASSERT_TRUE(arena_on_reset(arena, ending_note, &b));
    arena_reset(arena);
    ASSERT_STR(((struct str){endings_seen, ending_count}), "ba");
    CU_ASSERT_TRUE(arena_on_reset(arena, ending_note, &c));
    arena_free(arena);
    ASSERT_STR(((struct str){endings_seen, ending_count}), "bac");
}

static void arena_without_room_registers_no_ending(void)
{
    struct arena *arena = arena_new(ARENA_STEP);
    char a = 'a';

    ending_count = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    CU_ASSERT_FALSE(arena_on_reset(arena, ending_note, &a));
    arena_free(arena);
    CU_ASSERT_EQUAL(ending_count, 0);
}

static void arena_copies_end_in_nul(void)
{
    struct arena *arena = arena_new(ARENA_STEP * 2);
    char full[2 * 64] = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    memset(full, 'x', sizeof(full));
    CU_ASSERT_STRING_EQUAL(arena_copy(arena, STR("abc")), "abc");
    CU_ASSERT_STRING_EQUAL(arena_copy(arena, STR_EMPTY), "");
    CU_ASSERT_PTR_NULL(arena_copy(arena, STR("x")));
    CU_ASSERT_PTR_NULL(arena_str(arena, STR("x")).data);
    arena_reset(arena);
    CU_ASSERT_PTR_NULL(arena_copy(arena, (struct str){full, ARENA_STEP * 2}));
    arena_reset(arena);
    CU_ASSERT_PTR_NOT_NULL(arena_copy(arena, (struct str){full, ARENA_STEP * 2 - 1}));
    arena_free(arena);
}

static void arena_formats_text(void)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);

    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    ASSERT_STR(arena_format(arena, "%s-%d", "a", 7), "a-7");
    ASSERT_STR(arena_format(arena, "%s", ""), "");
    CU_ASSERT_PTR_NULL(arena_format(arena, "%*s", ARENA_BYTES_MAX, "").data);
    arena_free(arena);
}

static void buffer_takes_its_maximum_and_no_more(void)
{
    struct buffer buffer;

    buffer_init(&buffer, 5);
    buffer_append(&buffer, STR("abc"));
    buffer_append(&buffer, STR("de"));
    CU_ASSERT_EQUAL(buffer.err, ERR_OK);
    ASSERT_STR(buffer_str(&buffer), "abcde");
    buffer_append_byte(&buffer, 'f');
    CU_ASSERT_EQUAL(buffer.err, ERR_TOO_LARGE);
    ASSERT_STR(buffer_str(&buffer), "abcde");
    buffer_release(&buffer);
}

static void buffer_keeps_its_first_failure_until_cleared(void)
{
    struct buffer buffer;

    buffer_init(&buffer, 5);
    buffer_append(&buffer, STR("abcdef"));
    buffer_append(&buffer, STR("a"));
    CU_ASSERT_EQUAL(buffer.err, ERR_TOO_LARGE);
    CU_ASSERT_EQUAL(buffer.length, 0);
    buffer_clear(&buffer);
    buffer_append(&buffer, STR("a"));
    CU_ASSERT_EQUAL(buffer.err, ERR_OK);
    ASSERT_STR(buffer_str(&buffer), "a");
    buffer_release(&buffer);
}

static void secret_buffer_holds_its_bytes_while_it_grows(void)
{
    struct buffer buffer;

    buffer_init_secret(&buffer, 5000);
    for (int i = 0; i < 500; i++)
        buffer_format(&buffer, "%010d", i);
    CU_ASSERT_EQUAL(buffer.err, ERR_OK);
    CU_ASSERT_EQUAL(buffer.length, 5000);
    for (size_t i = 0; i < 5000; i++) {
        char expected[11];

        (void)snprintf(expected, sizeof(expected), "%010zu", i / 10);
        CU_ASSERT_EQUAL(buffer.data[i], expected[i % 10]);
    }
    buffer_append_byte(&buffer, 'x');
    CU_ASSERT_EQUAL(buffer.err, ERR_TOO_LARGE);
    buffer_release(&buffer);
    CU_ASSERT_TRUE(buffer.is_secret);
    CU_ASSERT_PTR_NULL(buffer.data);
    buffer_release(&buffer);
}

static void buffer_formats_up_to_its_maximum(void)
{
    struct buffer buffer;

    buffer_init(&buffer, 600);
    buffer_format(&buffer, "%d:", 1);
    buffer_format(&buffer, "%0598d", 7);
    CU_ASSERT_EQUAL(buffer.err, ERR_OK);
    CU_ASSERT_EQUAL(buffer.length, 600);
    CU_ASSERT_EQUAL(buffer.data[600], '\0');
    buffer_format(&buffer, "%d", 1);
    CU_ASSERT_EQUAL(buffer.err, ERR_TOO_LARGE);
    CU_ASSERT_EQUAL(buffer.length, 600);
    buffer_release(&buffer);
}

static void buffer_over_given_memory_stays_in_it(void)
{
    char memory[8];
    struct buffer buffer;

    memset(memory, 'x', sizeof(memory));
    buffer_init_over(&buffer, memory, sizeof(memory) - 1);
    ASSERT_STR(buffer_str(&buffer), "");
    buffer_append(&buffer, STR("abcdef"));
    CU_ASSERT_EQUAL(buffer.err, ERR_OK);
    buffer_append_byte(&buffer, 'g');
    CU_ASSERT_EQUAL(buffer.err, ERR_TOO_LARGE);
    CU_ASSERT_PTR_EQUAL(buffer.data, memory);
    CU_ASSERT_EQUAL(memcmp(memory, "abcdef\0x", sizeof(memory)), 0);
}

static void number_reads_digits_within_its_limits(void)
{
    uint64_t value = 0;

    CU_ASSERT_EQUAL(number_parse(STR("7"), 7, 9, &value), ERR_OK);
    CU_ASSERT_EQUAL(value, 7);
    CU_ASSERT_EQUAL(number_parse(STR("009"), 7, 9, &value), ERR_OK);
    CU_ASSERT_EQUAL(value, 9);
    CU_ASSERT_EQUAL(number_parse(STR("6"), 7, 9, &value), ERR_INVALID);
    CU_ASSERT_EQUAL(number_parse(STR("10"), 7, 9, &value), ERR_INVALID);
    CU_ASSERT_EQUAL(value, 9);
}

static void number_reads_up_to_64_bits(void)
{
    uint64_t value = 1;

    CU_ASSERT_EQUAL(number_parse(STR("18446744073709551615"), 0, UINT64_MAX, &value), ERR_OK);
    CU_ASSERT_EQUAL(value, UINT64_MAX);
    CU_ASSERT_EQUAL(number_parse(STR("18446744073709551616"), 0, UINT64_MAX, &value), ERR_INVALID);
    CU_ASSERT_EQUAL(number_parse(STR("99999999999999999999999"), 0, UINT64_MAX, &value),
                    ERR_INVALID);
    CU_ASSERT_EQUAL(value, UINT64_MAX);
}

static void number_refuses_all_but_digits(void)
{
    static const char *const texts[] = {"",    " 1",  "1 ", "+1", "-1", "1e3",
                                        "1.0", "0x1", "1a", "/",  ":"};
    uint64_t value = 5;

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        CU_ASSERT_EQUAL(number_parse(str_from(texts[i]), 0, UINT64_MAX, &value), ERR_INVALID);
    CU_ASSERT_EQUAL(number_parse(STR("1\0002"), 0, UINT64_MAX, &value), ERR_INVALID);
    CU_ASSERT_EQUAL(value, 5);
}

static const struct tap_test tests[] = {
    TAP_TEST(heap_memory_is_zeroed),
    TAP_TEST(heap_sizes_that_overflow_give_nothing),
    TAP_TEST(arena_gives_its_maximum_and_no_more),
    TAP_TEST(arena_that_has_refused_gives_nothing_until_its_reset),
    TAP_TEST(arena_sizes_that_overflow_give_nothing),
    TAP_TEST(arena_memory_is_aligned_and_zeroed_also_after_a_reset),
    TAP_TEST(arena_pieces_do_not_overlap_over_many_blocks),
    TAP_TEST(arena_endings_run_newest_first_and_once),
    TAP_TEST(arena_without_room_registers_no_ending),
    TAP_TEST(arena_copies_end_in_nul),
    TAP_TEST(arena_formats_text),
    TAP_TEST(buffer_takes_its_maximum_and_no_more),
    TAP_TEST(buffer_keeps_its_first_failure_until_cleared),
    TAP_TEST(secret_buffer_holds_its_bytes_while_it_grows),
    TAP_TEST(buffer_formats_up_to_its_maximum),
    TAP_TEST(buffer_over_given_memory_stays_in_it),
    TAP_TEST(number_reads_digits_within_its_limits),
    TAP_TEST(number_reads_up_to_64_bits),
    TAP_TEST(number_refuses_all_but_digits),
};
TAP_MAIN("memory", tests)
