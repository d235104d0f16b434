/*
 * Instants, dates and their texts: see clock.h. The calendar is computed here (days from the civil
 * date and back, proleptic Gregorian), so that neither the host's zone nor static buffers matter.
 */
#include "risiti/base/base.h"

#include "risiti/base/clock.h"

#include "risiti/base/number.h"

#define SECONDS_PER_DAY INT64_C(86400)
#define US_PER_DAY (SECONDS_PER_DAY * CLOCK_US_PER_SECOND)
#define EAT_OFFSET_US (INT64_C(3) * 3600 * CLOCK_US_PER_SECOND)
/* 9999-12-31T23:59:59.999999Z: the last instant that the text forms can hold. */
#define INSTANT_US_MAX INT64_C(253402300799999999)
#define YEAR_MIN 1970
#define YEAR_MAX 9999
#define DAYS_PER_ERA 146097 /* 400 years */
#define EPOCH_DAY 719468    /* days from 0000-03-01 to 1970-01-01 */
#define FRACTION_DIGITS_MAX 9

int64_t clock_now_us(void)
{
    struct timespec now;
    int failed = clock_gettime(CLOCK_REALTIME, &now);

    ASSERT(failed == 0);
    return (int64_t)now.tv_sec * CLOCK_US_PER_SECOND + now.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
    struct timespec now;
    int failed = clock_gettime(CLOCK_MONOTONIC, &now);

    ASSERT(failed == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void clock_sleep_ms(int64_t duration_ms)
{
    struct timespec duration;

    if (duration_ms <= 0)
        return;
    duration.tv_sec = (time_t)(duration_ms / 1000);
    duration.tv_nsec = (long)(duration_ms % 1000 * 1000000);
    /* A signal ends the sleep: the caller's loop then sees why. */
    (void)nanosleep(&duration, NULL);
}

/* Years are counted from March here, so that the leap day is the last of its year. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t march_year = (int64_t)year - (month <= 2 ? 1 : 0);
    int64_t era = march_year / 400;
    int64_t year_of_era = march_year - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * DAYS_PER_ERA + day_of_era - EPOCH_DAY;
}

static void civil_from_days(int64_t days, struct clock_date *date)
{
    int64_t shifted = days + EPOCH_DAY;
    int64_t era = (shifted >= 0 ? shifted : shifted - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (DAYS_PER_ERA - 1)) /
        365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;

    date->day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    date->month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    date->year = (int)(year_of_era + era * 400 + (date->month <= 2 ? 1 : 0));
}

struct clock_date clock_date_of(int64_t instant_us)
{
    int64_t days = instant_us / US_PER_DAY;
    int64_t rest_us = instant_us % US_PER_DAY;
    struct clock_date date = {0};
    int64_t seconds;

    if (rest_us < 0) {
        rest_us += US_PER_DAY;
        days--;
    }
    civil_from_days(days, &date);
    seconds = rest_us / CLOCK_US_PER_SECOND;
    date.hour = (int)(seconds / 3600);
    date.minute = (int)(seconds / 60 % 60);
    date.second = (int)(seconds % 60);
    date.microsecond = (int)(rest_us % CLOCK_US_PER_SECOND);
    return date;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && leap ? 29 : days[month - 1];
}

static bool in_range(int value, int min, int max)
{
    return value >= min && value <= max;
}

enum err clock_date_to_us(const struct clock_date *date, int64_t *ret_us)
{
    if (!in_range(date->year, YEAR_MIN, YEAR_MAX) || !in_range(date->month, 1, 12) ||
        !in_range(date->day, 1, days_in_month(date->year, date->month)) ||
        !in_range(date->hour, 0, 23) || !in_range(date->minute, 0, 59) ||
        !in_range(date->second, 0, 59) || !in_range(date->microsecond, 0, 999999))
        return ERR_INVALID;
    *ret_us =
        days_from_civil(date->year, date->month, date->day) * US_PER_DAY +
        ((int64_t)date->hour * 3600 + date->minute * 60 + date->second) * CLOCK_US_PER_SECOND +
        date->microsecond;
    return ERR_OK;
}

/* Writes exactly `width` digits and, when it is not NUL, the byte behind them. */
static char *put(char *to, int value, size_t width, char behind)
{
    for (size_t i = width; i-- > 0; value /= 10)
        to[i] = (char)('0' + value % 10);
    to += width;
    if (behind != '\0')
        *to++ = behind;
    return to;
}

static int64_t clamp(int64_t instant_us)
{
    if (instant_us < 0)
        return 0;
    return instant_us < INSTANT_US_MAX ? instant_us : INSTANT_US_MAX;
}

const char *clock_format_rfc3339(int64_t instant_us, char buffer[CLOCK_RFC3339_SIZE])
{
    struct clock_date date = clock_date_of(clamp(instant_us));
    char *to = buffer;

    to = put(to, date.year, 4, '-');
    to = put(to, date.month, 2, '-');
    to = put(to, date.day, 2, 'T');
    to = put(to, date.hour, 2, ':');
    to = put(to, date.minute, 2, ':');
    to = put(to, date.second, 2, date.microsecond != 0 ? '.' : 'Z');
    if (date.microsecond != 0)
        to = put(to, date.microsecond, 6, 'Z');
    *to = '\0';
    return buffer;
}

const char *clock_format_eat(int64_t instant_us, char buffer[CLOCK_EAT_SIZE])
{
    struct clock_date date = clock_date_of(clamp(clamp(instant_us) + EAT_OFFSET_US));
    char *to = buffer;

    to = put(to, date.year, 4, '\0');
    to = put(to, date.month, 2, '\0');
    to = put(to, date.day, 2, '\0');
    to = put(to, date.hour, 2, '\0');
    to = put(to, date.minute, 2, '\0');
    to = put(to, date.second, 2, '\0');
    *to = '\0';
    return buffer;
}

/* Cuts exactly `width` digits off the text. */
static bool take(struct str *text, size_t width, int *ret_value)
{
    uint64_t value;

    if (text->length < width ||
        number_parse(str_first(*text, width), 0, UINT64_C(999999999), &value) != ERR_OK)
        return false;
    *text = str_skip(*text, width);
    *ret_value = (int)value;
    return true;
}

/* Cuts one byte off the text when it is `byte`. */
static bool take_byte(struct str *text, char byte)
{
    if (text->length == 0 || text->data[0] != byte)
        return false;
    *text = str_skip(*text, 1);
    return true;
}

/* The instant of a date whose clock is `offset_us` ahead of UTC. */
static enum err instant_of(const struct clock_date *date, int64_t offset_us, int64_t *ret_us)
{
    int64_t instant_us;

    if (clock_date_to_us(date, &instant_us) != ERR_OK)
        return ERR_INVALID;
    instant_us -= offset_us;
    if (instant_us < 0 || instant_us > INSTANT_US_MAX)
        return ERR_INVALID;
    *ret_us = instant_us;
    return ERR_OK;
}

enum err clock_parse_eat(struct str text, int64_t *ret_us)
{
    struct clock_date date = {0};

    if (!take(&text, 4, &date.year) || !take(&text, 2, &date.month) || !take(&text, 2, &date.day) ||
        !take(&text, 2, &date.hour) || !take(&text, 2, &date.minute) ||
        !take(&text, 2, &date.second) || text.length != 0)
        return ERR_INVALID;
    return instant_of(&date, EAT_OFFSET_US, ret_us);
}

/* One to nine digits behind the point; what is finer than a microsecond is cut off. */
static bool take_fraction(struct str *text, int *ret_microsecond)
{
    int value = 0;
    size_t count = 0;

    while (count < FRACTION_DIGITS_MAX && count < text->length && text->data[count] >= '0' &&
           text->data[count] <= '9') {
        if (count < 6)
            value = value * 10 + (text->data[count] - '0');
        count++;
    }
    for (size_t i = count; i < 6; i++)
        value *= 10;
    *text = str_skip(*text, count);
    *ret_microsecond = value;
    return count > 0;
}

/* "Z" or "+03:00", and nothing behind it. */
static bool take_offset(struct str text, int64_t *ret_offset_us)
{
    int hours, minutes;
    int64_t offset_us;
    bool west;

    if (str_equal_nocase(text, STR("Z"))) {
        *ret_offset_us = 0;
        return true;
    }
    west = take_byte(&text, '-');
    if ((!west && !take_byte(&text, '+')) || !take(&text, 2, &hours) || !take_byte(&text, ':') ||
        !take(&text, 2, &minutes) || text.length != 0 || hours > 23 || minutes > 59)
        return false;
    offset_us = ((int64_t)hours * 60 + minutes) * 60 * CLOCK_US_PER_SECOND;
    *ret_offset_us = west ? -offset_us : offset_us;
    return true;
}

enum err clock_parse_rfc3339(struct str text, int64_t *ret_us)
{
    struct clock_date date = {0};
    int64_t offset_us = EAT_OFFSET_US;

    if (!take(&text, 4, &date.year) || !take_byte(&text, '-') || !take(&text, 2, &date.month) ||
        !take_byte(&text, '-') || !take(&text, 2, &date.day))
        return ERR_INVALID;
    if (text.length == 0)
        return instant_of(&date, offset_us, ret_us);
    if ((!take_byte(&text, 'T') && !take_byte(&text, 't')) || !take(&text, 2, &date.hour) ||
        !take_byte(&text, ':') || !take(&text, 2, &date.minute) || !take_byte(&text, ':') ||
        !take(&text, 2, &date.second))
        return ERR_INVALID;
    if (take_byte(&text, '.') && !take_fraction(&text, &date.microsecond))
        return ERR_INVALID;
    if (!take_offset(text, &offset_us))
        return ERR_INVALID;
    return instant_of(&date, offset_us, ret_us);
}
