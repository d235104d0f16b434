/* Callbacks that lie in the journal: tried again, and applied once, whoever tries. */
#include "risiti/base/base.h"

#include "risiti/domain/callback_replay.h"

#include <stdarg.h>
#include <stdatomic.h>

#include "fixture.h"
#include "risiti/base/clock.h"
#include "testproxy.h"

#define RACE_PROCESSES 8
#define RACE_ROWS 40
#define CUTS_PER_KIND 10
#define OVERTAKEN 60

static const struct turn turn = {.limit = 100, .may_expire = true};
static const struct turn patient_turn = {.limit = 100};

/* The newest row with this body; its id is the one that the journal gave it. */
static struct uuid row_of(struct str body)
{
    static const struct db_statement statement = {
        "test_row_of", "SELECT id FROM callback_inbox WHERE body = ? ORDER BY id DESC LIMIT 1"};
    const struct db_rows *rows;
    enum err err =
        db_query(testdb_db(), &statement, DB_VALUES(DB_BYTES(body)), testdb_arena(), 1, &rows);

    ASSERT(err == ERR_OK && db_row_count(rows) == 1);
    return db_uuid(rows, 0, 0);
}

RISITI_PRINTF(2, 3) static bool inbox_is(const struct uuid *id, const char *format, ...)
{
    char hex[UUID_TEXT_SIZE], condition[512];
    va_list values;
    int length;

    va_start(values, format);
    length = vsnprintf(condition, sizeof(condition), format, values);
    va_end(values);
    ASSERT(length > 0 && (size_t)length < sizeof(condition));
    return count_rows("callback_inbox", "id = UNHEX('%s') AND (%s)",
                      crypto_hex(id->bytes, UUID_BYTES, hex), condition) == 1;
}

static void inbox_set(const struct uuid *id, const char *assignments)
{
    char hex[UUID_TEXT_SIZE];

    testdb_sql("UPDATE callback_inbox SET %s WHERE id = UNHEX('%s')", assignments,
               crypto_hex(id->bytes, UUID_BYTES, hex));
}

static void make_due(const struct uuid *id)
{
    inbox_set(id, "next_try_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND");
}

/* No row but those of the test at hand is due. */
static void nothing_is_due(void)
{
    testdb_sql("UPDATE callback_inbox SET next_try_at = NULL");
}

static enum inbox_state replay(const struct uuid *id, unsigned flags)
{
    struct callback_effect effect;
    enum err err = callback_replay(fixture(), id, flags, &effect);

    ASSERT(err == ERR_OK);
    return effect.state;
}

static unsigned retry(const struct turn *how)
{
    unsigned done = 0;

    CU_ASSERT_EQUAL(callback_retry_due(fixture(), how, &done), ERR_OK);
    return done;
}

/* Effects fail as long as this is so: the history cannot be written. */
static void effects_break(void)
{
    testdb_sql("ALTER TABLE payment_event RENAME COLUMN detail TO gone");
}

static void effects_heal(void)
{
    testdb_sql("ALTER TABLE payment_event RENAME COLUMN gone TO detail");
}

static int64_t payments_with(struct str receipt)
{
    return count_rows("payment", "mpesa_receipt_number = '%.*s' AND merged_into IS NULL",
                      STR_ARG(receipt));
}

/* A confirmation whose effect failed. */
static struct uuid failed_row(struct str receipt)
{
    struct str body = c2b_body(&(struct c2b){.receipt = receipt});

    effects_break();
    CU_ASSERT_EQUAL(post_c2b(fixture(), body).state, INBOX_STATE_FAILED);
    effects_heal();
    return row_of(body);
}

/* A result on the plain path for a push whose checkout id nobody knows yet. */
static struct uuid waiting_row(struct str checkout, struct str receipt)
{
    struct str body = stk_body(
        &(struct stk){.checkout = checkout, .receipt = receipt, .amount = "100", .phone = PHONE});

