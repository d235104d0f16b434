/*
 * The check of a JSON text: see jscan.h. One pass over the bytes with a stack of open containers,
 * so that neither depth nor length of the input reaches the program's own stack.
 */
#include "risiti/base/base.h"

#include "jscan.h"

#include "risiti/base/jread.h"
#include "risiti/base/number.h"

/* What a string gives when it ends or is wrong, in place of a code point. */
#define POINT_END (-1)
#define POINT_BAD (-2)

#define WHY_EARLY_END "The JSON text ends too early."
#define WHY_UNICODE "A \\u escape must be followed by four hexadecimal digits."
#define WHY_SURROGATE "A \\u escape is one half of a surrogate pair without the other."

/* Where a key of an open object stands, behind its opening quote. */
struct jscan_key {
    uint32_t hash;
    uint32_t at;
};

struct jscan_frame {
    char closer;      /* the bracket that ends it */
    size_t key_first; /* its first key in jscan.keys */
};

/* What may come next. */
enum jscan_state {
    SCAN_VALUE,
    SCAN_ITEM_OR_END, /* right after [ */
    SCAN_KEY,
    SCAN_KEY_OR_END, /* right after { */
    SCAN_AFTER,      /* behind a value */
};

struct jscan {
    struct str text;
    struct str rest;
    const char *why; /* the first thing wrong, or NULL */
    enum jscan_state state;
    size_t depth, key_count, value_count, container_count;
    struct jscan_frame frames[JREAD_DEPTH_MAX];
    struct jscan_key keys[JREAD_DEPTH_MAX * JREAD_KEYS_MAX]; /* of all open objects */
};

