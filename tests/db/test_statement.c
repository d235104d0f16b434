/* Statements: every kind of value goes in and comes out as it was. */
#include "risiti/base/base.h"

#include "testdb.h"

#include "risiti/base/clock.h"
#include "risiti/base/mem.h"

#define BLOB_BYTES 100000

static const struct db_statement insert_value = {
    "insert value", "INSERT INTO kinds (id, number, amount, at, words, bytes, choice) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)"};
static const struct db_statement select_value = {
    "select value", "SELECT number, amount, at, words, bytes, choice FROM kinds WHERE id = ?"};
static const struct db_statement count_amount = {"count amount",
                                                 "SELECT COUNT(*) FROM kinds WHERE amount = ?"};
static const struct db_statement count_time = {"count time",
                                               "SELECT COUNT(*) FROM kinds WHERE at = ?"};

enum { NUMBER, AMOUNT, AT, WORDS, BYTES, CHOICE };

static void make_table(void)
{
    testdb_sql("CREATE OR REPLACE TABLE kinds (id INT PRIMARY KEY, number BIGINT NULL, "
               "amount DECIMAL(12,2) NULL, at DATETIME(6) NULL, words MEDIUMTEXT NULL, "
               "bytes MEDIUMBLOB NULL, choice ENUM('none','some') NULL, tiny TINYINT(1) NULL) "
               "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin");
}

static const struct db_rows *select_row(int id)
{
    const struct db_rows *rows = NULL;

    CU_ASSERT_EQUAL(
        db_query(testdb_db(), &select_value, DB_VALUES(DB_INT(id)), testdb_arena(), 1, &rows),
        ERR_OK);
    CU_ASSERT_EQUAL_FATAL(db_row_count(rows), 1);
    return rows;
}

static void amounts_come_back_to_the_cent(void)
{
    static const int64_t amounts[] = {1, 10, 99, 100, 101, 7000000, 123456789012, MONEY_CENTS_MAX};

    make_table();
    for (int i = 0; i < (int)ARRAY_LENGTH(amounts); i++) {
        const struct money amount = {amounts[i]};
        const struct db_rows *rows = NULL;

        CU_ASSERT_EQUAL(db_execute(testdb_db(), &insert_value,
                                   DB_VALUES(DB_INT(i), DB_NULL, DB_MONEY(amount), DB_NULL, DB_NULL,
                                             DB_NULL, DB_NULL),
                                   NULL),
                        ERR_OK);
        CU_ASSERT_EQUAL(db_money(select_row(i), 0, AMOUNT).cents, amounts[i]);
        CU_ASSERT_EQUAL(db_query(testdb_db(), &count_amount, DB_VALUES(DB_MONEY(amount)),
                                 testdb_arena(), 1, &rows),
                        ERR_OK);
        CU_ASSERT_EQUAL(db_int(rows, 0, 0), 1);
    }
    CU_ASSERT_EQUAL(testdb_number("SELECT COUNT(*) FROM kinds WHERE amount = 9999999999.99 OR "
                                  "amount = 0.01 OR amount = 1234567890.12"),
                    3);
}

static void sums_of_amounts_are_read_beyond_one_payment(void)
{
    static const struct db_statement sum = {
        "sum", "SELECT SUM(amount), COALESCE(SUM(number), 0), -SUM(amount), "
               "SUM(amount) * 10.005 FROM kinds"};
    const struct db_rows *rows = NULL;

    make_table();
    testdb_sql("INSERT INTO kinds (id, number, amount) VALUES (1, 5, 9999999999.99), "
               "(2, 6, 9999999999.99)");
    CU_ASSERT_EQUAL_FATAL(db_query(testdb_db(), &sum, DB_NO_VALUES, testdb_arena(), 1, &rows),
                          ERR_OK);
    CU_ASSERT_EQUAL(db_money(rows, 0, 0).cents, 2 * MONEY_CENTS_MAX);
    CU_ASSERT_EQUAL(db_int(rows, 0, 1), 11);
    CU_ASSERT_EQUAL(db_money(rows, 0, 2).cents, -2 * MONEY_CENTS_MAX);
    ASSERT_STR(db_text(rows, 0, 3), "200099999999.79990");
}