    CU_ASSERT_EQUAL(post_stk(fixture(), STR_EMPTY, body).state, INBOX_STATE_WAITING);
    return row_of(body);
}

/* A push whose checkout id is known now, as Daraja's answer makes it. */
static struct uuid push_with(struct str checkout)
{
    return fixture_payment(&(struct seed){.checkout = checkout, .reference = new_reference()});
}

static void an_effect_that_failed_is_tried_again_and_applied(void)
{
    struct str receipt = new_receipt();
    struct uuid id = failed_row(receipt);

    CU_ASSERT_TRUE(inbox_is(&id, "state = 'failed' AND attempts = 1 AND "
                                 "next_try_at > UTC_TIMESTAMP(6) AND note = 'DB_QUERY'"));
    nothing_is_due();
    make_due(&id);
    CU_ASSERT_EQUAL(retry(&turn), 1);
    CU_ASSERT_TRUE(inbox_is(&id, "state = 'applied' AND attempts = 2 AND next_try_at IS NULL AND "
                                 "note IS NULL AND payment_id IS NOT NULL"));
    CU_ASSERT_EQUAL(payments_with(receipt), 1);
    CU_ASSERT_EQUAL(count_rows("payment_event e JOIN callback_inbox i ON i.id = e.inbox_id",
                               "i.body LIKE '%%%.*s%%' AND e.event = 'received'", STR_ARG(receipt)),
                    1);
}

static void a_row_that_is_not_due_is_left(void)
{
    struct uuid id;

    nothing_is_due();
    id = failed_row(new_receipt());
    CU_ASSERT_EQUAL(retry(&turn), 0);
    CU_ASSERT_TRUE(inbox_is(&id, "state = 'failed' AND attempts = 1"));
}

static void an_effect_that_goes_on_failing_is_tried_at_widening_pauses(void)
{
    struct uuid id = failed_row(new_receipt());

    nothing_is_due();
    effects_break();
    for (unsigned attempts = 2; attempts <= 6; attempts++) {
        make_due(&id);
        CU_ASSERT_EQUAL(retry(&turn), 1);
        CU_ASSERT_TRUE(inbox_is(
            &id,
            "state = 'failed' AND attempts = %u AND TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(6), "
            "next_try_at) BETWEEN %u AND %u",
            attempts, callback_pause_s(attempts) - 5, callback_pause_s(attempts)));
    }
    effects_heal();
    CU_ASSERT_EQUAL(callback_pause_s(1), CALLBACK_PAUSE_FIRST_S);
    CU_ASSERT_EQUAL(callback_pause_s(2), 2 * CALLBACK_PAUSE_FIRST_S);
    CU_ASSERT_EQUAL(callback_pause_s(1000000), CALLBACK_PAUSE_LONGEST_S);
}

static void a_row_that_always_fails_does_not_keep_those_behind_it(void)
{
    struct uuid bad = failed_row(new_receipt());
    struct str receipt = new_receipt();
    struct uuid good = failed_row(receipt);

    nothing_is_due();
    make_due(&bad);
    make_due(&good);
    /* The one in front: no table takes what this body says. */
    inbox_set(&bad, "next_try_at = UTC_TIMESTAMP(6) - INTERVAL 1 HOUR");
    testdb_sql("CREATE TRIGGER poison BEFORE INSERT ON payment FOR EACH ROW "
               "IF NEW.mpesa_receipt_number <> '%.*s' THEN SIGNAL SQLSTATE '45000'; END IF",
               STR_ARG(receipt));
    CU_ASSERT_EQUAL(retry(&turn), 2);
    testdb_sql("DROP TRIGGER poison");
    CU_ASSERT_TRUE(inbox_is(&bad, "state = 'failed' AND attempts = 2"));
    CU_ASSERT_TRUE(inbox_is(&good, "state = 'applied'"));
}