static bool scan_fail(struct jscan *scan, const char *why)
{
    scan->why = why;
    return false;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* The next byte; NUL, which no token has, at the end. */
static char next_byte(struct str rest)
{
    return rest.length > 0 ? rest.data[0] : '\0';
}

/* The value of `\uXXXX` at the start of `rest`, which is cut off; POINT_BAD if there is none. */
static int32_t unicode_escape_next(struct str *rest)
{
    int32_t point = 0;

    if (!str_starts_with(*rest, STR("\\u")) || rest->length < 6)
        return POINT_BAD;
    for (size_t i = 2; i < 6; i++) {
        int digit = number_hex_digit(rest->data[i]);

        if (digit < 0)
            return POINT_BAD;
        point = point * 16 + digit;
    }
    *rest = str_skip(*rest, 6);
    return point;
}

/* A `\u` escape, or two that make one code point. */
static int32_t unicode_next(struct str *rest, const char **ret_why)
{
    int32_t point = unicode_escape_next(rest);
    int32_t low;

    if (point == POINT_BAD) {
        *ret_why = WHY_UNICODE;
        return POINT_BAD;
    }
    if (point == 0) {
        *ret_why = "The character U+0000 is not accepted in text.";
        return POINT_BAD;
    }
    if (point < 0xd800 || point > 0xdfff)
        return point;
    low = point < 0xdc00 ? unicode_escape_next(rest) : POINT_BAD;
    if (low < 0xdc00 || low > 0xdfff) {
        *ret_why = WHY_SURROGATE;
        return POINT_BAD;
    }
    return 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
}

static int32_t escape_next(struct str *rest, const char **ret_why)
{
    static const struct str letters = STR_INIT("\"\\/bfnrt");
    static const struct str meanings = STR_INIT("\"\\/\b\f\n\r\t");
    size_t which;

    if (rest->length < 2) {
        *ret_why = WHY_EARLY_END;
        return POINT_BAD;
    }
    if (rest->data[1] == 'u')
        return unicode_next(rest, ret_why);
    which = str_find(letters, rest->data[1]);
    if (which == letters.length) {
        *ret_why = "A backslash in text is followed by a character that JSON has no escape for.";
        return POINT_BAD;
    }
    *rest = str_skip(*rest, 2);
    return meanings.data[which];
}

/* The next character of a string, unescaped; POINT_END behind its closing quote, POINT_BAD. */
static int32_t string_next(struct str *rest, const char **ret_why)
{
    unsigned char byte;
    int32_t point;

    if (rest->length == 0) {
        *ret_why = WHY_EARLY_END;
        return POINT_BAD;
    }
    byte = (unsigned char)rest->data[0];
    if (byte == '\\')
        return escape_next(rest, ret_why);
    if (byte < ' ') {
        *ret_why = "A control character in text must be escaped.";
        return POINT_BAD;
    }
    point = str_next_point(rest);
    if (point < 0) {
        *ret_why = "The JSON text is not valid UTF-8.";
        return POINT_BAD;
    }
    return point == '"' ? POINT_END : point;
}

/* Passes over a string whose opening quote is next. The hash (FNV-1a) is of what it says. */
static bool scan_string(struct jscan *scan, uint32_t *ret_hash)
{
    uint32_t hash = UINT32_C(2166136261);
    int32_t point;

    scan->rest = str_skip(scan->rest, 1);
    while ((point = string_next(&scan->rest, &scan->why)) >= 0)
        hash = (hash ^ (uint32_t)point) * UINT32_C(16777619);
    *ret_hash = hash;
    return point == POINT_END;
}

/* Whether two keys, both checked already, say the same. */
static bool keys_equal(const struct jscan *scan, struct jscan_key a, struct jscan_key b)
{
    struct str a_rest = str_skip(scan->text, a.at);
    struct str b_rest = str_skip(scan->text, b.at);
    const char *why = NULL;
    int32_t point;

    do {
        point = string_next(&a_rest, &why);
        if (point != string_next(&b_rest, &why))
            return false;
    } while (point >= 0);
    return true;
}

/*
 * Remembers a key of the innermost object. Each is compared with at most JREAD_KEYS_MAX - 1 others
 * of its object, nearly always by hash alone, so that no input makes this grow with its square.
 */
static bool scan_key_note(struct jscan *scan, struct jscan_key key)
{
    size_t first = scan->frames[scan->depth - 1].key_first;

    if (scan->key_count - first >= JREAD_KEYS_MAX)
        return scan_fail(scan, "An object has too many keys.");
    scan->keys[scan->key_count++] = key;
    for (size_t i = first; i < scan->key_count - 1; i++)
        if (scan->keys[i].hash == key.hash && keys_equal(scan, scan->keys[i], key))
            return scan_fail(scan, "A key occurs twice in one object.");
    return true;
}

static void scan_spaces(struct jscan *scan)
{
    size_t count = 0;

    while (count < scan->rest.length &&
           str_find(STR(" \t\r\n"), scan->rest.data[count]) < STR(" \t\r\n").length)
        count++;
    scan->rest = str_skip(scan->rest, count);
}

static bool scan_key(struct jscan *scan)
{
    struct jscan_key key = {.at = (uint32_t)(scan->text.length - scan->rest.length + 1)};

    if (next_byte(scan->rest) != '"')
        return scan_fail(scan, "A key in double quotes is expected.");
    if (!scan_string(scan, &key.hash) || !scan_key_note(scan, key))
        return false;
    scan_spaces(scan);
    if (next_byte(scan->rest) != ':')
        return scan_fail(scan, "A colon is expected behind a key.");
    scan->rest = str_skip(scan->rest, 1);
    scan->state = SCAN_VALUE;
    return true;
}

/* Passes over digits; false when there is none. */
static bool scan_digits(struct jscan *scan)
{
    size_t count = 0;

    while (count < scan->rest.length && is_digit(scan->rest.data[count]))
        count++;
    scan->rest = str_skip(scan->rest, count);
    return count > 0 || scan_fail(scan, "A number lacks a digit.");
}

static bool scan_number(struct jscan *scan)
{
    if (next_byte(scan->rest) == '-')
        scan->rest = str_skip(scan->rest, 1);
    if (next_byte(scan->rest) == '0') {
        scan->rest = str_skip(scan->rest, 1);
        if (is_digit(next_byte(scan->rest)))
            return scan_fail(scan, "A number must not begin with a needless zero.");
    } else if (!scan_digits(scan)) {
        return false;
    }
    if (next_byte(scan->rest) == '.') {
        scan->rest = str_skip(scan->rest, 1);
        if (!scan_digits(scan))
            return false;
    }
    if (next_byte(scan->rest) == 'e' || next_byte(scan->rest) == 'E') {
        scan->rest = str_skip(scan->rest, 1);
        if (next_byte(scan->rest) == '+' || next_byte(scan->rest) == '-')
            scan->rest = str_skip(scan->rest, 1);
        return scan_digits(scan);
    }
    return true;
}

static bool scan_word(struct jscan *scan)
{
    static const struct str words[] = {STR_INIT("true"), STR_INIT("false"), STR_INIT("null")};

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (str_starts_with(scan->rest, words[i])) {
            scan->rest = str_skip(scan->rest, words[i].length);
            return true;
        }
    }
    return scan_fail(scan, "A value is expected: text in double quotes, a number, true, false, "
                           "null, an object or an array.");
}

