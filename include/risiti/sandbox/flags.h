/* The command line of risiti-sandbox. */
#ifndef RISITI_SANDBOX_FLAGS_H
#define RISITI_SANDBOX_FLAGS_H

#include "risiti/base/base.h"
#include "risiti/base/log.h"
#include "risiti/sandbox/merchant.h"
#include "risiti/sandbox/oauth.h"
#include "risiti/sandbox/sandbox.h"

struct flags {
    const char *listen;
    const char *ready_file; /* NULL for none */
    enum log_format log_format;
    struct sandbox_options options;
    struct merchants merchants;
    struct oauth oauth;
};

enum flags_result { FLAGS_RUN, FLAGS_DONE, FLAGS_WRONG };

/*
 * Reads the arguments. FLAGS_DONE when they asked for a text, which has been printed; FLAGS_WRONG
 * when they are wrong, which has been said on standard error.
 */
enum flags_result flags_read(int argument_count, char **arguments, struct flags *ret_flags);

#endif
