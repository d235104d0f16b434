/* What the push and the query check alike: short code, timestamp and password. */
#include "risiti/base/base.h"

#include "risiti/sandbox/stk.h"

#include "risiti/base/clock.h"
#include "risiti/base/crypto.h"

#define SHORT_CODE_LENGTH_MIN 5
#define SHORT_CODE_LENGTH_MAX 7
#define TIMESTAMP_AGE_MAX_US (INT64_C(24) * 3600 * CLOCK_US_PER_SECOND)

static struct str field_of(const struct jread *root, const char *name)
{
    return jread_scalar(jread_member(root, name));
}

bool sandbox_stk_check_form(struct sandbox *sandbox, struct exchange *exchange,
                            const struct jread *root)
{
    struct str code = field_of(root, "BusinessShortCode");
    int64_t when_us;

    if (code.length < SHORT_CODE_LENGTH_MIN || code.length > SHORT_CODE_LENGTH_MAX ||
        !str_consists_of(code, STR("0123456789")))
        exchange_answer_invalid(sandbox, exchange, "BusinessShortCode");
    else if (clock_parse_eat(field_of(root, "Timestamp"), &when_us) != ERR_OK)
        exchange_answer_invalid(sandbox, exchange, "Timestamp");
    else if (field_of(root, "Password").length == 0)
        exchange_answer_invalid(sandbox, exchange, "Password");
    else
        return true;
    return false;
}

/* base64(short code, passkey, timestamp), and a timestamp of today in East Africa. */
static bool password_fits(const struct merchant *merchant, struct arena *arena,
                          const struct jread *root)
{
    struct str timestamp = field_of(root, "Timestamp");
    struct str given = field_of(root, "Password");
    struct str plain = arena_format(arena, "%s%s%.*s", merchant->business_code, merchant->passkey,
                                    STR_ARG(timestamp));
    struct str password = crypto_base64(plain, arena);
    int64_t when_us, age_us;

    if (plain.data == NULL || password.data == NULL ||
        clock_parse_eat(timestamp, &when_us) != ERR_OK)
        return false;
    age_us = clock_now_us() - when_us;
    return age_us <= TIMESTAMP_AGE_MAX_US && age_us >= -TIMESTAMP_AGE_MAX_US &&
           given.length == password.length && crypto_equal(given.data, password.data, given.length);
}

bool sandbox_stk_check_merchant(struct sandbox *sandbox, struct exchange *exchange,
                                const struct jread *root, struct merchant **ret_merchant)
{
    struct merchant *merchant =
        merchants_by_business_code(&sandbox->merchants, field_of(root, "BusinessShortCode"));

    if (merchant == NULL) {
        exchange_answer_error(sandbox, exchange, 500, "500.001.1001", "Merchant does not exist");
        return false;
    }
    if (!password_fits(merchant, exchange->arena, root)) {
        exchange_answer_error(sandbox, exchange, 500, "500.001.1001",
                              "[MerchantValidate] - Wrong credentials");
        return false;
    }
    *ret_merchant = merchant;
    return true;
}

void sandbox_stk_answer_page(struct exchange *exchange, unsigned status)
{
    exchange_answer_text(exchange, status, "text/html",
                         status == 403
                             ? STR("<html><head><title>Request Rejected</title></head><body>The "
                                   "requested URL was rejected.</body></html>\n")
                             : STR("<html><body><h1>503 Service Unavailable</h1>Application is not "
                                   "available</body></html>\n"));
}
