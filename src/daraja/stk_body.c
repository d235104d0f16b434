/* The bodies of STK calls: see stk_body.h. */
#include "risiti/base/base.h"

#include "stk_body.h"

#include "risiti/base/clock.h"
#include "risiti/base/crypto.h"
#include "risiti/base/jwrite.h"
#include "risiti/base/number.h"

#define SAFE_CHARACTERS STR("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ._-")
#define ACCOUNT_REFERENCE_LENGTH_MAX 12
#define CHECKOUT_ID_BYTES_MAX 64
#define SHORT_CODE_MAX 9999999

const char *stk_description(struct str text, char buffer[DESCRIPTION_SIZE])
{
    size_t length = 0;

    for (size_t i = 0; i < text.length && length < DESCRIPTION_LENGTH_MAX; i++) {
        bool is_safe = str_consists_of((struct str){text.data + i, 1}, SAFE_CHARACTERS);
        bool is_leading_space = text.data[i] == ' ' && length == 0;

        if (is_safe && !is_leading_space)
            buffer[length++] = text.data[i];
    }
    while (length > 0 && buffer[length - 1] == ' ')
        length--;
    if (length > 0) {
        buffer[length] = '\0';
        return buffer;
    }
    memcpy(buffer, "Payment", sizeof("Payment"));
    return buffer;
}

static enum err short_code_write(struct jwrite *writer, const char *name, const char *number)
{
    uint64_t value;

    if (number_parse(str_from(number), 1, SHORT_CODE_MAX, &value) != ERR_OK)
        return ERR_CONFIG;
    jwrite_int(writer, name, (int64_t)value);
    return ERR_OK;
}

/* base64(store number, passkey, timestamp); the copies made on the way are wiped. */
static enum err password_write(struct jwrite *writer, struct arena *arena,
                               const struct config_short_code *short_code, const char *timestamp)
{
    char plain[sizeof(short_code->store_number) + CONFIG_SECRET_SIZE + CLOCK_EAT_SIZE];
    int length = snprintf(plain, sizeof(plain), "%s%s%s", short_code->store_number,
                          short_code->passkey.text, timestamp);
    struct str encoded;

    ASSERT(length > 0 && (size_t)length < sizeof(plain));
    encoded = crypto_base64((struct str){plain, (size_t)length}, arena);
    crypto_wipe(plain, sizeof(plain));
    if (encoded.data == NULL)
        return ERR_NOMEM;
    jwrite_str(writer, "Password", encoded);
    crypto_wipe_str(encoded);
    return ERR_OK;
}

/*
 * The start of both bodies. A till is asked for under its store number, the one that went live. The
 * timestamp is made once: the password holds the same bytes.
 */
static enum err identity_write(struct jwrite *writer, struct arena *arena,
                               const struct config_short_code *short_code, int64_t instant_us)
{
    char timestamp[CLOCK_EAT_SIZE];
    enum err err = short_code_write(writer, "BusinessShortCode", short_code->store_number);

    if (err != ERR_OK)
        return err;
    err = password_write(writer, arena, short_code, clock_format_eat(instant_us, timestamp));
    jwrite_text(writer, "Timestamp", timestamp);
    return err;
}

static enum err phone_write(struct jwrite *writer, const char *name, const struct phone *phone)
{
    uint64_t value;

    if (number_parse(str_from(phone->digits), 1, INT64_MAX, &value) != ERR_OK)
        return ERR_INVALID;
    jwrite_int(writer, name, (int64_t)value);
    return ERR_OK;
}

static bool push_is_possible(const struct stk_push *push)
{
    return push->amount_shillings >= 1 && push->account_reference.length > 0 &&
           push->account_reference.length <= ACCOUNT_REFERENCE_LENGTH_MAX &&
           str_consists_of(push->account_reference, SAFE_CHARACTERS) &&
           push->callback_url.length > 0 && str_is_printable(push->callback_url) &&
           str_find(push->callback_url, ' ') == push->callback_url.length;
}

static enum err parties_write(struct jwrite *writer, const struct stk_push *push)
{
    enum err err = phone_write(writer, "PartyA", &push->phone);

    if (err == ERR_OK)
        err = short_code_write(writer, "PartyB", push->short_code->number);
    if (err == ERR_OK)
        err = phone_write(writer, "PhoneNumber", &push->phone);
    return err;
}

/* A buffer over fixed memory is too small only for texts that no request has room for. */
static enum err buffer_err(const struct buffer *buffer)
{
    return buffer->err == ERR_TOO_LARGE ? ERR_INVALID : buffer->err;
}

enum err stk_push_body(const struct stk_push *push, int64_t instant_us, struct arena *arena,
                       struct buffer *buffer)
{
    bool is_till = push->short_code->type == SHORT_CODE_TILL;
    char description[DESCRIPTION_SIZE];
    struct jwrite writer;
    enum err err;

    if (!push_is_possible(push))
        return ERR_INVALID;
    jwrite_init(&writer, buffer);
    jwrite_object_begin(&writer, NULL);
    err = identity_write(&writer, arena, push->short_code, instant_us);
    if (err != ERR_OK)
        return err;
    jwrite_text(&writer, "TransactionType",
                is_till ? "CustomerBuyGoodsOnline" : "CustomerPayBillOnline");
    jwrite_int(&writer, "Amount", push->amount_shillings);
    err = parties_write(&writer, push);
    if (err != ERR_OK)
        return err;
    jwrite_str(&writer, "CallBackURL", push->callback_url);
    jwrite_str(&writer, "AccountReference", push->account_reference);
    jwrite_text(&writer, "TransactionDesc", stk_description(push->description, description));
    jwrite_object_end(&writer);
    return buffer_err(buffer);
}

enum err stk_query_body(const struct config_short_code *short_code, struct str checkout_request_id,
                        int64_t instant_us, struct arena *arena, struct buffer *buffer)
{
    struct jwrite writer;
    enum err err;

    if (checkout_request_id.length == 0 || checkout_request_id.length > CHECKOUT_ID_BYTES_MAX)
        return ERR_INVALID;
    jwrite_init(&writer, buffer);
    jwrite_object_begin(&writer, NULL);
    err = identity_write(&writer, arena, short_code, instant_us);
    if (err != ERR_OK)
        return err;
    jwrite_str(&writer, "CheckoutRequestID", checkout_request_id);
    jwrite_object_end(&writer);
    return buffer_err(buffer);
}
