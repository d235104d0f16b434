/* What is handed down with every call of the domain: see service.h. */
#include "risiti/base/base.h"

#include "risiti/domain/service.h"

#include "risiti/daraja/daraja.h"
#include "risiti/domain/c2b_token.h"
#include "risiti/domain/oauth.h"
#include "risiti/domain/spool.h"

const struct uuid admin_shop_id = {{0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}};

/* The client and its token; neither where no consumer key is configured. */
static enum err daraja_open(struct service *service)
{
    struct daraja_token_source source;
    enum err err;

    if (service->config->daraja_consumer_key.text[0] == '\0')
        return ERR_OK;
    err = oauth_new(service, &service->oauth);
    if (err != ERR_OK)
        return err;
    source = oauth_source(service->oauth);
    service->daraja = daraja_new(service->config, &source);
    return service->daraja != NULL ? ERR_OK : ERR_NOMEM;
}

enum err service_open(struct service *service, const struct config *config, size_t arena_bytes_max)
{
    enum err err = ERR_NOMEM;

    *service = (struct service){.config = config, .db_options = db_options_from(config)};
    service->arena = arena_new(arena_bytes_max);
    service->db = db_new(&service->db_options);
    service->c2b_tokens = c2b_token_cache_new();
    if (config->callbacks_spool[0] != '\0')
        service->spool = spool_new(config);
    if (service->arena != NULL && service->db != NULL && service->c2b_tokens != NULL &&
        (service->spool != NULL || config->callbacks_spool[0] == '\0'))
        err = daraja_open(service);
    if (err != ERR_OK)
        service_close(service);
    return err;
}

void service_close(struct service *service)
{
    daraja_free(service->daraja);
    oauth_free(service->oauth);
    c2b_token_cache_free(service->c2b_tokens);
    spool_free(service->spool);
    db_free(service->db);
    arena_free(service->arena);
    *service = (struct service){.config = NULL};
}
