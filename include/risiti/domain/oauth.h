/*
 * The one OAuth token of all workers on all hosts. A new token ends the old one at Daraja, so it is
 * kept in the database, sealed, and renewed early by one worker under a lease; the others go on
 * with the old one, or wait a moment when there is none.
 */
#ifndef RISITI_DOMAIN_OAUTH_H
#define RISITI_DOMAIN_OAUTH_H

#include "risiti/base/base.h"
#include "risiti/daraja/daraja.h"
#include "risiti/domain/service.h"

struct oauth;

/* `service` outlives it. ERR_NOMEM, ERR_CONFIG without consumer key or secret_key. */
RISITI_CHECKED enum err oauth_new(struct service *service, struct oauth **ret_oauth);
/* Wipes the token. NULL is fine. */
void oauth_free(struct oauth *oauth);
/* For daraja_new; valid as long as the oauth. */
struct daraja_token_source oauth_source(struct oauth *oauth);
/*
 * For the operator: gets a token in the way that workers do, so that theirs stays valid.
 * `ret_answer` has what Daraja said; its status is 0 when it was not asked, because there is a
 * token or another process is about to get one. ERR_DARAJA_AUTH, ERR_DARAJA_DOWN, database errors.
 */
RISITI_CHECKED enum err oauth_check(struct oauth *oauth, struct daraja *daraja, struct arena *arena,
                                    struct daraja_answer *ret_answer);

#endif