static void a_turn_does_no_more_than_its_limit(void)
{
    static const struct turn small = {.limit = 2};
    struct uuid ids[3];

    for (size_t i = 0; i < ARRAY_LENGTH(ids); i++)
        ids[i] = failed_row(new_receipt());
    nothing_is_due();
    for (size_t i = 0; i < ARRAY_LENGTH(ids); i++)
        make_due(&ids[i]);
    CU_ASSERT_EQUAL(retry(&small), 2);
    CU_ASSERT_EQUAL(retry(&small), 1);
    CU_ASSERT_EQUAL(retry(&small), 0);
}

static void a_result_for_an_unknown_push_waits(void)
{
    struct str checkout = new_checkout();
    struct uuid id = waiting_row(checkout, new_receipt());

    CU_ASSERT_TRUE(inbox_is(&id,
                            "state = 'waiting' AND checkout_request_id = '%.*s' AND "
                            "next_try_at > UTC_TIMESTAMP(6) AND payment_id IS NULL AND "
                            "attempts = 1",
                            STR_ARG(checkout)));
}

static void a_result_that_waited_is_applied_when_its_push_is_known(void)
{
    struct str checkout = new_checkout(), receipt = new_receipt();
    struct uuid id = waiting_row(checkout, receipt), push = push_with(checkout);
    unsigned done = 0;

    CU_ASSERT_EQUAL(callback_apply_waiting(fixture(), checkout, NULL, &done), ERR_OK);
    CU_ASSERT_EQUAL(done, 1);
    CU_ASSERT_TRUE(inbox_is(&id, "state = 'applied' AND next_try_at IS NULL"));
    CU_ASSERT_TRUE(
        row_is(&push, "status = 'SUCCESS' AND mpesa_receipt_number = '%.*s'", STR_ARG(receipt)));
    CU_ASSERT_TRUE(events_are(&push, "created,paid"));
    CU_ASSERT_EQUAL(callback_apply_waiting(fixture(), checkout, &push, &done), ERR_OK);
    CU_ASSERT_EQUAL(done, 0);
}

static void a_result_that_waited_is_found_by_its_payment_too(void)
{
    struct str checkout = new_checkout(), receipt = new_receipt();
    struct uuid id = waiting_row(checkout, receipt), push = push_with(checkout);
    char hex[UUID_TEXT_SIZE], assignment[UUID_TEXT_SIZE + 32];
    unsigned done = 0;

    ASSERT(snprintf(assignment, sizeof(assignment), "payment_id = UNHEX('%s')",
                    crypto_hex(push.bytes, UUID_BYTES, hex)) > 0);
    inbox_set(&id, assignment);
    CU_ASSERT_EQUAL(callback_apply_waiting(fixture(), STR_EMPTY, &push, &done), ERR_OK);
    CU_ASSERT_EQUAL(done, 1);
    CU_ASSERT_TRUE(row_is(&push, "status = 'SUCCESS'"));
}

static void what_a_race_leaves_waiting_is_applied_by_the_task(void)
{
    struct str checkout = new_checkout();
    struct uuid id = waiting_row(checkout, new_receipt()), push = push_with(checkout);

    nothing_is_due();
    make_due(&id);
    CU_ASSERT_EQUAL(retry(&turn), 1);
    CU_ASSERT_TRUE(inbox_is(&id, "state = 'applied'"));
    CU_ASSERT_TRUE(row_is(&push, "status = 'SUCCESS'"));
}

static void a_push_that_becomes_known_while_its_result_is_put_down_is_seen(void)
{
    struct str checkout = new_checkout();
    struct uuid push = fixture_payment(&(struct seed){.reference = new_reference()});
    struct str body = stk_body(&(struct stk){.checkout = checkout, .amount = "100"});
    char hex[UUID_TEXT_SIZE];

    testdb_sql("CREATE TRIGGER answer BEFORE INSERT ON callback_inbox FOR EACH ROW UPDATE payment "
               "SET checkout_request_id = '%.*s' WHERE id = UNHEX('%s')",
               STR_ARG(checkout), crypto_hex(push.bytes, UUID_BYTES, hex));
    CU_ASSERT_EQUAL(post_stk(fixture(), STR_EMPTY, body).state, INBOX_STATE_APPLIED);
    testdb_sql("DROP TRIGGER answer");
    CU_ASSERT_TRUE(row_is(&push, "status = 'SUCCESS'"));
}

