/*
 * Time. Instants are microseconds since 1970-01-01 UTC in an int64_t named `…_us`; text forms are
 * RFC 3339 outside, DATETIME(6) in the database and East Africa Time (+03:00, always) at Daraja.
 */
#ifndef RISITI_BASE_CLOCK_H
#define RISITI_BASE_CLOCK_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

#define CLOCK_US_PER_SECOND INT64_C(1000000)
#define CLOCK_RFC3339_SIZE 32 /* "2026-11-23T11:15:27.123456Z" and NUL */
#define CLOCK_EAT_SIZE 15     /* "20261123141527" and NUL */

/* UTC now. */
int64_t clock_now_us(void);
/* Milliseconds of a clock that never jumps: for deadlines and durations. */
int64_t clock_monotonic_ms(void);
/* Sleeps that long, or until a signal arrives. */
void clock_sleep_ms(int64_t duration_ms);

/* Calendar date and time of an instant, in UTC. */
struct clock_date {
    int year, month, day, hour, minute, second, microsecond;
};
struct clock_date clock_date_of(int64_t instant_us);
/* ERR_INVALID for a date that does not exist or years outside 1970..9999. */
RISITI_CHECKED enum err clock_date_to_us(const struct clock_date *date, int64_t *ret_us);

/*
 * "2026-11-23T11:15:27Z", or with six decimals when there is a fraction. Instants outside
 * 1970..9999 are written as the nearest one inside. Returns `buffer`.
 */
const char *clock_format_rfc3339(int64_t instant_us, char buffer[CLOCK_RFC3339_SIZE]);
/* "20261123141527" in East Africa Time, the form of STK timestamps. Returns `buffer`. */
const char *clock_format_eat(int64_t instant_us, char buffer[CLOCK_EAT_SIZE]);
/* 14 digits in East Africa Time. ERR_INVALID otherwise. */
RISITI_CHECKED enum err clock_parse_eat(struct str text, int64_t *ret_us);
/* RFC 3339 with any offset, or a bare date (midnight in East Africa). ERR_INVALID otherwise. */
RISITI_CHECKED enum err clock_parse_rfc3339(struct str text, int64_t *ret_us);

#endif