static bool scan_open(struct jscan *scan, char bracket)
{
    if (scan->depth == JREAD_DEPTH_MAX)
        return scan_fail(scan, "The JSON text is nested too deep.");
    if (++scan->container_count > JREAD_CONTAINERS_MAX)
        return scan_fail(scan, "The JSON text has too many objects and arrays.");
    scan->frames[scan->depth++] = (struct jscan_frame){
        .closer = bracket == '{' ? '}' : ']',
        .key_first = scan->key_count,
    };
    scan->rest = str_skip(scan->rest, 1);
    scan->state = bracket == '{' ? SCAN_KEY_OR_END : SCAN_ITEM_OR_END;
    return true;
}

static bool scan_close(struct jscan *scan)
{
    scan->key_count = scan->frames[--scan->depth].key_first;
    scan->rest = str_skip(scan->rest, 1);
    scan->state = SCAN_AFTER;
    return true;
}

static bool scan_value(struct jscan *scan)
{
    char byte = next_byte(scan->rest);
    uint32_t hash;

    if (++scan->value_count > JREAD_VALUES_MAX)
        return scan_fail(scan, "The JSON text has too many values.");
    if (byte == '{' || byte == '[')
        return scan_open(scan, byte);
    scan->state = SCAN_AFTER;
    if (byte == '"')
        return scan_string(scan, &hash);
    if (byte == '-' || is_digit(byte))
        return scan_number(scan);
    return scan_word(scan);
}

/* Behind a value inside a container: a comma or its end. */
static bool scan_after(struct jscan *scan)
{
    char closer = scan->frames[scan->depth - 1].closer;
    char byte = next_byte(scan->rest);

    if (byte == closer)
        return scan_close(scan);
    if (byte != ',')
        return scan_fail(scan, closer == '}' ? "A comma or } is expected behind a member."
                                             : "A comma or ] is expected behind an item.");
    scan->rest = str_skip(scan->rest, 1);
    scan->state = closer == '}' ? SCAN_KEY : SCAN_VALUE;
    return true;
}

/* Passes over one token. */
static bool scan_step(struct jscan *scan)
{
    scan_spaces(scan);
    if (scan->rest.length == 0)
        return scan_fail(scan, WHY_EARLY_END);
    switch (scan->state) {
    case SCAN_KEY_OR_END:
        if (next_byte(scan->rest) == '}')
            return scan_close(scan);
        return scan_key(scan);
    case SCAN_KEY:
        return scan_key(scan);
    case SCAN_ITEM_OR_END:
        if (next_byte(scan->rest) == ']')
            return scan_close(scan);
        return scan_value(scan);
    case SCAN_AFTER:
        return scan_after(scan);
    case SCAN_VALUE:
    default:
        return scan_value(scan);
    }
}

/* The latest key of the outermost object, where it is written without escapes. */
static struct str outermost_member(const struct jscan *scan)
{
    size_t end = scan->depth > 1 ? scan->frames[1].key_first : scan->key_count;
    struct str name;

    if (scan->depth == 0 || scan->frames[0].closer != '}' || end == 0)
        return STR_EMPTY;
    name = str_skip(scan->text, scan->keys[end - 1].at);
    name = str_first(name, str_find(name, '"'));
    return str_find(name, '\\') < name.length ? STR_EMPTY : name;
}

const char *jscan_check(struct str text, struct str *ret_value, struct str *ret_member)
{
    struct jscan scan = {.text = text, .rest = text, .state = SCAN_VALUE};
    struct str value;

    ASSERT(text.length <= JREAD_BYTES_MAX);
    *ret_member = STR_EMPTY;
    if (str_starts_with(text, STR("\xef\xbb\xbf")))
        return "The JSON text begins with a byte order mark; send plain UTF-8 without one.";
    scan_spaces(&scan);
    if (scan.rest.length == 0)
        return "The JSON text is empty.";
    value = scan.rest;
    /* Every step but the last takes a byte at least. */
    do {
        if (!scan_step(&scan)) {
            *ret_member = outermost_member(&scan);
            return scan.why;
        }
    } while (scan.depth > 0 || scan.state != SCAN_AFTER);
    value.length -= scan.rest.length;
    scan_spaces(&scan);
    if (scan.rest.length > 0)
        return "Something follows the JSON value.";
    *ret_value = value;
    return NULL;
}
