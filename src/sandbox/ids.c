/* Identifiers in Safaricom's forms: see ids.h. */
#include "risiti/base/base.h"

#include "risiti/sandbox/ids.h"

#include "risiti/base/clock.h"
#include "risiti/sandbox/mix.h"

#define RECEIPT_BASE 36
#define RECEIPT_TAIL 7
#define RECEIPT_YEAR_A 2006
/* One step of the climbing part: 36^7 of them are more than a day has. */
#define RECEIPT_STEP_US 2
#define US_PER_DAY (INT64_C(86400) * CLOCK_US_PER_SECOND)
#define EAT_OFFSET_US (INT64_C(3) * 3600 * CLOCK_US_PER_SECOND)
#define PHONE_TAIL_START 3

void ids_init(struct ids *ids, uint64_t seed)
{
    *ids = (struct ids){.state = seed};
}

/* Year letter (A is 2006), month letter, day 1..9 then A..V. */
static void receipt_day_of(int64_t now_us, char ret_day[4])
{
    static const char days[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    struct clock_date date = clock_date_of(now_us + EAT_OFFSET_US);

    ret_day[0] = (char)('A' + (date.year - RECEIPT_YEAR_A) % 26);
    ret_day[1] = (char)('A' + date.month - 1);
    ret_day[2] = days[date.day];
    ret_day[3] = '\0';
}

void ids_receipt(struct ids *ids, int64_t now_us, char ret_receipt[IDS_RECEIPT_SIZE])
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    uint64_t value = (uint64_t)((now_us + EAT_OFFSET_US) % US_PER_DAY / RECEIPT_STEP_US);
    char day[4];

    receipt_day_of(now_us, day);
    if (memcmp(day, ids->receipt_day, 3) < 0)
        memcpy(day, ids->receipt_day, sizeof(day)); /* the clock went back over midnight */
    if (memcmp(day, ids->receipt_day, 3) == 0 && value <= ids->receipt_last)
        value = ids->receipt_last + 1;
    memcpy(ids->receipt_day, day, sizeof(day));
    ids->receipt_last = value;

    memcpy(ret_receipt, day, 3);
    for (size_t i = 0; i < RECEIPT_TAIL; i++) {
        ret_receipt[IDS_RECEIPT_SIZE - 2 - i] = digits[value % RECEIPT_BASE];
        value /= RECEIPT_BASE;
    }
    ret_receipt[IDS_RECEIPT_SIZE - 1] = '\0';
}

enum err ids_checkout(int64_t now_us, const struct phone *phone, char ret_id[IDS_CHECKOUT_SIZE])
{
    struct clock_date date = clock_date_of(now_us + EAT_OFFSET_US);
    char text[128]; /* for dates that cannot be, too */
    int length = snprintf(text, sizeof(text), "ws_CO_%02d%02d%04d%02d%02d%02d%03d%s", date.day,
                          date.month, date.year, date.hour, date.minute, date.second,
                          date.microsecond / 1000, phone->digits + PHONE_TAIL_START);

    if (length != IDS_CHECKOUT_SIZE - 1)
        return ERR_INTERNAL;
    memcpy(ret_id, text, IDS_CHECKOUT_SIZE);
    return ERR_OK;
}

static uint64_t ids_next(struct ids *ids)
{
    return mix_bits(ids->state++);
}

void ids_request(struct ids *ids, char ret_id[IDS_REQUEST_SIZE])
{
    static const char form[] = "xxxx-xxxx-xxxx-xxxxxxxxxxxxxxxxxx";
    static const char digits[] = "0123456789abcdef";
    uint64_t bits = 0;

    _Static_assert(sizeof(form) == IDS_REQUEST_SIZE, "the form fills the buffer");
    for (size_t i = 0; i < sizeof(form); i++) {
        if (i % 16 == 0)
            bits = ids_next(ids);
        ret_id[i] = form[i] == 'x' ? digits[bits % 16] : form[i];
        bits /= 16;
    }
}