static void times_keep_their_microseconds(void)
{
    static const int64_t times[] = {0, 1, 999999, 1795427727123456, 253402300799999999};

    make_table();
    for (int i = 0; i < (int)ARRAY_LENGTH(times); i++) {
        const struct db_rows *rows = NULL;

        CU_ASSERT_EQUAL(db_execute(testdb_db(), &insert_value,
                                   DB_VALUES(DB_INT(i), DB_NULL, DB_NULL, DB_TIME(times[i]),
                                             DB_NULL, DB_NULL, DB_NULL),
                                   NULL),
                        ERR_OK);
        CU_ASSERT_EQUAL(db_time(select_row(i), 0, AT), times[i]);
        CU_ASSERT_EQUAL(db_query(testdb_db(), &count_time, DB_VALUES(DB_TIME(times[i])),
                                 testdb_arena(), 1, &rows),
                        ERR_OK);
        CU_ASSERT_EQUAL(db_int(rows, 0, 0), 1);
    }
    CU_ASSERT_EQUAL(testdb_number("SELECT COUNT(*) FROM kinds WHERE at IN ('1970-01-01 00:00:00', "
                                  "'9999-12-31 23:59:59.999999')"),
                    2);
}

static void whole_numbers_keep_all_64_bits(void)
{
    static const int64_t numbers[] = {0, 1, -1, INT64_MAX, INT64_MIN};

    make_table();
    for (int i = 0; i < (int)ARRAY_LENGTH(numbers); i++) {
        CU_ASSERT_EQUAL(db_execute(testdb_db(), &insert_value,
                                   DB_VALUES(DB_INT(i), DB_INT(numbers[i]), DB_NULL, DB_NULL,
                                             DB_NULL, DB_NULL, DB_NULL),
                                   NULL),
                        ERR_OK);
        CU_ASSERT_EQUAL(db_int(select_row(i), 0, NUMBER), numbers[i]);
    }
}

static void numbers_of_every_width_are_read(void)
{
    static const struct db_statement widths = {
        "widths", "SELECT CAST(-128 AS INT), tiny, 200 + tiny, tiny = 1, tiny IS NULL, "
                  "CAST(18446744073709551615 AS UNSIGNED) DIV 3 FROM kinds"};
    static const struct db_statement too_large = {"too large",
                                                  "SELECT CAST(18446744073709551615 AS UNSIGNED)"};
    const struct db_rows *rows = NULL;

    make_table();
    testdb_sql("INSERT INTO kinds (id, tiny) VALUES (1, 1)");
    CU_ASSERT_EQUAL_FATAL(db_query(testdb_db(), &widths, DB_NO_VALUES, testdb_arena(), 1, &rows),
                          ERR_OK);
    CU_ASSERT_EQUAL(db_int(rows, 0, 0), -128);
    CU_ASSERT_EQUAL(db_int(rows, 0, 1), 1);
    CU_ASSERT_EQUAL(db_int(rows, 0, 2), 201);
    CU_ASSERT_EQUAL(db_int(rows, 0, 3), 1);
    CU_ASSERT_EQUAL(db_int(rows, 0, 4), 0);
    CU_ASSERT_EQUAL(db_int(rows, 0, 5), INT64_C(6148914691236517205));
    CU_ASSERT_EQUAL(db_query(testdb_db(), &too_large, DB_NO_VALUES, testdb_arena(), 1, &rows),
                    ERR_DB_QUERY);
}

