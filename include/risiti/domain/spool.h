/*
 * Files of callbacks that came while the database was away, one a callback, in a folder of this
 * host. A file is named by the id that its row in the journal will have, so that it becomes at most
 * one row, whoever brings it there and however often. No database here: see callback_spool.h.
 */
#ifndef RISITI_DOMAIN_SPOOL_H
#define RISITI_DOMAIN_SPOOL_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/err.h"
#include "risiti/domain/callback.h"

struct spool;

/* The folder that the configuration names. NULL without memory. No folder is made or opened yet. */
RISITI_CHECKED struct spool *spool_new(const struct config *config);
/* NULL is fine. */
void spool_free(struct spool *spool);

/*
 * Writes one callback with its id: ERR_OK when file and folder are on the disk. ERR_TOO_LARGE: as
 * many files wait as may; ERR_IO: it cannot be written. Both are logged.
 */
RISITI_CHECKED enum err spool_write(struct spool *spool, const struct callback *callback);

struct spool_count {
    unsigned waiting;  /* files that wait for the database */
    unsigned unlisted; /* of these, from addresses that are not listed */
    unsigned damaged;  /* files that cannot be read, set aside for a person */
};

/* Counts this host's files. All zero where there is no folder. ERR_IO when it cannot be read. */
RISITI_CHECKED enum err spool_count(const struct spool *spool, struct spool_count *ret_count);

/* Whether a callback could be written now: the folder is there or can be made. */
bool spool_is_usable(const struct spool *spool);

/*
 * Whether there may be files: one look at the folder's time unless it has changed since it was
 * last seen empty. Cheap enough for every request.
 */
bool spool_may_have_files(struct spool *spool);

/* What is done with one file: ERR_OK and ERR_DUPLICATE remove it. */
typedef enum err (*spool_visit)(void *context, const struct callback *callback);

/*
 * Shows up to `limit` files, each taken for a while before it is shown, so that one whose effect
 * ends the process does not keep others from theirs. ERR_DB_AWAY, ERR_DB_FULL, ERR_DB_SCHEMA and
 * ERR_DB_COMMIT_UNKNOWN from `visit` end it; other errors leave the file for later. A file that
 * cannot be understood is set aside. Another process that does it now: nothing is done. `ret_done`
 * counts the files removed. `arena` is reset after each file.
 */
RISITI_CHECKED enum err spool_each(struct spool *spool, struct arena *arena, unsigned limit,
                                   spool_visit visit, void *context, unsigned *ret_done);

#endif
