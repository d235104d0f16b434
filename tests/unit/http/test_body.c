/* Bodies: announced and not, in pieces, too large, and cut off on their way. */
#include "risiti/base/base.h"

#include "risiti/http/request.h"
#include "tap.h"

#define ARENA_BYTES 262144
#define BYTES_MAX 65536

/* Gives `bytes` bytes in pieces of at most `piece`, then the end or a broken connection. */
struct peer {
    size_t bytes, piece, given;
    bool breaks_off;
};

static ptrdiff_t peer_read(void *stream, char *bytes, size_t count)
{
    struct peer *peer = stream;
    size_t length = peer->bytes - peer->given;

    if (length > count)
        length = count;
    if (length > peer->piece)
        length = peer->piece;
    if (length == 0)
        return peer->breaks_off ? -1 : 0;
    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)('a' + (peer->given + i) % 26);
    peer->given += length;
    return (ptrdiff_t)length;
}

static struct arena *arena;
static struct request request;

/* Reads what the peer gives, with this announcement (SIZE_MAX for none). */
static enum err read_body(struct peer *peer, size_t announced)
{
    struct body_source source = {peer_read, peer};

    arena_free(arena);
    arena = arena_new(ARENA_BYTES);
    request =
        (struct request){.arena = arena, .has_length = announced != SIZE_MAX, .length = announced};
    return request_read_body(&request, &source, BYTES_MAX);
}

/* That the body is what the peer gave, whole. */
static bool is_whole(size_t length)
{
    if (request.body.length != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (request.body.data[i] != (char)('a' + i % 26))
            return false;
    return true;
}

static void end(void)
{
    arena_free(arena);
    arena = NULL;
}

static void an_announced_body_is_read_in_pieces(void)
{
    struct peer peer = {.bytes = 5000, .piece = 7};

    CU_ASSERT_EQUAL(read_body(&peer, 5000), ERR_OK);
    CU_ASSERT_TRUE(is_whole(5000));
    end();
}

static void nothing_is_read_beyond_what_was_announced(void)
{
    struct peer peer = {.bytes = 100, .piece = 100};

    CU_ASSERT_EQUAL(read_body(&peer, 10), ERR_OK);
    CU_ASSERT_TRUE(is_whole(10));
    CU_ASSERT_EQUAL(peer.given, 10);
    end();
}

static void an_empty_body_is_none(void)
{
    struct peer peer = {.breaks_off = true};

    CU_ASSERT_EQUAL(read_body(&peer, 0), ERR_OK);
    CU_ASSERT_EQUAL(request.body.length, 0);
    peer.breaks_off = false;
    CU_ASSERT_EQUAL(read_body(&peer, SIZE_MAX), ERR_OK);
    CU_ASSERT_EQUAL(request.body.length, 0);
    end();
}

static void an_announcement_beyond_the_maximum_is_refused_unread(void)
{
    struct peer peer = {.bytes = BYTES_MAX + 1, .piece = BYTES_MAX};

    CU_ASSERT_EQUAL(read_body(&peer, BYTES_MAX + 1), ERR_TOO_LARGE);
    CU_ASSERT_EQUAL(peer.given, 0);
    peer.bytes = BYTES_MAX;
    CU_ASSERT_EQUAL(read_body(&peer, BYTES_MAX), ERR_OK);
    CU_ASSERT_TRUE(is_whole(BYTES_MAX));
    end();
}

static void a_body_that_ends_early_is_truncated(void)
{
    struct peer peer = {.bytes = 9, .piece = 4};

    CU_ASSERT_EQUAL(read_body(&peer, 10), ERR_TRUNCATED);
    CU_ASSERT_EQUAL(request.body.length, 0);
    peer = (struct peer){.bytes = 9, .piece = 4, .breaks_off = true};
    CU_ASSERT_EQUAL(read_body(&peer, 10), ERR_TRUNCATED);
    peer = (struct peer){.bytes = 9, .piece = 4, .breaks_off = true};
    CU_ASSERT_EQUAL(read_body(&peer, SIZE_MAX), ERR_TRUNCATED);
    peer = (struct peer){.bytes = 9000, .piece = 4, .breaks_off = true};
    CU_ASSERT_EQUAL(read_body(&peer, SIZE_MAX), ERR_TRUNCATED);
    end();
}

static void without_an_announcement_the_body_goes_to_its_end(void)
{
    static const size_t sizes[] = {1, 1023, 1024, 1025, BYTES_MAX - 1, BYTES_MAX};

    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        struct peer peer = {.bytes = sizes[i], .piece = 1000};

        CU_ASSERT_EQUAL(read_body(&peer, SIZE_MAX), ERR_OK);
        CU_ASSERT_TRUE(is_whole(sizes[i]));
    }
    end();
}

static void without_an_announcement_one_byte_beyond_the_maximum_is_read(void)
{
    struct peer peer = {.bytes = BYTES_MAX + 5000, .piece = 1000};

    CU_ASSERT_EQUAL(read_body(&peer, SIZE_MAX), ERR_TOO_LARGE);
    CU_ASSERT_EQUAL(peer.given, BYTES_MAX + 1);
    CU_ASSERT_EQUAL(request.body.length, 0);
    end();
}

static void a_maximum_of_nothing_takes_nothing(void)
{
    struct peer peer = {.bytes = 1, .piece = 1};
    struct body_source source = {peer_read, &peer};

    request = (struct request){.has_length = false};
    CU_ASSERT_EQUAL(request_read_body(&request, &source, 0), ERR_TOO_LARGE);
    CU_ASSERT_EQUAL(request_read_body(&request, &source, 0), ERR_OK);
}

static void want_of_memory_is_reported(void)
{
    struct peer peer = {.bytes = 3000, .piece = 3000};
    struct body_source source = {peer_read, &peer};

    arena = arena_new(64);
    request = (struct request){.arena = arena, .has_length = true, .length = 3000};
    CU_ASSERT_EQUAL(request_read_body(&request, &source, BYTES_MAX), ERR_NOMEM);
    request.has_length = false;
    CU_ASSERT_EQUAL(request_read_body(&request, &source, BYTES_MAX), ERR_NOMEM);
    peer = (struct peer){.bytes = 500, .piece = 500};
    CU_ASSERT_EQUAL(request_read_body(&request, &source, BYTES_MAX), ERR_NOMEM);
    end();
}

static const struct tap_test tests[] = {
    TAP_TEST(an_announced_body_is_read_in_pieces),
    TAP_TEST(nothing_is_read_beyond_what_was_announced),
    TAP_TEST(an_empty_body_is_none),
    TAP_TEST(an_announcement_beyond_the_maximum_is_refused_unread),
    TAP_TEST(a_body_that_ends_early_is_truncated),
    TAP_TEST(without_an_announcement_the_body_goes_to_its_end),
    TAP_TEST(without_an_announcement_one_byte_beyond_the_maximum_is_read),
    TAP_TEST(a_maximum_of_nothing_takes_nothing),
    TAP_TEST(want_of_memory_is_reported),
};
TAP_MAIN("body", tests)
