/* A configuration file in a folder of its own, loaded again and again: for the tests of config. */
#ifndef RISITI_TESTS_CONFIG_FIXTURE_H
#define RISITI_TESTS_CONFIG_FIXTURE_H

#include "tap.h"

#include <sys/types.h>

#include "risiti/base/config.h"

#define PATH_SIZE 128

extern char ini_path[PATH_SIZE], secret_path[PATH_SIZE];
/* What the last load gave; the next one releases it. */
extern struct config *config;
extern struct config_findings findings;

/* Makes the folder, runs the tests, removes it. */
int config_fixture_run(const char *suite, const struct tap_test *tests, size_t test_count);
#define CONFIG_FIXTURE_MAIN(suite, table) \
    int main(void) \
    { \
        return config_fixture_run(suite, table, ARRAY_LENGTH(table)); \
    }

bool file_write(const char *path, struct str text, mode_t mode);
/* Loads what lies at ini_path. */
enum err load_file(void);
/* Writes the file, with this mode or as closed as it should be, and loads it. */
enum err load_mode(struct str text, mode_t mode);
enum err load(const char *text);

/* Whether `lines` hold the file's path and this text behind it. */
bool found(const struct buffer *lines, const char *text);
/* The load must fail with exactly one error, of this text behind the path. */
bool refused(const char *ini, const char *text);
/* The load must succeed. */
bool accepted(const char *ini);
/* The load must succeed with a warning of this text behind the path. */
bool warned(const char *ini, const char *text);

#endif
