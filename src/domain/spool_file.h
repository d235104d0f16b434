/* One callback as a file: a line of JSON that says how it came, and its body as it came. */
#ifndef RISITI_SRC_DOMAIN_SPOOL_FILE_H
#define RISITI_SRC_DOMAIN_SPOOL_FILE_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/domain/callback.h"

/* The longest body that is taken, and room for the line above it. */
#define SPOOL_FILE_BYTES_MAX ((size_t)72 * 1024)
#define SPOOL_NAME_SIZE 64

/* Writes and syncs a new file `name` in the folder. ERR_IO with errno set; no file is left then. */
RISITI_CHECKED enum err spool_file_write(int folder, const char *name,
                                         const struct callback *callback);
/*
 * Reads one. `ret_callback` lives in the arena; its id is the caller's to set. ERR_NOT_FOUND when
 * somebody was faster, ERR_INVALID for what is no such file or not a whole one, ERR_IO, ERR_NOMEM.
 */
RISITI_CHECKED enum err spool_file_read(int folder, const char *name, struct arena *arena,
                                        struct callback *ret_callback);

#endif
