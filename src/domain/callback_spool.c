/* The spool's files, brought into the journal: see callback_spool.h. */
#include "risiti/base/base.h"

#include "risiti/domain/callback_spool.h"

#include "risiti/base/log.h"
#include "risiti/domain/callback.h"
#include "risiti/domain/callback_accept.h"
#include "risiti/domain/health.h"
#include "risiti/domain/spool.h"

/* After one request: its worker has others to serve. */
#define FILES_AFTER_REQUEST 16

static enum err spool_journal(void *context, const struct callback *callback)
{
    struct callback_effect effect;

    return callback_receive(context, callback, &effect);
}

enum err spool_drain_due(struct service *service, const struct turn *turn, unsigned *ret_done)
{
    struct service own = *service;
    unsigned done = 0;
    enum err err;

    *ret_done = 0;
    if (service->spool == NULL || !spool_may_have_files(service->spool))
        return ERR_OK;
    err = health_schema_recent(service);
    if (err != ERR_OK)
        return err;
    own.arena = arena_new(CALLBACK_ARENA_BYTES_MAX);
    if (own.arena == NULL)
        return ERR_NOMEM;
    err = spool_each(service->spool, own.arena, turn->limit, spool_journal, &own, &done);
    arena_free(own.arena);
    if (done > 0)
        log_write(LOG_LEVEL_INFO, "spool_drained", LOG_FIELDS(LOG_INT("files", done)));
    *ret_done = done;
    return err;
}

void spool_drain_after_request(struct service *service)
{
    static const struct turn few = {.limit = FILES_AFTER_REQUEST};
    unsigned done;
    enum err err;

    if (service->spool == NULL || !db_is_connected(service->db) ||
        callback_database_rests(service) || !spool_may_have_files(service->spool))
        return;
    callback_deadline_begin(service);
    err = spool_drain_due(service, &few, &done);
    callback_deadline_end(service);
    if (err != ERR_OK)
        log_write(LOG_LEVEL_WARNING, "spool_waits",
                  LOG_FIELDS(LOG_ERROR_NAME("error", err),
                             LOG_TEXT("database", db_last_error(service->db))));
}
