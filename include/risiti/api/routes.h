/* The one table of routes. */
#ifndef RISITI_API_ROUTES_H
#define RISITI_API_ROUTES_H

#include "risiti/base/base.h"
#include "risiti/http/router.h"

#define API_BODY_BYTES_MAX ((size_t)64 * 1024)

extern const struct route api_routes[];
extern const size_t api_route_count;

/* The endpoints, each in the file of its name. */
enum err stk_push_post(struct call *call);
enum err health_live(struct call *call);
enum err health_ready(struct call *call);
enum err payment_verify_get(struct call *call);
enum err payment_claim_post(struct call *call);
enum err payment_list_get(struct call *call);
enum err payment_show_get(struct call *call);
enum err callback_stk_post(struct call *call);
enum err callback_confirmation_post(struct call *call);
enum err callback_validation_post(struct call *call);

#endif
