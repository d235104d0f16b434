/* The one table from error numbers to what they mean here: see internal.h. */
#include "library.h"

#include "internal.h"

#define DISK_FULL "error 28 " /* ENOSPC, in the text of 1030 */

static const struct db_error errors[] = {
    /* A unique key. */
    {1062, ERR_DUPLICATE, false, false},
    {1022, ERR_DUPLICATE, false, false},
    {1586, ERR_DUPLICATE, false, false},
    /* Deadlock, lock wait, changed record, changed table: redo from the first read. */
    {1213, ERR_DB_CONFLICT, false, false},
    {1205, ERR_DB_CONFLICT, false, false},
    {1020, ERR_DB_CONFLICT, false, false},
    {1412, ERR_DB_CONFLICT, false, false},
    {1615, ERR_DB_CONFLICT, false, false},
    /* Interrupted by a person, or by max_statement_time. */
    {1317, ERR_DB_CONFLICT, true, false},
    {1969, ERR_DB_CONFLICT, true, false},
    /* Nobody there, or nobody that lets us in. */
    {2001, ERR_DB_AWAY, true, false},
    {2002, ERR_DB_AWAY, true, false},
    {2003, ERR_DB_AWAY, true, false},
    {2004, ERR_DB_AWAY, true, false},
    {2005, ERR_DB_AWAY, true, false},
    {2012, ERR_DB_AWAY, true, false},
    {2026, ERR_DB_AWAY, true, false},
    {1040, ERR_DB_AWAY, true, false},
    {1203, ERR_DB_AWAY, true, false},
    {1226, ERR_DB_AWAY, true, false},
    {1044, ERR_DB_AWAY, true, false},
    {1045, ERR_DB_AWAY, true, false},
    {1049, ERR_DB_AWAY, true, false},
    {1129, ERR_DB_AWAY, true, false},
    {1130, ERR_DB_AWAY, true, false},
    {1698, ERR_DB_AWAY, true, false},
    {1820, ERR_DB_AWAY, true, false},
    {1862, ERR_DB_AWAY, true, false},
    /* A server that cannot do it: no quorum, read only, no room for a statement. */
    {1047, ERR_DB_AWAY, true, false},
    {1290, ERR_DB_AWAY, true, false},
    {1836, ERR_DB_AWAY, true, false},
    {1461, ERR_DB_AWAY, true, false},
    {1243, ERR_DB_AWAY, true, false},
    /* 2006: the library could not send the whole statement, so nothing was done. */
    {2006, ERR_DB_AWAY, true, false},
    /* The connection ended after sending, or a commit of the cluster failed half-way. */
    {2013, ERR_DB_AWAY, true, true},
    {2055, ERR_DB_AWAY, true, true},
    {2027, ERR_DB_AWAY, true, true},
    {2014, ERR_DB_AWAY, true, true},
    {4031, ERR_DB_AWAY, true, true},
    {1927, ERR_DB_AWAY, true, true},
    {1053, ERR_DB_AWAY, true, true},
    {1158, ERR_DB_AWAY, true, true},
    {1159, ERR_DB_AWAY, true, true},
    {1160, ERR_DB_AWAY, true, true},
    {1161, ERR_DB_AWAY, true, true},
    {1180, ERR_DB_AWAY, true, true},
    /* No space. */
    {1114, ERR_DB_FULL, false, false},
    {1021, ERR_DB_FULL, false, false},
    /* The library has no memory. */
    {2008, ERR_NOMEM, false, false},
};

struct db_error db_error_find(unsigned number, const char *message)
{
    for (size_t i = 0; i < ARRAY_LENGTH(errors); i++)
        if (errors[i].number == number)
            return errors[i];
    if ((number == 1030 || number == 1026) && strstr(message, DISK_FULL) != NULL)
        return (struct db_error){.number = number, .err = ERR_DB_FULL};
    return (struct db_error){.number = number, .err = ERR_DB_QUERY};
}
