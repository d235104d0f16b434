/*
 * Callbacks that lie in the journal, applied again: those whose effect failed here, those that wait
 * for something that had not come yet, and what a person asks for. Each at most once, however many
 * processes try: one unit locks the journal's row, applies the body, and writes the row's state.
 */
#ifndef RISITI_DOMAIN_CALLBACK_REPLAY_H
#define RISITI_DOMAIN_CALLBACK_REPLAY_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/domain/callback.h"
#include "risiti/domain/service.h"
#include "risiti/domain/turn.h"

/* The pause before the second try; it doubles with each, up to the longest. */
#define CALLBACK_PAUSE_FIRST_S 10
#define CALLBACK_PAUSE_LONGEST_S 3600

enum callback_replay_flags {
    CALLBACK_REPLAY_ANY = 0,        /* whatever is not applied and not in quarantine */
    CALLBACK_REPLAY_OPEN = 1,       /* only a row that failed or waits; others are left */
    CALLBACK_REPLAY_RELEASE = 2,    /* a person vouches for it: also one in quarantine, or a success
                                       that waits for a second proof */
    CALLBACK_REPLAY_MAY_EXPIRE = 4, /* one that has waited too long ends, for a person */
};

/* How long to wait after this many tries. */
unsigned callback_pause_s(unsigned attempts);

/*
 * Applies one row of the journal. ERR_OK: `ret_effect` says how the row stands now; it stands as it
 * did when it was applied before, or when the flags leave it. An effect that fails here makes the
 * row `failed`, and it is tried again later. ERR_NOT_FOUND; ERR_STATE for a row in quarantine
 * without CALLBACK_REPLAY_RELEASE; ERR_DB_AWAY, ERR_DB_FULL and ERR_DB_COMMIT_UNKNOWN: try again.
 */
RISITI_CHECKED enum err callback_replay(struct service *service, const struct uuid *inbox_id,
                                        unsigned flags, struct callback_effect *ret_effect);

/*
 * Applies what waited for just this push, by the checkout id that it now has (data NULL: none) or
 * by its payment (NULL: none). An error is no harm: the rows are due by themselves later. Outside
 * units only. `ret_done` counts the rows that wait no more; NULL is fine.
 */
RISITI_CHECKED enum err callback_apply_waiting(struct service *service,
                                               struct str checkout_request_id,
                                               const struct uuid *payment_id, unsigned *ret_done);

/*
 * A turn of the task: rows that are due for another try. Any number of processes may do it at once;
 * a row whose effect ends the process does not keep others from theirs. `ret_done` counts the rows
 * that were tried. An error ends the turn early.
 */
RISITI_CHECKED enum err callback_retry_due(struct service *service, const struct turn *turn,
                                           unsigned *ret_done);

#endif
