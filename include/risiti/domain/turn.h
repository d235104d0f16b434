/* One turn of a background task: how much it may do before others have theirs. */
#ifndef RISITI_DOMAIN_TURN_H
#define RISITI_DOMAIN_TURN_H

#include "risiti/base/base.h"

struct turn {
    unsigned limit; /* rows at most */
    /*
     * Whether deadlines count: not while callbacks lie in the spool, nor right after an outage of
     * the database, since what would have met them may not have arrived yet.
     */
    bool may_expire;
};

#endif
