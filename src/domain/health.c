/* Whether the service can work: see health.h. */
#include "risiti/base/base.h"

#include "risiti/domain/health.h"

#include "risiti/db/inbox_store.h"
#include "risiti/db/migrate.h"

enum err health_schema(struct service *service)
{
    enum err err = db_connect(service->db);

    return err == ERR_OK ? migrate_check(service->db) : err;
}

enum err health_check(struct service *service, struct health *ret_health)
{
    struct health health;
    struct migrate_status status;
    enum err err = health_schema(service);

    if (err == ERR_OK)
        err = migrate_status(service->db, &status);
    if (err == ERR_OK)
        err = inbox_store_count(service->db, service->arena, INBOX_STATE_FAILED, HEALTH_COUNT_MAX,
                                &health.failed_effects);
    if (err == ERR_OK)
        err = inbox_store_count(service->db, service->arena, INBOX_STATE_QUARANTINED,
                                HEALTH_COUNT_MAX, &health.quarantined);
    if (err != ERR_OK)
        return err;
    health.schema = status.applied;
    *ret_health = health;
    return ERR_OK;
}
