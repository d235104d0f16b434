/*
 * The one list of everything that can go wrong, and the one table that says what each means to a
 * caller over HTTP: status, public code, title, and whether trying again may help.
 */
#ifndef RISITI_BASE_ERR_H
#define RISITI_BASE_ERR_H

#include "risiti/base/base.h"

enum err {
    ERR_OK = 0,
    /* Input. */
    ERR_INVALID,    /* a field, parameter or header has a wrong value */
    ERR_SYNTAX,     /* the body is not the strict JSON that we read */
    ERR_MALFORMED,  /* the request itself cannot be understood */
    ERR_TRUNCATED,  /* the peer went away before the request was complete */
    ERR_TOO_LARGE,  /* a limit on length was exceeded */
    ERR_MEDIA_TYPE, /* the body's Content-Type is not one we read */
    ERR_METHOD,     /* the path exists, not with this method */
    ERR_ROUTE,      /* no such path */
    /* Who asks. */
    ERR_KEY_MISSING,  /* no API key was sent */
    ERR_KEY_MISTYPED, /* not a key of ours: form or checksum is wrong */
    ERR_KEY_UNKNOWN,  /* well formed, but unknown, revoked or expired */
    ERR_APP_DISABLED, /* the app of this key is switched off */
    ERR_FORBIDDEN,    /* this address may not call this */
    ERR_THROTTLED,    /* too many failed receipt look-ups */
    ERR_IDEMPOTENCY,  /* a promise was asked for that is not given */
    /* Payments. */
    ERR_NOT_FOUND,       /* nothing there that this app may see */
    ERR_ALREADY_CLAIMED, /* by this very app */
    ERR_AMBIGUOUS,       /* several payments match; the caller must name one */
    ERR_DUPLICATE,       /* a unique key exists already */
    ERR_STATE,           /* a transition that the state table does not have */
    /* Daraja. */
    ERR_PUSH_REFUSED,  /* Daraja refused; nothing happened on the phone */
    ERR_PUSH_LOCKED,   /* the subscriber has another prompt open */
    ERR_PUSH_OPEN,     /* another push of this service to the phone has no end yet */
    ERR_PUSH_REPEATED, /* the same amount was asked of the phone just now */
    ERR_PUSH_UNKNOWN,  /* sent, but the outcome is not known */
    ERR_DARAJA_DOWN,   /* could not be reached; nothing was sent */
    ERR_DARAJA_AUTH,   /* credentials or token refused */
    /* The world. */
    ERR_DB_AWAY,           /* no connection, or it broke outside a COMMIT */
    ERR_DB_CONFLICT,       /* deadlock, lock wait or certification failure: redo the whole unit */
    ERR_DB_COMMIT_UNKNOWN, /* the connection broke during COMMIT */
    ERR_DB_FULL,           /* the database cannot write */
    ERR_DB_QUERY,          /* a statement failed in a way that only a person can mend */
    ERR_DB_SCHEMA,         /* the schema's version does not admit this program */
    ERR_TIMEOUT,
    ERR_IO,     /* file or socket */
    ERR_CONFIG, /* the configuration is wrong */
    ERR_CRYPTO, /* random numbers, digest or decryption failed */
    ERR_NOMEM,
    ERR_INTERNAL,
    ERR_COUNT /* how many there are; not an error */
};

/* What one error means outside. `status` is an HTTP status. */
struct err_info {
    const char *code;  /* `invalid-request`: the tail of urn:risiti:problem:<code> */
    const char *title; /* a short sentence, the same for every occurrence */
    unsigned status;
    bool retryable; /* answered with Retry-After: the same request may succeed later */
};

/* The row of `err`; never NULL, ERR_INTERNAL's for a number that is none. */
const struct err_info *err_info(enum err err);

/* The enumerator's name without `ERR_`, such as "NOT_FOUND": for logs and tests. */
const char *err_name(enum err err);

#endif