static void a_result_whose_push_never_comes_ends_for_a_person(void)
{
    struct uuid id = waiting_row(new_checkout(), new_receipt());

    nothing_is_due();
    inbox_set(&id, "received_at = UTC_TIMESTAMP(6) - INTERVAL 6 DAY");
    make_due(&id);
    CU_ASSERT_EQUAL(retry(&turn), 1);
    CU_ASSERT_TRUE(inbox_is(&id, "state = 'waiting' AND attempts = 2"));
    inbox_set(&id, "received_at = UTC_TIMESTAMP(6) - INTERVAL 8 DAY");
    make_due(&id);
    CU_ASSERT_EQUAL(retry(&patient_turn), 1);
    CU_ASSERT_TRUE(inbox_is(&id, "state = 'waiting' AND attempts = 3"));
    make_due(&id);
    CU_ASSERT_EQUAL(retry(&turn), 1);
    CU_ASSERT_TRUE(inbox_is(&id, "state = 'unmatched' AND next_try_at IS NULL"));
}

/* A push whose URL has a secret, and the body of its success. */
static struct uuid secret_push(struct str token, struct str receipt, struct str *ret_body)
{
    struct str checkout = new_checkout();

    *ret_body = stk_body(&(struct stk){.checkout = checkout, .receipt = receipt, .amount = "100"});
    return fixture_payment(
        &(struct seed){.checkout = checkout, .reference = new_reference(), .token = token});
}

static void a_success_without_the_pushs_secret_waits_for_a_query_that_agrees(void)
{
    struct str receipt = new_receipt(), body;
    struct uuid push = secret_push(fixture_token(), receipt, &body), id;
    struct callback_effect effect;
    unsigned done = 0;

    fixture_config()->callbacks_plain_stk_trusted = false;
    effect = post_stk(fixture(), STR_EMPTY, body);
    CU_ASSERT_EQUAL(effect.state, INBOX_STATE_WAITING);
    CU_ASSERT_TRUE(effect.has_payment && uuid_equal(&effect.payment_id, &push));
    id = row_of(body);
    CU_ASSERT_TRUE(row_is(&push, "status = 'PENDING' AND version = 1"));
    CU_ASSERT_EQUAL(callback_apply_waiting(fixture(), STR_EMPTY, &push, &done), ERR_OK);
    CU_ASSERT_EQUAL(done, 0);
    CU_ASSERT_TRUE(inbox_is(&id, "state = 'waiting' AND next_try_at > UTC_TIMESTAMP(6)"));
    /* What a query makes of it: paid, and no receipt. */
    row_set(&push, "status = 'SUCCESS'");
    CU_ASSERT_EQUAL(callback_apply_waiting(fixture(), STR_EMPTY, &push, &done), ERR_OK);
    CU_ASSERT_EQUAL(done, 1);
    CU_ASSERT_TRUE(row_is(&push, "mpesa_receipt_number = '%.*s'", STR_ARG(receipt)));
    CU_ASSERT_TRUE(inbox_is(&id, "state = 'applied'"));
    fixture_config()->callbacks_plain_stk_trusted = true;
}

static void a_success_with_the_pushs_secret_waits_for_nothing(void)
{
    struct str token = fixture_token(), body;
    struct uuid push = secret_push(token, new_receipt(), &body);

    fixture_config()->callbacks_plain_stk_trusted = false;
    CU_ASSERT_EQUAL(post_stk(fixture(), token, body).state, INBOX_STATE_APPLIED);
    fixture_config()->callbacks_plain_stk_trusted = true;
    CU_ASSERT_TRUE(row_is(&push, "status = 'SUCCESS'"));
}

