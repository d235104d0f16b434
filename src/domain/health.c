/* Whether the service can work: see health.h. */
#include "risiti/base/base.h"

#include "risiti/domain/health.h"

#include "risiti/base/clock.h"
#include "risiti/db/inbox_store.h"
#include "risiti/db/migrate.h"
#include "risiti/domain/spool.h"

/* A schema that was fine is looked at again after this long. */
#define SCHEMA_CHECK_MS 5000

enum err health_schema(struct service *service)
{
    enum err err = db_connect(service->db);

    return err == ERR_OK ? migrate_check(service->db) : err;
}

enum err health_schema_recent(struct service *service)
{
    int64_t *checked_ms = &service->intake.schema_checked_ms;
    int64_t now_ms = clock_monotonic_ms();
    enum err err;

    if (*checked_ms != 0 && now_ms - *checked_ms < SCHEMA_CHECK_MS)
        return ERR_OK;
    err = health_schema(service);
    *checked_ms = err == ERR_OK ? now_ms : 0;
    return err;
}

enum err health_check(struct service *service, struct health *ret_health)
{
    struct spool_count files = {0};
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
    /* A folder that cannot be read is one that cannot be used, and is said below. */
    if (service->spool != NULL && spool_count(service->spool, &files) != ERR_OK)
        files = (struct spool_count){0};
    health.spool_is_usable = service->spool == NULL || spool_is_usable(service->spool);
    health.spooled = files.waiting;
    health.damaged = files.damaged;
    health.schema = status.applied;
    *ret_health = health;
    return ERR_OK;
}