static void nulls_stay_nulls(void)
{
    const struct db_rows *rows;

    make_table();
    CU_ASSERT_EQUAL(db_execute(testdb_db(), &insert_value,
                               DB_VALUES(DB_INT(1), DB_NULL, DB_NULL, DB_NULL, DB_TEXT(STR_EMPTY),
                                         DB_UUID(NULL), DB_NULL),
                               NULL),
                    ERR_OK);
    rows = select_row(1);
    for (size_t column = NUMBER; column <= CHOICE; column++)
        CU_ASSERT_TRUE(db_is_null(rows, 0, column));
    CU_ASSERT_EQUAL(db_int(rows, 0, NUMBER), 0);
    CU_ASSERT_EQUAL(db_money(rows, 0, AMOUNT).cents, 0);
    CU_ASSERT_EQUAL(db_time(rows, 0, AT), 0);
    CU_ASSERT_PTR_NULL(db_text(rows, 0, WORDS).data);
    CU_ASSERT_TRUE(uuid_is_zero(&(struct uuid){{0}}));
}

static void empty_text_is_not_null(void)
{
    const struct db_rows *rows;

    make_table();
    CU_ASSERT_EQUAL(db_execute(testdb_db(), &insert_value,
                               DB_VALUES(DB_INT(1), DB_NULL, DB_NULL, DB_NULL, DB_TEXT(STR("")),
                                         DB_BYTES(STR("")), DB_NULL),
                               NULL),
                    ERR_OK);
    rows = select_row(1);
    CU_ASSERT_FALSE(db_is_null(rows, 0, WORDS));
    CU_ASSERT_FALSE(db_is_null(rows, 0, BYTES));
    CU_ASSERT_PTR_NOT_NULL(db_text(rows, 0, WORDS).data);
    CU_ASSERT_EQUAL(db_text(rows, 0, BYTES).length, 0);
}

static void long_bytes_come_back_whole(void)
{
    char *bytes = mem_alloc(BLOB_BYTES, 1);
    struct str blob = {bytes, BLOB_BYTES};
    const struct db_rows *rows;

    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    for (size_t i = 0; i < BLOB_BYTES; i++)
        bytes[i] = (char)(i * 7 + i / 256);
    make_table();
    CU_ASSERT_EQUAL(db_execute(testdb_db(), &insert_value,
                               DB_VALUES(DB_INT(1), DB_NULL, DB_NULL, DB_NULL, DB_NULL,
                                         DB_BYTES(blob), DB_TEXT(STR("some"))),
                               NULL),
                    ERR_OK);
    rows = select_row(1);
    CU_ASSERT_TRUE(str_equal(db_text(rows, 0, BYTES), blob));
    ASSERT_STR(db_text(rows, 0, CHOICE), "some");
    CU_ASSERT_EQUAL(db_text(rows, 0, CHOICE).data[4], '\0');
    mem_free(bytes);
}

static void text_of_four_byte_letters_comes_back(void)
{
    const struct str words = STR("Mũthoni \xf0\x9f\x92\xb0 \\ ' \" %");

    make_table();
    CU_ASSERT_EQUAL(db_execute(testdb_db(), &insert_value,
                               DB_VALUES(DB_INT(1), DB_NULL, DB_NULL, DB_NULL, DB_TEXT(words),
                                         DB_NULL, DB_NULL),
                               NULL),
                    ERR_OK);
    CU_ASSERT_TRUE(str_equal(db_text(select_row(1), 0, WORDS), words));
    CU_ASSERT_EQUAL(testdb_number("SELECT CHAR_LENGTH(words) FROM kinds"), 17);
}

static const struct db_statement insert_receipt = {
    "insert receipt", "INSERT INTO receipts (receipt, id) VALUES (?, ?)"};

static enum err receipt_insert(struct str receipt, const struct uuid *id)
{
    return db_execute(testdb_db(), &insert_receipt, DB_VALUES(DB_TEXT(receipt), DB_UUID(id)), NULL);
}