static void a_person_can_vouch_for_a_success_that_waits(void)
{
    struct str body;
    struct uuid push = secret_push(fixture_token(), new_receipt(), &body), id;

    fixture_config()->callbacks_plain_stk_trusted = false;
    CU_ASSERT_EQUAL(post_stk(fixture(), STR_EMPTY, body).state, INBOX_STATE_WAITING);
    id = row_of(body);
    CU_ASSERT_EQUAL(replay(&id, CALLBACK_REPLAY_ANY), INBOX_STATE_WAITING);
    CU_ASSERT_EQUAL(replay(&id, CALLBACK_REPLAY_RELEASE), INBOX_STATE_APPLIED);
    fixture_config()->callbacks_plain_stk_trusted = true;
    CU_ASSERT_TRUE(row_is(&push, "status = 'SUCCESS'"));
}

static void a_success_that_nothing_confirmed_ends_for_a_person(void)
{
    struct str body;
    struct uuid push = secret_push(fixture_token(), new_receipt(), &body), id;

    fixture_config()->callbacks_plain_stk_trusted = false;
    CU_ASSERT_EQUAL(post_stk(fixture(), STR_EMPTY, body).state, INBOX_STATE_WAITING);
    id = row_of(body);
    nothing_is_due();
    inbox_set(&id, "received_at = UTC_TIMESTAMP(6) - INTERVAL 8 DAY");
    make_due(&id);
    CU_ASSERT_EQUAL(retry(&turn), 1);
    fixture_config()->callbacks_plain_stk_trusted = true;
    CU_ASSERT_TRUE(inbox_is(&id, "state = 'conflict' AND next_try_at IS NULL"));
    CU_ASSERT_TRUE(row_is(&push, "status = 'PENDING'"));
}

static void what_was_applied_is_not_applied_again(void)
{
    struct str body = c2b_body(&(struct c2b){.receipt = new_receipt()});
    struct callback_effect first = post_c2b(fixture(), body), again;
    struct uuid id = row_of(body);

    CU_ASSERT_EQUAL(callback_replay(fixture(), &id, CALLBACK_REPLAY_RELEASE, &again), ERR_OK);
    CU_ASSERT_EQUAL(again.state, INBOX_STATE_APPLIED);
    CU_ASSERT_TRUE(uuid_equal(&again.payment_id, &first.payment_id));
    CU_ASSERT_TRUE(inbox_is(&id, "attempts = 1"));
}

static void a_person_can_have_what_ended_tried_again(void)
{
    struct str checkout = new_checkout();
    struct uuid id = waiting_row(checkout, new_receipt()), push = push_with(checkout);

    inbox_set(&id, "state = 'unmatched', next_try_at = NULL");
    CU_ASSERT_EQUAL(replay(&id, CALLBACK_REPLAY_OPEN), INBOX_STATE_UNMATCHED);
    CU_ASSERT_TRUE(inbox_is(&id, "attempts = 1"));
    CU_ASSERT_EQUAL(replay(&id, CALLBACK_REPLAY_ANY), INBOX_STATE_APPLIED);
    CU_ASSERT_TRUE(row_is(&push, "status = 'SUCCESS'"));
}

/* A confirmation from an address that is not listed. */
static struct uuid quarantined_row(struct str receipt, const struct sha256 *token_hash)
{
    struct callback callback = {.kind = INBOX_KIND_C2B,
                                .body = c2b_body(&(struct c2b){.receipt = receipt}),
                                .source = STR("203.0.113.7"),
                                .token_hash = token_hash};
    struct callback_effect effect;

    CU_ASSERT_EQUAL(callback_receive(fixture(), &callback, &effect), ERR_OK);
    CU_ASSERT_EQUAL(effect.state, INBOX_STATE_QUARANTINED);
    return row_of(callback.body);
}

