/*
 * The URLs that Daraja is given for a short code's C2B payments. Their secret is made once and kept
 * sealed, because production URLs cannot be registered again at will; an old one goes on working.
 */
#ifndef RISITI_DOMAIN_C2B_URLS_H
#define RISITI_DOMAIN_C2B_URLS_H

#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/domain/service.h"

struct c2b_urls {
    struct str confirmation,
        validation; /* they contain the secret: show them to the operator only */
};

/*
 * The short code's URLs, with the newest secret, or with a new one when there is none or
 * `new_secret`. ERR_CONFIG without public_url or secret_key.
 */
RISITI_CHECKED enum err c2b_urls_get(struct service *service,
                                     const struct config_short_code *short_code, bool new_secret,
                                     struct c2b_urls *ret_urls);

#endif
