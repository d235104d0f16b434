/* The folder of files that wait for the database: see spool.h. */
#include "risiti/base/base.h"

#include "risiti/domain/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/base/mem.h"
#include "spool_file.h"

#define FOLDER_MODE 0700
/* Files are counted anew this often at most, while callbacks are spooled. */
#define COUNT_MS 1000
/* A file that is shown is not shown again before this, even if the process ends meanwhile. */
#define TAKE_S 30
/* What a process that ended left half written; its callback was not answered. */
#define PART_AGE_S 3600

#define LISTED ".listed"
#define UNLISTED ".unlisted"
#define PART ".part"
#define DAMAGED ".damaged"

struct spool {
    const char *path;
    unsigned files_max, unlisted_max;
    struct spool_count count; /* as of counted_ms, and what was written since */
    int64_t counted_ms;       /* monotonic; 0: never */
    bool is_known_empty;
    struct timespec empty_since; /* the folder's time when it was last seen empty */
};

/* What a file's name says. */
enum name_kind { NAME_OTHER, NAME_LISTED, NAME_UNLISTED, NAME_PART, NAME_DAMAGED };

struct spool *spool_new(const struct config *config)
{
    struct spool *spool = mem_alloc(1, sizeof(*spool));

    if (spool == NULL)
        return NULL;
    spool->path = config->callbacks_spool;
    spool->files_max = (unsigned)config->callbacks_spool_files;
    spool->unlisted_max = (unsigned)config->callbacks_spool_unlisted;
    return spool;
}

void spool_free(struct spool *spool)
{
    mem_free(spool);
}

static enum name_kind name_parse(const char *name, struct uuid *ret_id)
{
    static const struct {
        struct str suffix;
        enum name_kind kind;
    } kinds[] = {{STR_INIT(LISTED), NAME_LISTED},
                 {STR_INIT(UNLISTED), NAME_UNLISTED},
                 {STR_INIT(PART), NAME_PART},
                 {STR_INIT(DAMAGED), NAME_DAMAGED}};
    struct str text = str_from(name);
    struct str suffix = str_skip(text, UUID_TEXT_SIZE - 1);

    if (uuid_parse(str_first(text, UUID_TEXT_SIZE - 1), ret_id) != ERR_OK)
        return NAME_OTHER;
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        if (str_equal(suffix, kinds[i].suffix))
            return kinds[i].kind;
    return NAME_OTHER;
}

static const char *name_write(const struct uuid *id, const char *suffix, char name[SPOOL_NAME_SIZE])
{
    char text[UUID_TEXT_SIZE];

    ASSERT(snprintf(name, SPOOL_NAME_SIZE, "%s%s", uuid_format(id, text), suffix) <
           SPOOL_NAME_SIZE);
    return name;
}