static void what_is_in_quarantine_is_applied_when_it_is_released_only(void)
{
    struct str receipt = new_receipt();
    struct uuid id = quarantined_row(receipt, NULL);
    struct callback_effect effect;

    CU_ASSERT_EQUAL(callback_replay(fixture(), &id, CALLBACK_REPLAY_ANY, &effect), ERR_STATE);
    CU_ASSERT_TRUE(inbox_is(&id, "state = 'quarantined' AND attempts = 1"));
    CU_ASSERT_EQUAL(payments_with(receipt), 0);
    CU_ASSERT_EQUAL(replay(&id, CALLBACK_REPLAY_RELEASE), INBOX_STATE_APPLIED);
    CU_ASSERT_EQUAL(payments_with(receipt), 1);
}

static void what_is_released_needs_no_secret_that_still_lives(void)
{
    struct str receipt = new_receipt();
    struct sha256 hash;
    struct uuid id;

    ASSERT(crypto_sha256(fixture_token(), &hash) == ERR_OK);
    id = quarantined_row(receipt, &hash);
    CU_ASSERT_EQUAL(replay(&id, CALLBACK_REPLAY_RELEASE), INBOX_STATE_APPLIED);
    CU_ASSERT_EQUAL(payments_with(receipt), 1);
}

static void what_failed_in_quarantine_is_not_kept_as_a_trusted_row(void)
{
    struct callback callback = {.kind = INBOX_KIND_C2B,
                                .body = c2b_body(&(struct c2b){.receipt = new_receipt()}),
                                .source = STR("203.0.113.7")};
    struct callback_effect effect;

    testdb_sql("CREATE TRIGGER refuse BEFORE INSERT ON callback_inbox FOR EACH ROW "
               "IF NEW.state = 'quarantined' THEN SIGNAL SQLSTATE '45000'; END IF");
    CU_ASSERT_EQUAL(callback_receive(fixture(), &callback, &effect), ERR_DB_QUERY);
    testdb_sql("DROP TRIGGER refuse");
    CU_ASSERT_EQUAL(count_rows("callback_inbox", "body = '%.*s'", STR_ARG(callback.body)), 0);
}

static void a_row_that_is_not_there_is_not_found(void)
{
    struct callback_effect effect;
    struct uuid id;

    ASSERT(uuid_new(&id) == ERR_OK);
    CU_ASSERT_EQUAL(callback_replay(fixture(), &id, CALLBACK_REPLAY_ANY, &effect), ERR_NOT_FOUND);
}

static void a_replay_whose_commit_is_not_answered_happens_once(void)
{
    static const enum testproxy_cut cuts[] = {TESTPROXY_BEFORE, TESTPROXY_DURING, TESTPROXY_ANSWER};
    struct testproxy *proxy = testproxy_start();
    const struct db_options options = testproxy_options(proxy);
    struct service *service = fixture_open(&options);

    for (size_t i = 0; i < ARRAY_LENGTH(cuts) * CUTS_PER_KIND; i++) {
        struct str receipt = new_receipt();
        struct uuid id = failed_row(receipt);
        struct callback_effect effect;

        CU_ASSERT_EQUAL(db_connect(service->db), ERR_OK);
        testproxy_cut(proxy, TESTPROXY_COMMIT, cuts[i % ARRAY_LENGTH(cuts)], 1);
        CU_ASSERT_EQUAL(callback_replay(service, &id, CALLBACK_REPLAY_OPEN, &effect), ERR_OK);
        CU_ASSERT_EQUAL(testproxy_cuts_left(proxy), 0);
        CU_ASSERT_EQUAL(effect.state, INBOX_STATE_APPLIED);
        CU_ASSERT_EQUAL(payments_with(receipt), 1);
        CU_ASSERT_TRUE(inbox_is(&id, "state = 'applied' AND attempts = 2"));
        arena_reset(service->arena);
    }
    fixture_close(service);
    testproxy_stop(proxy);
}

