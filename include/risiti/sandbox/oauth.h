/* The app's credentials and its one valid token. */
#ifndef RISITI_SANDBOX_OAUTH_H
#define RISITI_SANDBOX_OAUTH_H

#include "risiti/base/base.h"

#define OAUTH_CREDENTIAL_SIZE 256
/* 28 letters and digits and a NUL. */
#define OAUTH_TOKEN_SIZE 29
#define OAUTH_LIFE_SECONDS 3599

struct oauth {
    char consumer_key[OAUTH_CREDENTIAL_SIZE];
    char consumer_secret[OAUTH_CREDENTIAL_SIZE];
    int64_t life_seconds;
    char token[OAUTH_TOKEN_SIZE]; /* empty when there is none */
    int64_t expires_ms;           /* on the monotonic clock */
};

#endif
