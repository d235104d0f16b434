/* The fields of requests by table: see fields.h. */
#include "risiti/base/base.h"

#include "risiti/api/fields.h"

#include "risiti/base/clock.h"
#include "risiti/base/jread.h"
#include "risiti/base/number.h"
#include "risiti/base/receipt.h"
#include "risiti/domain/payment.h"

#define TEXT_CHARACTERS_MAX 64
#define LONG_TEXT_BYTES_MAX 255

/* How many characters valid UTF-8 has: every byte that does not continue one. */
static size_t character_count(struct str text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.length; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

static const char *text_parse(struct str text, struct field_value *value)
{
    if (!str_is_printable(text) || str_trim(text).length == 0 ||
        character_count(text) > TEXT_CHARACTERS_MAX)
        return "must have 1 to 64 printable characters";
    value->text = text;
    return NULL;
}

static const char *long_text_parse(struct str text, struct field_value *value)
{
    if (!str_is_printable(text) || text.length > LONG_TEXT_BYTES_MAX)
        return "must have at most 255 printable characters";
    value->text = text;
    return NULL;
}

/* Text that is no receipt becomes one that no payment has: its answer is any unknown one's. */
static const char *receipt_parse(struct arena *arena, struct str text, struct field_value *value)
{
    const char *message = text_parse(text, value);

    if (message != NULL)
        return message;
    value->text = receipt_normalise(arena, text);
    if (value->text.data == NULL)
        value->text = STR("-");
    return NULL;
}

static const char *money_field_parse(struct str text, enum money_fraction fraction,
                                     struct field_value *value)
{
    if (money_parse(text, fraction, &value->money) == ERR_OK && value->money.cents > 0)
        return NULL;
    return fraction == MONEY_WHOLE
               ? "must be a whole number of shillings above zero, without exponent"
               : "must be an amount above zero with at most two decimals, without exponent";
}

static const char *count_parse(struct str text, struct field_value *value)
{
    uint64_t count;

    if (number_parse(text, 1, PAYMENT_LIST_MAX, &count) != ERR_OK)
        return "must be a whole number from 1 to 100";
    value->integer = (int64_t)count;
    return NULL;
}

static const char *flag_parse(struct str text, struct field_value *value)
{
    value->integer = str_equal(text, STR("true"));
    return value->integer != 0 || str_equal(text, STR("false")) ? NULL : "must be true or false";
}

static const char *status_parse(struct str text, struct field_value *value)
{
    enum payment_status status;

    if (payment_status_parse(text, &status) != ERR_OK)
        return "must be PENDING, SUCCESS or FAILED";
    value->integer = status;
    return NULL;
}

static const char *type_parse(struct str text, struct field_value *value)
{
    enum payment_type type;

    if (payment_type_parse(text, &type) != ERR_OK)
        return "must be STK or C2B";
    value->integer = type;
    return NULL;
}

/* Fills the value; a message when the text is not what the kind takes. */
static const char *field_parse(struct arena *arena, enum field_kind kind, struct str text,
                               struct field_value *value)
{
    switch (kind) {
    case FIELD_TEXT:
        return text_parse(text, value);
    case FIELD_LONG_TEXT:
        return long_text_parse(text, value);
    case FIELD_RECEIPT:
        return receipt_parse(arena, text, value);
    case FIELD_UUID:
        return uuid_parse(text, &value->uuid) == ERR_OK ? NULL : "must be a UUID";
    case FIELD_PHONE:
        return phone_parse(text, &value->phone) == ERR_OK
                   ? NULL
                   : "must be a Kenyan mobile number, such as 0712345678 or 254712345678";
    case FIELD_SHILLINGS:
        return money_field_parse(text, MONEY_WHOLE, value);
    case FIELD_AMOUNT:
        return money_field_parse(text, MONEY_CENTS, value);
    case FIELD_COUNT:
        return count_parse(text, value);
    case FIELD_FLAG:
        return flag_parse(text, value);
    case FIELD_TIME:
        return clock_parse_rfc3339(text, &value->integer) == ERR_OK
                   ? NULL
                   : "must be a date such as 2026-11-23 or an RFC 3339 time";
    case FIELD_STATUS:
        return status_parse(text, value);
    case FIELD_TYPE:
        return type_parse(text, value);
    }
    return "is not understood";
}

static bool kind_takes_numbers(enum field_kind kind)
{
    return kind == FIELD_PHONE || kind == FIELD_SHILLINGS || kind == FIELD_AMOUNT;
}

/* What the walk over a body's members carries. */
struct body_walk {
    struct call *call;
    const struct field *fields;
    size_t field_count;
    struct field_value *values;
};

/* The place of a name in the table, or field_count. */
static size_t field_index(const struct field *fields, size_t field_count, struct str name)
{
    size_t i = 0;

    while (i < field_count && !str_equal(name, str_from(fields[i].name)))
        i++;
    return i;
}

static bool body_member(struct str name, const struct jread *json, void *context)
{
    struct body_walk *walk = context;
    struct problem *problem = &walk->call->problem;
    size_t i = field_index(walk->fields, walk->field_count, name);
    const char *message;

    if (i == walk->field_count) {
        problem_add_field(problem, name, "is not a field of this request");
        return true;
    }
    walk->values[i].given = true;
    if (jread_type(json) != JREAD_STRING &&
        !(jread_type(json) == JREAD_NUMBER && kind_takes_numbers(walk->fields[i].kind)))
        message =
            kind_takes_numbers(walk->fields[i].kind) ? "must be a number or text" : "must be text";
    else
        message = field_parse(walk->call->service->arena, walk->fields[i].kind, jread_scalar(json),
                              &walk->values[i]);
    if (message != NULL)
        problem_add_field(problem, name, message);
    return true;
}

/* A request without fields has no values either. */
static void values_clear(struct field_value *values, size_t field_count)
{
    for (size_t i = 0; i < field_count; i++)
        values[i] = (struct field_value){.given = false};
}

/* Notes required fields that did not come; ERR_INVALID when any field was wrong. */
static enum err fields_finish(struct call *call, const struct field *fields, size_t field_count,
                              const struct field_value *values)
{
    for (size_t i = 0; i < field_count; i++)
        if (fields[i].required && !values[i].given)
            problem_add_field(&call->problem, str_from(fields[i].name), "is required");
    return call->problem.field_count > 0 ? ERR_INVALID : ERR_OK;
}

enum err fields_read_body(struct call *call, const struct field *fields, size_t field_count,
                          struct field_value *values)
{
    struct body_walk walk = {call, fields, field_count, values};
    const struct jread *root;
    const char *why = NULL;
    struct str member = STR_EMPTY;
    enum err err =
        jread_parse_member(call->service->arena, call->request->body, &root, &why, &member);

    values_clear(values, field_count);
    if (err == ERR_SYNTAX)
        call->problem.detail = str_from(why);
    if (err == ERR_SYNTAX && member.data != NULL)
        problem_add_field(&call->problem, member, why);
    if (err == ERR_OK && jread_type(root) != JREAD_OBJECT) {
        call->problem.detail = STR("The body must be a JSON object");
        err = ERR_SYNTAX;
    }
    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < call->query.count; i++)
        problem_add_field(&call->problem, call->query.items[i].name,
                          "belongs into the body, not into the query string");
    jread_each_member(root, body_member, &walk);
    return fields_finish(call, fields, field_count, values);
}

enum err fields_read_query(struct call *call, const struct field *fields, size_t field_count,
                           struct field_value *values)
{
    values_clear(values, field_count);
    for (size_t i = 0; i < call->query.count; i++) {
        const struct query_parameter *parameter = &call->query.items[i];
        size_t at = field_index(fields, field_count, parameter->name);
        const char *message = "is not a parameter of this request";

        if (at < field_count) {
            values[at].given = true;
            message =
                field_parse(call->service->arena, fields[at].kind, parameter->value, &values[at]);
        }
        if (message != NULL)
            problem_add_field(&call->problem, parameter->name, message);
    }
    return fields_finish(call, fields, field_count, values);
}