static void without_a_database_a_row_stays_as_it_is(void)
{
    struct testproxy *proxy = testproxy_start();
    const struct db_options options = testproxy_options(proxy);
    struct service *service = fixture_open(&options);
    struct uuid id = failed_row(new_receipt());
    struct callback_effect effect;
    unsigned done;

    testproxy_door(proxy, TESTPROXY_SHUT);
    CU_ASSERT_EQUAL(callback_replay(service, &id, CALLBACK_REPLAY_OPEN, &effect), ERR_DB_AWAY);
    CU_ASSERT_EQUAL(callback_retry_due(service, &turn, &done), ERR_DB_AWAY);
    CU_ASSERT_TRUE(inbox_is(&id, "state = 'failed' AND attempts = 1"));
    fixture_close(service);
    testproxy_stop(proxy);
}

/* Rows that all processes try at once. */
struct board {
    struct uuid ids[RACE_ROWS];
    atomic_int tried;
};

static int race_replay(struct service *service, int index, void *shared)
{
    struct board *board = shared;

    (void)index; /* all do the same */
    for (size_t i = 0; i < RACE_ROWS; i++) {
        struct callback_effect effect;

        if (callback_replay(service, &board->ids[i], CALLBACK_REPLAY_OPEN, &effect) != ERR_OK ||
            effect.state != INBOX_STATE_APPLIED)
            return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

static int race_retry(struct service *service, int index, void *shared)
{
    struct board *board = shared;
    unsigned done = 0;
    enum err err = callback_retry_due(service, &turn, &done);

    (void)index;
    (void)atomic_fetch_add(&board->tried, (int)done);
    return err == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Each row is one payment, tried once after its first failure. */
static void board_check(const struct board *board)
{
    for (size_t i = 0; i < RACE_ROWS; i++) {
        char hex[UUID_TEXT_SIZE];

        CU_ASSERT_TRUE(inbox_is(&board->ids[i], "state = 'applied' AND attempts = 2"));
        CU_ASSERT_EQUAL(count_rows("payment_event", "inbox_id = UNHEX('%s')",
                                   crypto_hex(board->ids[i].bytes, UUID_BYTES, hex)),
                        1);
    }
}

static void processes_that_replay_the_same_rows_apply_each_once(void)
{
    struct board *board = race_memory(sizeof(*board));

    for (size_t i = 0; i < RACE_ROWS; i++)
        board->ids[i] = failed_row(new_receipt());
    CU_ASSERT_EQUAL(race_run(&(struct race){race_replay, board, RACE_PROCESSES}), 0);
    board_check(board);
    race_memory_free(board, sizeof(*board));
}

static void processes_that_take_their_turns_at_once_try_each_row_once(void)
{
    struct board *board = race_memory(sizeof(*board));

    for (size_t i = 0; i < RACE_ROWS; i++)
        board->ids[i] = failed_row(new_receipt());
    nothing_is_due();
    for (size_t i = 0; i < RACE_ROWS; i++)
        make_due(&board->ids[i]);
    CU_ASSERT_EQUAL(race_run(&(struct race){race_retry, board, RACE_PROCESSES}), 0);
    CU_ASSERT_EQUAL(atomic_load(&board->tried), RACE_ROWS);
    board_check(board);
    race_memory_free(board, sizeof(*board));
}

/* Pushes that become known while their results come. */
struct overtaking {
    char checkouts[OVERTAKEN][64], receipts[OVERTAKEN][32];
    struct uuid pushes[OVERTAKEN];
};

/* What Daraja's answer does to a push: its checkout id, and then what waited for it. */
static enum err answer_arrives(struct service *service, const struct overtaking *all, size_t i)
{
    static const struct db_statement statement = {
        "test_answer", "UPDATE payment SET checkout_request_id = ?, version = version + 1 "
                       "WHERE id = ?"};
    enum err err =
        db_execute(service->db, &statement,
                   DB_VALUES(DB_TEXT(str_from(all->checkouts[i])), DB_UUID(&all->pushes[i])), NULL);

    return err == ERR_OK ? callback_apply_waiting(service, str_from(all->checkouts[i]), NULL, NULL)
                         : err;
}

static int race_overtake(struct service *service, int index, void *shared)
{
    struct overtaking *all = shared;

    for (size_t i = 0; i < OVERTAKEN; i++) {
        if (index == 0 && answer_arrives(service, all, i) != ERR_OK)
            return EXIT_FAILURE;
        if (index == 1)
            (void)post_stk(service, STR_EMPTY,
                           stk_body(&(struct stk){.checkout = str_from(all->checkouts[i]),
                                                  .receipt = str_from(all->receipts[i]),
                                                  .amount = "100"}));
        arena_reset(service->arena);
    }
    return EXIT_SUCCESS;
}

static void a_result_and_the_answer_to_its_push_that_meet_leave_nothing_waiting(void)
{
    struct overtaking *all = race_memory(sizeof(*all));

    for (size_t i = 0; i < OVERTAKEN; i++) {
        ASSERT(str_copy(new_checkout(), all->checkouts[i], sizeof(all->checkouts[i])));
        ASSERT(str_copy(new_receipt(), all->receipts[i], sizeof(all->receipts[i])));
        all->pushes[i] = fixture_payment(&(struct seed){.reference = new_reference()});
    }
    CU_ASSERT_EQUAL(race_run(&(struct race){race_overtake, all, 2}), 0);
    for (size_t i = 0; i < OVERTAKEN; i++) {
        CU_ASSERT_TRUE(row_is(&all->pushes[i], "status = 'SUCCESS' AND mpesa_receipt_number = '%s'",
                              all->receipts[i]));
        CU_ASSERT_EQUAL(count_rows("callback_inbox",
                                   "checkout_request_id = '%s' AND state <> 'applied'",
                                   all->checkouts[i]),
                        0);
    }
    race_memory_free(all, sizeof(*all));
}

static const struct tap_test tests[] = {
    TAP_TEST(an_effect_that_failed_is_tried_again_and_applied),
    TAP_TEST(a_row_that_is_not_due_is_left),
    TAP_TEST(an_effect_that_goes_on_failing_is_tried_at_widening_pauses),
    TAP_TEST(a_row_that_always_fails_does_not_keep_those_behind_it),
    TAP_TEST(a_turn_does_no_more_than_its_limit),
    TAP_TEST(a_result_for_an_unknown_push_waits),
    TAP_TEST(a_result_that_waited_is_applied_when_its_push_is_known),
    TAP_TEST(a_result_that_waited_is_found_by_its_payment_too),
    TAP_TEST(what_a_race_leaves_waiting_is_applied_by_the_task),
    TAP_TEST(a_push_that_becomes_known_while_its_result_is_put_down_is_seen),
    TAP_TEST(a_result_whose_push_never_comes_ends_for_a_person),
    TAP_TEST(a_success_without_the_pushs_secret_waits_for_a_query_that_agrees),
    TAP_TEST(a_success_with_the_pushs_secret_waits_for_nothing),
    TAP_TEST(a_person_can_vouch_for_a_success_that_waits),
    TAP_TEST(a_success_that_nothing_confirmed_ends_for_a_person),
    TAP_TEST(what_was_applied_is_not_applied_again),
    TAP_TEST(a_person_can_have_what_ended_tried_again),
    TAP_TEST(what_is_in_quarantine_is_applied_when_it_is_released_only),
    TAP_TEST(what_is_released_needs_no_secret_that_still_lives),
    TAP_TEST(what_failed_in_quarantine_is_not_kept_as_a_trusted_row),
    TAP_TEST(a_row_that_is_not_there_is_not_found),
    TAP_TEST(a_replay_whose_commit_is_not_answered_happens_once),
    TAP_TEST(without_a_database_a_row_stays_as_it_is),
    TAP_TEST(processes_that_replay_the_same_rows_apply_each_once),
    TAP_TEST(processes_that_take_their_turns_at_once_try_each_row_once),
    TAP_TEST(a_result_and_the_answer_to_its_push_that_meet_leave_nothing_waiting),
};

TESTDB_MAIN("callback_replay", tests)
