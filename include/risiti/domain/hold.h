/* The end of holds: money that may have been a push's, and is not, becomes anybody's again. */
#ifndef RISITI_DOMAIN_HOLD_H
#define RISITI_DOMAIN_HOLD_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/domain/service.h"
#include "risiti/domain/turn.h"

/*
 * Releases money whose pushes have all settled, or whose time is over. Money that may belong to a
 * push which is paid and has no receipt becomes a conflict instead: released, it would count twice.
 * A database error ends the turn; `ret_done` counts what was done in any case.
 */
RISITI_CHECKED enum err hold_release_due(struct service *service, const struct turn *turn,
                                         unsigned *ret_done);

#endif
