/*
 * POST /api/mpesa/stk-callback/, …/c2b-confirmation/ and their /hooks/ forms: what Safaricom tells,
 * journaled and applied, or in the spool, before it is answered.
 */
#include "risiti/base/base.h"

#include "risiti/api/call.h"
#include "risiti/api/routes.h"
#include "risiti/domain/callback_accept.h"

static enum err callback_post(struct call *call, enum inbox_kind kind, const char *description)
{
    struct jwrite *json = &call->response->json;
    bool has_token = (call->match->route->flags & ROUTE_PLAIN) == 0;
    struct callback callback = {.kind = kind,
                                .body = call->request->body,
                                .source = call->request->client,
                                .is_listed = call->is_listed};
    enum err err = callback_accept(call->service, &callback,
                                   has_token ? call->match->parameters[0] : STR_EMPTY);

    if (err != ERR_OK)
        return err;
    jwrite_object_begin(json, NULL);
    jwrite_int(json, "ResultCode", 0);
    jwrite_text(json, "ResultDesc", description);
    jwrite_object_end(json);
    return ERR_OK;
}

enum err callback_stk_post(struct call *call)
{
    return callback_post(call, INBOX_KIND_STK, "Accepted");
}

enum err callback_confirmation_post(struct call *call)
{
    return callback_post(call, INBOX_KIND_C2B, "Success");
}
