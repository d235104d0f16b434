/*
 * POST /api/mpesa/c2b-validation/ and /hooks/c2b/{token}/validation/: accepts or rejects a payment
 * before it is made, from memory alone, so that the answer is there within Daraja's seconds.
 */
#include "risiti/base/base.h"

#include "risiti/api/call.h"
#include "risiti/api/routes.h"
#include "risiti/base/log.h"
#include "risiti/domain/c2b.h"
#include "risiti/domain/callback_accept.h"

enum err callback_validation_post(struct call *call)
{
    struct jwrite *json = &call->response->json;
    struct c2b_verdict verdict;

    /* Whether the secret is ours may not be known while the database is away: the rules are. */
    if ((call->match->route->flags & ROUTE_PLAIN) == 0 &&
        callback_token_find_soon(call->service, INBOX_KIND_C2B, call->match->parameters[0]) ==
            ERR_ROUTE)
        return ERR_ROUTE;
    verdict = c2b_validate(call->service, call->request->body);
    log_write(LOG_LEVEL_INFO, "c2b_validated", LOG_FIELDS(LOG_TEXT("code", verdict.code)));
    jwrite_object_begin(json, NULL);
    jwrite_text(json, "ResultCode", verdict.code);
    jwrite_text(json, "ResultDesc", verdict.description);
    jwrite_object_end(json);
    return ERR_OK;
}