static int folder_open(const struct spool *spool)
{
    return open(spool->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The folder; made when it is not there and may be. Negative with errno set. */
static int folder_make(const struct spool *spool)
{
    int folder = folder_open(spool);

    if (folder < 0 && errno == ENOENT && mkdir(spool->path, FOLDER_MODE) == 0) {
        int parent;

        folder = folder_open(spool);
        parent = folder >= 0 ? openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        if (parent >= 0) {
            (void)fsync(parent); /* best effort: the folder is made once in its life */
            (void)close(parent);
        }
    }
    return folder;
}

/* Another stream over the same folder, from its start. NULL with errno set. */
static DIR *folder_list(int folder)
{
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy >= 0 ? fdopendir(copy) : NULL;

    if (list == NULL && copy >= 0)
        (void)close(copy);
    return list;
}

static enum err folder_count(int folder, struct spool_count *ret_count)
{
    struct spool_count count = {0};
    DIR *list = folder_list(folder);
    const struct dirent *entry;
    struct uuid id;

    if (list == NULL)
        return ERR_IO;
    while ((entry = readdir(list)) != NULL)
        switch (name_parse(entry->d_name, &id)) {
        case NAME_UNLISTED:
            count.unlisted++;
            count.waiting++;
            break;
        case NAME_LISTED:
            count.waiting++;
            break;
        case NAME_DAMAGED:
            count.damaged++;
            break;
        case NAME_PART:
        case NAME_OTHER:
            break;
        }
    (void)closedir(list);
    *ret_count = count;
    return ERR_OK;
}

enum err spool_count(const struct spool *spool, struct spool_count *ret_count)
{
    int folder = folder_open(spool);
    enum err err;

    if (folder < 0 && errno == ENOENT) {
        *ret_count = (struct spool_count){0};
        return ERR_OK;
    }
    if (folder < 0)
        return ERR_IO;
    err = folder_count(folder, ret_count);
    (void)close(folder);
    return err;
}

bool spool_is_usable(const struct spool *spool)
{
    struct str path = str_from(spool->path);
    char parent[sizeof(((struct config *)NULL)->callbacks_spool)];
    struct stat status;

    if (stat(spool->path, &status) == 0)
        return S_ISDIR(status.st_mode) && access(spool->path, R_OK | W_OK | X_OK) == 0;
    while (path.length > 1 && path.data[path.length - 1] != '/')
        path.length--;
    return errno == ENOENT && str_copy(path, parent, sizeof(parent)) &&
           access(parent, W_OK | X_OK) == 0;
}

static enum err spool_refuse(const struct callback *callback, enum err err, const char *why)
{
    log_write(LOG_LEVEL_ERROR, "spool_failed",
              LOG_FIELDS(LOG_UUID("inbox", &callback->id), LOG_TEXT("reason", why)));
    return err;
}

/* Whether one more file is within the bounds. */
static bool has_room(struct spool *spool, int folder, bool is_listed)
{
    int64_t now_ms = clock_monotonic_ms();

    if (spool->counted_ms == 0 || now_ms - spool->counted_ms >= COUNT_MS) {
        if (folder_count(folder, &spool->count) != ERR_OK)
            return false;
        spool->counted_ms = now_ms;
    }
    return spool->count.waiting < spool->files_max &&
           (is_listed || spool->count.unlisted < spool->unlisted_max);
}

/* A half-written file never has the name of a whole one. */
static bool file_put(int folder, const struct callback *callback)
{
    char part[SPOOL_NAME_SIZE], name[SPOOL_NAME_SIZE];

    (void)name_write(&callback->id, PART, part);
    (void)name_write(&callback->id, callback->is_listed ? LISTED : UNLISTED, name);
    return spool_file_write(folder, part, callback) == ERR_OK &&
           renameat(folder, part, folder, name) == 0 && fsync(folder) == 0;
}

enum err spool_write(struct spool *spool, const struct callback *callback)
{
    int folder = folder_make(spool);
    enum err err = ERR_OK;

    if (folder < 0)
        return spool_refuse(callback, ERR_IO, strerror(errno));
    if (!has_room(spool, folder, callback->is_listed))
        err = spool_refuse(callback, ERR_TOO_LARGE, "as many files wait as may");
    else if (!file_put(folder, callback))
        err = spool_refuse(callback, ERR_IO, strerror(errno));
    if (err == ERR_OK) {
        spool->count.waiting++;
        spool->count.unlisted += callback->is_listed ? 0 : 1;
        spool->is_known_empty = false;
    }
    (void)close(folder);
    return err;
}

bool spool_may_have_files(struct spool *spool)
{
    struct stat status;

    if (stat(spool->path, &status) != 0)
        return false;
    return !spool->is_known_empty || status.st_mtim.tv_sec != spool->empty_since.tv_sec ||
           status.st_mtim.tv_nsec != spool->empty_since.tv_nsec;
}

/* One turn over the folder. */
struct turn_over {
    struct spool *spool;
    struct arena *arena;
    spool_visit visit;
    void *context;
    int folder;
    int64_t now_s;
    unsigned done;
    bool leaves_some; /* files remain for later */
};

/* Puts a file's time off; 0 brings it back to now. False when somebody was faster. */
static bool file_put_off(const struct turn_over *over, const char *name, int64_t seconds)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = over->now_s + seconds}};

    return utimensat(over->folder, name, times, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Whether the file's time has come. One far in the future is of a clock that was set back. */
static bool is_due(const struct turn_over *over, const char *name)
{
    struct stat status;

    return fstatat(over->folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           (status.st_mtim.tv_sec <= over->now_s || status.st_mtim.tv_sec > over->now_s + TAKE_S);
}

static void file_set_aside(struct turn_over *over, const char *name, const struct uuid *id)
{
    char damaged[SPOOL_NAME_SIZE];

    (void)name_write(id, DAMAGED, damaged);
    log_write(LOG_LEVEL_ERROR, "spool_damaged", LOG_FIELDS(LOG_UUID("inbox", id)));
    if (renameat(over->folder, name, over->folder, damaged) != 0)
        over->leaves_some = true;
}

/* Shows one file. Errors are those that end the turn. */
static enum err file_show(struct turn_over *over, const char *name, const struct uuid *id)
{
    struct callback callback;
    enum err err;

    if (!file_put_off(over, name, TAKE_S))
        return ERR_OK;
    err = spool_file_read(over->folder, name, over->arena, &callback);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (err == ERR_INVALID) {
        file_set_aside(over, name, id);
        return ERR_OK;
    }
    if (err == ERR_OK) {
        callback.id = *id;
        err = over->visit(over->context, &callback);
    }
    if (err == ERR_OK || err == ERR_DUPLICATE) {
        over->done++;
        /* One that cannot be removed is a duplicate next time. */
        (void)unlinkat(over->folder, name, 0);
        return ERR_OK;
    }
    over->leaves_some = true;
    if (err != ERR_DB_AWAY && err != ERR_DB_FULL && err != ERR_DB_SCHEMA &&
        err != ERR_DB_COMMIT_UNKNOWN)
        return ERR_OK;
    (void)file_put_off(over, name, 0); /* else it is due in half a minute */
    return err;
}

/* What a process that ended left behind. */
static void part_clean(const struct turn_over *over, const char *name)
{
    struct stat status;

    if (fstatat(over->folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        status.st_mtim.tv_sec < over->now_s - PART_AGE_S)
        (void)unlinkat(over->folder, name, 0);
}

static enum err folder_show(struct turn_over *over, DIR *list, unsigned limit)
{
    const struct dirent *entry;
    enum err err = ERR_OK;
    struct uuid id;

    while (err == ERR_OK && (entry = readdir(list)) != NULL) {
        enum name_kind kind = name_parse(entry->d_name, &id);

        if (kind == NAME_PART)
            part_clean(over, entry->d_name);
        if (kind != NAME_LISTED && kind != NAME_UNLISTED)
            continue;
        if (over->done >= limit || !is_due(over, entry->d_name)) {
            over->leaves_some = true;
            if (over->done >= limit)
                break;
            continue;
        }
        err = file_show(over, entry->d_name, &id);
        arena_reset(over->arena);
    }
    return err;
}

/* Remembers the folder's time, as it was before it was found empty. */
static void empty_note(struct spool *spool, const struct stat *before)
{
    spool->is_known_empty = true;
    spool->empty_since = before->st_mtim;
}

enum err spool_each(struct spool *spool, struct arena *arena, unsigned limit, spool_visit visit,
                    void *context, unsigned *ret_done)
{
    struct turn_over over = {.spool = spool,
                             .arena = arena,
                             .visit = visit,
                             .context = context,
                             .folder = folder_open(spool),
                             .now_s = clock_now_us() / CLOCK_US_PER_SECOND};
    struct stat before;
    DIR *list = NULL;
    enum err err = ERR_OK;

    *ret_done = 0;
    if (over.folder < 0)
        return errno == ENOENT ? ERR_OK : ERR_IO;
    /* Files are safe without the lock, too: it only spares two from doing the same work. */
    if (flock(over.folder, LOCK_EX | LOCK_NB) == 0 && fstat(over.folder, &before) == 0) {
        list = folder_list(over.folder);
        err = list != NULL ? folder_show(&over, list, limit) : ERR_IO;
        if (err == ERR_OK && over.done == 0 && !over.leaves_some)
            empty_note(spool, &before);
    }
    if (list != NULL)
        (void)closedir(list);
    (void)close(over.folder);
    *ret_done = over.done;
    return err;
}