static void receipts_compare_byte_by_byte(void)
{
    static const struct db_statement find = {"find", "SELECT id FROM receipts WHERE receipt = ?"};
    const struct uuid first = {{1}}, second = {{2}}, third = {{3}};
    const struct db_rows *rows = NULL;
    struct uuid found;

    testdb_sql("CREATE OR REPLACE TABLE receipts (receipt VARCHAR(20) PRIMARY KEY, "
               "id BINARY(16)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin");
    CU_ASSERT_EQUAL(receipt_insert(STR("ABC"), &first), ERR_OK);
    CU_ASSERT_EQUAL(receipt_insert(STR("abc"), &second), ERR_OK);
    CU_ASSERT_EQUAL(receipt_insert(STR("ABC "), &third), ERR_OK);
    CU_ASSERT_EQUAL(receipt_insert(STR("ABC"), &third), ERR_DUPLICATE);
    CU_ASSERT_EQUAL_FATAL(
        db_query(testdb_db(), &find, DB_VALUES(DB_TEXT(STR("ABC "))), testdb_arena(), 10, &rows),
        ERR_OK);
    CU_ASSERT_EQUAL_FATAL(db_row_count(rows), 1);
    found = db_uuid(rows, 0, 0);
    CU_ASSERT_TRUE(uuid_equal(&found, &third));
}

static void errors_do_not_show_values(void)
{
    const struct uuid id = {{1}};

    testdb_sql("CREATE OR REPLACE TABLE receipts (receipt VARCHAR(20) PRIMARY KEY, "
               "id BINARY(16)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin");
    CU_ASSERT_EQUAL(receipt_insert(STR("SECRET'7"), &id), ERR_OK);
    CU_ASSERT_EQUAL(receipt_insert(STR("SECRET'7"), &id), ERR_DUPLICATE);
    CU_ASSERT_EQUAL(db_last_errno(testdb_db()), 1062);
    CU_ASSERT_PTR_NULL(strstr(db_last_error(testdb_db()), "SECRET"));
    CU_ASSERT_PTR_NOT_NULL(strstr(db_last_error(testdb_db()), "insert receipt"));
}

static void affected_rows_are_the_changed_ones(void)
{
    static const struct db_statement update = {"update",
                                               "UPDATE kinds SET number = ? WHERE id <= ?"};
    uint64_t affected = 99;

    make_table();
    testdb_sql("INSERT INTO kinds (id, number) VALUES (1, 1), (2, 2)");
    CU_ASSERT_EQUAL(db_execute(testdb_db(), &update, DB_VALUES(DB_INT(2), DB_INT(2)), &affected),
                    ERR_OK);
    CU_ASSERT_EQUAL(affected, 1);
    CU_ASSERT_EQUAL(db_execute(testdb_db(), &update, DB_VALUES(DB_INT(2), DB_INT(2)), &affected),
                    ERR_OK);
    CU_ASSERT_EQUAL(affected, 0);
}

static void what_is_too_long_is_refused_not_cut(void)
{
    uint64_t affected = 99;

    testdb_sql("CREATE OR REPLACE TABLE receipts (receipt VARCHAR(20) PRIMARY KEY, "
               "id BINARY(16)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin");
    CU_ASSERT_EQUAL(db_execute(testdb_db(), &insert_receipt,
                               DB_VALUES(DB_TEXT(STR("123456789012345678901")), DB_NULL),
                               &affected),
                    ERR_DB_QUERY);
    CU_ASSERT_EQUAL(affected, 99);
}

static const struct db_statement select_many = {"select many", "SELECT id FROM kinds ORDER BY id"};

static void rows_beyond_the_maximum_are_dropped(void)
{
    const struct db_rows *rows = NULL;

    make_table();
    testdb_sql("INSERT INTO kinds (id) SELECT seq FROM seq_1_to_50");
    CU_ASSERT_EQUAL_FATAL(
        db_query(testdb_db(), &select_many, DB_NO_VALUES, testdb_arena(), 7, &rows), ERR_OK);
    CU_ASSERT_EQUAL(db_row_count(rows), 7);
    CU_ASSERT_EQUAL(db_int(rows, 6, 0), 7);
    CU_ASSERT_EQUAL_FATAL(
        db_query(testdb_db(), &select_many, DB_NO_VALUES, testdb_arena(), 51, &rows), ERR_OK);
    CU_ASSERT_EQUAL(db_row_count(rows), 50);
}

