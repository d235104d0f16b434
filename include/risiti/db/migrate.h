/*
 * The schema: numbered SQL files (db/NNNN_name.sql), embedded in the program, applied in order,
 * each once, recorded with a checksum. Every file can be run again after a kill in its middle. A
 * lease row keeps a second migrator waiting.
 */
#ifndef RISITI_DB_MIGRATE_H
#define RISITI_DB_MIGRATE_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/db/db.h"

/* One embedded file. */
struct migration {
    unsigned number;
    const char *name; /* "initial" */
    const unsigned char *sql;
    size_t sql_bytes;
    unsigned oldest_level; /* programs whose newest migration is older may not run on it */
};

extern const struct migration migrations[];
extern const size_t migration_count;

struct migrate_status {
    unsigned applied;      /* the newest migration in the database; 0 when there is none */
    unsigned known;        /* the newest in this program */
    unsigned oldest_level; /* what the database demands of programs */
    bool checksum_differs; /* an applied file is not the one in this program */
};

/*
 * Applies what is missing. `report` (may be NULL) is told each migration before it runs. Waits up
 * to 60 s for another migrator. ERR_DB_SCHEMA when the database is newer than this program admits
 * or a checksum differs; the errors of db_execute.
 */
RISITI_CHECKED enum err migrate_run(struct db *db,
                                    void (*report)(const struct migration *migration));
/* ERR_OK also for an empty database. */
RISITI_CHECKED enum err migrate_status(struct db *db, struct migrate_status *ret_status);
/*
 * Whether this program may serve on this schema: ERR_DB_SCHEMA when the database lacks a migration
 * of ours or demands a newer program. One cheap query.
 */
RISITI_CHECKED enum err migrate_check(struct db *db);

#endif
