/* GET /healthz and /readyz: whether this process lives, and whether it can do its work. */
#include "risiti/base/base.h"

#include "risiti/domain/health.h"

#include "risiti/api/call.h"
#include "risiti/api/routes.h"

enum err health_live(struct call *call)
{
    struct jwrite *json = &call->response->json;

    jwrite_object_begin(json, NULL);
    jwrite_text(json, "status", "ok");
    jwrite_object_end(json);
    return ERR_OK;
}

enum err health_ready(struct call *call)
{
    struct jwrite *json = &call->response->json;
    struct health health;
    bool is_fine;
    enum err err = health_check(call->service, &health);

    if (err != ERR_OK)
        return err;
    is_fine = health.failed_effects + health.damaged == 0 && health.spool_is_usable;
    jwrite_object_begin(json, NULL);
    jwrite_text(json, "status", is_fine ? "ready" : "degraded");
    jwrite_text(json, "database", "ok");
    jwrite_int(json, "schema", health.schema);
    jwrite_int(json, "failed_callbacks", health.failed_effects);
    jwrite_int(json, "quarantined_callbacks", health.quarantined);
    jwrite_int(json, "spooled_callbacks", health.spooled);
    jwrite_int(json, "damaged_spool_files", health.damaged);
    jwrite_bool(json, "spool_usable", health.spool_is_usable);
    jwrite_object_end(json);
    return ERR_OK;
}