static void a_full_arena_leaves_the_connection_usable(void)
{
    struct arena *small = arena_new(256);
    const struct db_rows *rows = NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(small);
    make_table();
    testdb_sql("INSERT INTO kinds (id, words) SELECT seq, REPEAT('x', 500) FROM seq_1_to_50");
    CU_ASSERT_EQUAL(db_query(testdb_db(), &select_many, DB_NO_VALUES, small, 50, &rows), ERR_NOMEM);
    CU_ASSERT_PTR_NULL(rows);
    arena_free(small);
    CU_ASSERT_EQUAL(db_text(select_row(50), 0, WORDS).length, 500);
}

static void floating_point_is_never_read(void)
{
    static const struct db_statement wrong = {"wrong", "SELECT amount * 1e0 FROM kinds"};
    const struct db_rows *rows = NULL;

    make_table();
    testdb_sql("INSERT INTO kinds (id, amount) VALUES (1, 1)");
    CU_ASSERT_EQUAL(db_query(testdb_db(), &wrong, DB_NO_VALUES, testdb_arena(), 1, &rows),
                    ERR_DB_QUERY);
    CU_ASSERT_TRUE(db_is_null(select_row(1), 0, NUMBER));
}

static void wrong_sql_is_an_error_with_its_name(void)
{
    static const struct db_statement wrong = {"wrong one", "SELECT nothing FROM nowhere"};
    const struct db_rows *rows = NULL;

    CU_ASSERT_EQUAL(db_query(testdb_db(), &wrong, DB_NO_VALUES, testdb_arena(), 1, &rows),
                    ERR_DB_QUERY);
    CU_ASSERT_EQUAL(db_last_errno(testdb_db()), 1146);
    CU_ASSERT_PTR_NOT_NULL(strstr(db_last_error(testdb_db()), "wrong one"));
    CU_ASSERT_PTR_NOT_NULL(strstr(db_last_error(testdb_db()), "nowhere"));
}

static void more_statements_than_places_still_work(void)
{
    static char sqls[DB_STATEMENTS_MAX + 10][32];
    static struct db_statement statements[DB_STATEMENTS_MAX + 10];
    const struct db_rows *rows = NULL;
    struct db *db = testdb_open();

    for (int round = 0; round < 2; round++)
        for (int i = 0; i < (int)ARRAY_LENGTH(statements); i++) {
            (void)snprintf(sqls[i], sizeof(sqls[i]), "SELECT %d + ?", i);
            statements[i] = (struct db_statement){"one of many", sqls[i]};
            CU_ASSERT_EQUAL_FATAL(
                db_query(db, &statements[i], DB_VALUES(DB_INT(1)), testdb_arena(), 1, &rows),
                ERR_OK);
            CU_ASSERT_EQUAL(db_int(rows, 0, 0), i + 1);
        }
    db_free(db);
}

static const struct tap_test tests[] = {
    TAP_TEST(amounts_come_back_to_the_cent),
    TAP_TEST(sums_of_amounts_are_read_beyond_one_payment),
    TAP_TEST(times_keep_their_microseconds),
    TAP_TEST(whole_numbers_keep_all_64_bits),
    TAP_TEST(numbers_of_every_width_are_read),
    TAP_TEST(nulls_stay_nulls),
    TAP_TEST(empty_text_is_not_null),
    TAP_TEST(long_bytes_come_back_whole),
    TAP_TEST(text_of_four_byte_letters_comes_back),
    TAP_TEST(receipts_compare_byte_by_byte),
    TAP_TEST(errors_do_not_show_values),
    TAP_TEST(affected_rows_are_the_changed_ones),
    TAP_TEST(what_is_too_long_is_refused_not_cut),
    TAP_TEST(rows_beyond_the_maximum_are_dropped),
    TAP_TEST(a_full_arena_leaves_the_connection_usable),
    TAP_TEST(floating_point_is_never_read),
    TAP_TEST(wrong_sql_is_an_error_with_its_name),
    TAP_TEST(more_statements_than_places_still_work),
};
TESTDB_MAIN("statement", tests)
