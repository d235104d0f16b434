/* The one table of routes: see routes.h. */
#include "risiti/base/base.h"

#include "risiti/api/routes.h"

#include "risiti/api/call.h"

#define KEY (ROUTE_KEY | ROUTE_DATABASE)
#define PLAIN (ROUTE_CALLBACK | ROUTE_PLAIN)
#define BODY API_BODY_BYTES_MAX

/* clang-format off */
const struct route api_routes[] = {
    {METHOD_POST, "/api/stk-push",            "stk_push",      KEY, BODY, stk_push_post},
    {METHOD_GET,  "/api/payments/verify",     "verify",        KEY, 0, payment_verify_get},
    {METHOD_POST, "/api/payments/claim",      "claim",         KEY, BODY, payment_claim_post},
    {METHOD_GET,  "/api/payments",            "payment_list",  KEY, 0, payment_list_get},
    {METHOD_GET,  "/api/payments/{id}",       "payment_show",  KEY, 0, payment_show_get},
    {METHOD_POST, "/api/mpesa/stk-callback",  "stk_callback",
     PLAIN | ROUTE_KEEP, BODY, callback_stk_post},
    {METHOD_POST, "/api/mpesa/c2b-confirmation", "c2b_confirmation",
     PLAIN | ROUTE_KEEP, BODY, callback_confirmation_post},
    {METHOD_POST, "/api/mpesa/c2b/confirmation", "c2b_confirmation",
     PLAIN | ROUTE_KEEP, BODY, callback_confirmation_post},
    {METHOD_POST, "/api/mpesa/c2b-validation", "c2b_validation",
     PLAIN, BODY, callback_validation_post},
    {METHOD_POST, "/api/mpesa/c2b/validation", "c2b_validation",
     PLAIN, BODY, callback_validation_post},
    {METHOD_POST, "/hooks/stk/{token}",       "stk_callback",
     ROUTE_CALLBACK | ROUTE_KEEP, BODY, callback_stk_post},
    {METHOD_POST, "/hooks/c2b/{token}/confirmation", "c2b_confirmation",
     ROUTE_CALLBACK | ROUTE_KEEP, BODY, callback_confirmation_post},
    {METHOD_POST, "/hooks/c2b/{token}/validation", "c2b_validation",
     ROUTE_CALLBACK, BODY, callback_validation_post},
    {METHOD_GET,  "/healthz",                 "healthz",       ROUTE_MONITOR, 0, health_live},
    {METHOD_GET,  "/readyz",                  "readyz",        ROUTE_MONITOR, 0, health_ready},
};
/* clang-format on */
const size_t api_route_count = ARRAY_LENGTH(api_routes);
