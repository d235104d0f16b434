/* Claims: who may claim what and how often, alone, in a race, and when the world breaks. */
#include "risiti/base/base.h"

#include "risiti/domain/claim.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "risiti/base/clock.h"
#include "risiti/base/crypto.h"
#include "risiti/db/claim_store.h"
#include "testproxy.h"

#define RACE_PROCESSES 32
#define RACE_APPS 8
#define RACE_RECEIPTS 100
#define KILL_ROUNDS 12
#define KILL_PROCESSES 6
#define KILL_RECEIPTS 400
#define CUTS_PER_KIND 40

static struct claim_result result;

static enum err claim(const struct app *app, struct payment_selector selector)
{
    return claim_payment(fixture(), app, &selector, &result);
}

static enum err claim_receipt(const struct app *app, struct str receipt)
{
    return claim(app, (struct payment_selector){.receipt = receipt});
}

static struct phone phone_of(const char *text)
{
    struct phone phone;
    const enum err err = phone_parse(str_from(text), &phone);

    ASSERT(err == ERR_OK);
    return phone;
}

/* A paid push of the app's own. */
static struct uuid own_payment(const struct app *app, struct str receipt, struct str reference)
{
    return fixture_payment(&(struct seed){
        .app = app, .status = PAYMENT_STATUS_SUCCESS, .receipt = receipt, .reference = reference});
}

static void a_receipt_of_the_shop_moves_to_the_app_that_claims_it(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt();
    const struct uuid id = fixture_intake(receipt);

    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_OK);
    CU_ASSERT_TRUE(uuid_equal(&result.payment.id, &id));
    CU_ASSERT_TRUE(uuid_equal(&result.payment.app_id, &app.id));
    CU_ASSERT_TRUE(result.payment.claimed && result.payment.claimed_at_us > 0);
    CU_ASSERT_EQUAL(result.payment.amount.cents, 10000);
    CU_ASSERT_TRUE(row_is(&id,
                          "claimed = 1 AND claimed_at IS NOT NULL AND version = 2 AND "
                          "app_id = (SELECT id FROM app WHERE name = '%.*s')",
                          STR_ARG(app.name)));
}

static void a_claim_writes_its_row_and_its_history(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt();
    const struct uuid id = fixture_intake(receipt);

    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_OK);
    CU_ASSERT_EQUAL(count_rows("claim JOIN payment ON payment.id = payment_id",
                               "receipt = '%.*s' AND claim.app_id = payment.app_id AND "
                               "claim.claimed_at = payment.claimed_at",
                               STR_ARG(receipt)),
                    1);
    CU_ASSERT_TRUE(events_are(&id, "created,claimed"));
    CU_ASSERT_EQUAL(count_rows("payment_event JOIN payment ON payment.id = payment_id",
                               "mpesa_receipt_number = '%.*s' AND event = 'claimed' AND "
                               "evidence = 'api' AND payment_event.app_id = payment.app_id AND "
                               "request_id = 'test' AND detail LIKE '%%ADMIN_SHOP%%'",
                               STR_ARG(receipt)),
                    1);
}

static void an_app_claims_its_own_by_receipt_id_and_reference(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt(), reference = new_reference();
    const struct uuid by_id = own_payment(&app, new_receipt(), new_reference());

    (void)own_payment(&app, receipt, new_reference());
    (void)own_payment(&app, new_receipt(), reference);
    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_OK);
    CU_ASSERT_EQUAL(
        claim(&app, (struct payment_selector){.has_payment_id = true, .payment_id = by_id}),
        ERR_OK);
    CU_ASSERT_TRUE(uuid_equal(&result.payment.id, &by_id));
    CU_ASSERT_EQUAL(claim(&app, (struct payment_selector){.reference = reference}), ERR_OK);
    CU_ASSERT_EQUAL(claim(&app, (struct payment_selector){.reference = reference}),
                    ERR_ALREADY_CLAIMED);
}

/* References are typed by payers, and ids of others are nobody's business. */
static void the_shops_money_is_claimed_by_its_receipt_alone(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt(), reference = new_reference();
    const struct uuid id = fixture_payment(&(struct seed){.type = PAYMENT_TYPE_C2B,
                                                          .status = PAYMENT_STATUS_SUCCESS,
                                                          .receipt = receipt,
                                                          .reference = reference});

    CU_ASSERT_EQUAL(
        claim(&app, (struct payment_selector){.has_payment_id = true, .payment_id = id}),
        ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(claim(&app, (struct payment_selector){.reference = reference}), ERR_NOT_FOUND);
    CU_ASSERT_TRUE(row_is(&id, "claimed = 0 AND version = 1"));
    CU_ASSERT_EQUAL(
        claim(&app, (struct payment_selector){.receipt = receipt, .reference = reference}), ERR_OK);
}

static void a_second_claim_is_told_so_to_the_winner_and_nothing_to_others(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct app other = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt();
    const struct uuid id = fixture_intake(receipt);

    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_OK);
    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_ALREADY_CLAIMED);
    CU_ASSERT_EQUAL(
        claim(&app, (struct payment_selector){.has_payment_id = true, .payment_id = id}),
        ERR_ALREADY_CLAIMED);
    CU_ASSERT_EQUAL(claim_receipt(&other, receipt), ERR_NOT_FOUND);
    CU_ASSERT_TRUE(row_is(&id, "version = 2"));
}

static void what_is_another_apps_or_nowhere_is_not_found(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct app other = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt(), reference = new_reference();
    const struct uuid id = own_payment(&other, receipt, reference), nowhere = {{7}};

    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(claim(&app, (struct payment_selector){.reference = reference}), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(
        claim(&app, (struct payment_selector){.has_payment_id = true, .payment_id = id}),
        ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(
        claim(&app, (struct payment_selector){.has_payment_id = true, .payment_id = nowhere}),
        ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(claim_receipt(&app, new_receipt()), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(claim_receipt(&app, STR("-")), ERR_NOT_FOUND);
    CU_ASSERT_TRUE(row_is(&id, "claimed = 0 AND version = 1"));
}

static void receipts_and_references_compare_byte_by_byte(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str reference = new_reference();
    char padded[64];

    (void)own_payment(&app, new_receipt(), reference);
    CU_ASSERT_TRUE(snprintf(padded, sizeof(padded), "%.60s ", reference.data) > 0);
    CU_ASSERT_EQUAL(claim(&app, (struct payment_selector){.reference = str_from(padded)}),
                    ERR_NOT_FOUND);
    padded[reference.length] = '\0';
    padded[0] = 'r';
    CU_ASSERT_EQUAL(claim(&app, (struct payment_selector){.reference = str_from(padded)}),
                    ERR_NOT_FOUND);
    padded[0] = 'R';
    CU_ASSERT_EQUAL(claim(&app, (struct payment_selector){.reference = str_from(padded)}), ERR_OK);
}

static void what_is_not_claimable_is_not_found(void)
{
    static const char *const states[] = {"held = 1", "reversed = 1", "status = 'PENDING'",
                                         "status = 'FAILED'"};
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);

    for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
        const struct str intake = new_receipt(), own = new_receipt(), reference = new_reference();
        const struct uuid intake_id = fixture_intake(intake);
        const struct uuid own_id = own_payment(&app, own, reference);

        row_set(&intake_id, states[i]);
        row_set(&own_id, states[i]);
        CU_ASSERT_EQUAL(claim_receipt(&app, intake), ERR_NOT_FOUND);
        CU_ASSERT_EQUAL(claim_receipt(&app, own), ERR_NOT_FOUND);
        CU_ASSERT_EQUAL(claim(&app, (struct payment_selector){.reference = reference}),
                        ERR_NOT_FOUND);
        CU_ASSERT_EQUAL(
            claim(&app, (struct payment_selector){.has_payment_id = true, .payment_id = own_id}),
            ERR_NOT_FOUND);
        CU_ASSERT_TRUE(row_is(&intake_id, "claimed = 0 AND version = 1"));
        CU_ASSERT_TRUE(row_is(&own_id, "claimed = 0 AND version = 1"));
        CU_ASSERT_EQUAL(
            count_rows("claim", "receipt IN ('%.*s', '%.*s')", STR_ARG(intake), STR_ARG(own)), 0);
    }
}

/* A conflict mark alone says that a person should look, not that the money is not there. */
static void a_payment_marked_with_a_conflict_is_claimed(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt();
    const struct uuid id = own_payment(&app, receipt, new_reference());

    row_set(&id, "conflict = 1");
    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_OK);
}

static void the_id_of_a_merged_row_claims_its_survivor_once(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt();
    const struct uuid merged = fixture_intake(STR_EMPTY);
    const struct uuid survivor = own_payment(&app, receipt, new_reference());
    const struct payment_selector selector = {.has_payment_id = true, .payment_id = merged};
    char hex[UUID_TEXT_SIZE], assignment[128];

    CU_ASSERT_TRUE(snprintf(assignment, sizeof(assignment), "merged_into = UNHEX('%s')",
                            crypto_hex(survivor.bytes, UUID_BYTES, hex)) > 0);
    row_set(&merged, assignment);
    CU_ASSERT_EQUAL(claim(&app, selector), ERR_OK);
    CU_ASSERT_TRUE(uuid_equal(&result.payment.id, &survivor));
    CU_ASSERT_EQUAL(claim(&app, selector), ERR_ALREADY_CLAIMED);
    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_ALREADY_CLAIMED);
    CU_ASSERT_TRUE(row_is(&merged, "claimed = 0 AND version = 1"));
}

static void a_wrong_amount_or_phone_is_answered_like_an_unknown_receipt(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt();
    const struct uuid id = fixture_intake(receipt);
    struct payment_selector selector = {.receipt = receipt, .has_amount = true, .amount = {9999}};

    CU_ASSERT_EQUAL(claim(&app, selector), ERR_NOT_FOUND);
    selector = (struct payment_selector){
        .receipt = receipt, .has_phone = true, .phone = phone_of(OTHER_PHONE)};
    CU_ASSERT_EQUAL(claim(&app, selector), ERR_NOT_FOUND);
    CU_ASSERT_TRUE(row_is(&id, "claimed = 0 AND version = 1"));
    selector = (struct payment_selector){.receipt = receipt,
                                         .has_amount = true,
                                         .amount = {10000},
                                         .has_phone = true,
                                         .phone = phone_of("0712345678")};
    CU_ASSERT_EQUAL(claim(&app, selector), ERR_OK);
    selector.amount.cents++;
    CU_ASSERT_EQUAL(claim(&app, selector), ERR_NOT_FOUND);
}

static void every_selector_given_must_match(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt(), reference = new_reference();
    const struct uuid id = own_payment(&app, receipt, reference);
    const struct uuid other = own_payment(&app, new_receipt(), new_reference());
    struct payment_selector selector = {
        .receipt = receipt, .reference = reference, .has_payment_id = true, .payment_id = other};

    CU_ASSERT_EQUAL(claim(&app, selector), ERR_NOT_FOUND);
    selector.payment_id = id;
    selector.reference = new_reference();
    CU_ASSERT_EQUAL(claim(&app, selector), ERR_NOT_FOUND);
    selector.receipt = STR_EMPTY;
    CU_ASSERT_EQUAL(claim(&app, selector), ERR_NOT_FOUND);
    selector.reference = reference;
    CU_ASSERT_EQUAL(claim(&app, selector), ERR_OK);
}

/* The payer as Daraja may report PHONE: whole, as its SHA-256, and masked. */
static struct str payer_hash(void)
{
    static char hex[SHA256_HEX_SIZE];
    struct sha256 hash;
    const enum err err = crypto_sha256(STR(PHONE), &hash);

    ASSERT(err == ERR_OK);
    return str_from(crypto_hex(hash.bytes, SHA256_BYTES, hex));
}

static void an_app_that_must_name_the_amount_gets_nothing_without_it(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_AMOUNT);
    const struct str receipt = new_receipt();
    struct payment_selector selector = {
        .receipt = receipt, .has_phone = true, .phone = phone_of(PHONE)};

    (void)fixture_intake(receipt);
    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(claim(&app, selector), ERR_NOT_FOUND);
    selector.has_amount = true;
    selector.amount.cents = 10001;
    CU_ASSERT_EQUAL(claim(&app, selector), ERR_NOT_FOUND);
    selector.amount.cents = 10000;
    CU_ASSERT_EQUAL(claim(&app, selector), ERR_OK);
}

static void an_app_that_must_name_the_phone_proves_it_by_number_or_hash(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_PHONE);
    const struct str payers[] = {STR(PHONE), STR("0712345678"), payer_hash()};

    for (size_t i = 0; i < ARRAY_LENGTH(payers); i++) {
        const struct str receipt = new_receipt();
        struct payment_selector selector = {
            .receipt = receipt, .has_amount = true, .amount = {10000}};

        (void)fixture_payment(&(struct seed){.type = PAYMENT_TYPE_C2B,
                                             .status = PAYMENT_STATUS_SUCCESS,
                                             .receipt = receipt,
                                             .phone = payers[i]});
        CU_ASSERT_EQUAL(claim(&app, selector), ERR_NOT_FOUND);
        selector.has_phone = true;
        selector.phone = phone_of(OTHER_PHONE);
        CU_ASSERT_EQUAL(claim(&app, selector), ERR_NOT_FOUND);
        selector.phone = phone_of(PHONE);
        CU_ASSERT_EQUAL(claim(&app, selector), ERR_OK);
    }
}

static void a_phone_known_only_as_a_mask_satisfies_nothing(void)
{
    static const char *const masks[] = {"2547 ***** 678", "2547*****678", "not known"};
    const struct app strict = fixture_app(CLAIM_REQUIRES_PHONE);
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);

    for (size_t i = 0; i < ARRAY_LENGTH(masks); i++) {
        const struct str receipt = new_receipt();
        const struct payment_selector selector = {
            .receipt = receipt, .has_phone = true, .phone = phone_of(PHONE)};

        (void)fixture_payment(&(struct seed){.type = PAYMENT_TYPE_C2B,
                                             .status = PAYMENT_STATUS_SUCCESS,
                                             .receipt = receipt,
                                             .phone = str_from(masks[i])});
        CU_ASSERT_EQUAL(claim(&strict, selector), ERR_NOT_FOUND);
        CU_ASSERT_EQUAL(claim(&app, selector), ERR_NOT_FOUND);
        CU_ASSERT_EQUAL(claim_receipt(&strict, receipt), ERR_NOT_FOUND);
        CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_OK);
    }
}

static void an_apps_own_money_needs_no_second_fact(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_PHONE);
    const struct str receipt = new_receipt();

    (void)own_payment(&app, receipt, new_reference());
    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_OK);
}

static void several_candidates_are_named_newest_first_and_none_is_claimed(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str reference = new_reference();
    const struct uuid first = own_payment(&app, new_receipt(), reference);
    const struct uuid second = fixture_payment(&(struct seed){.app = &app,
                                                              .status = PAYMENT_STATUS_SUCCESS,
                                                              .receipt = new_receipt(),
                                                              .cents = 20000,
                                                              .reference = reference});

    CU_ASSERT_EQUAL(claim(&app, (struct payment_selector){.reference = reference}), ERR_AMBIGUOUS);
    CU_ASSERT_EQUAL_FATAL(result.candidates.count, 2);
    CU_ASSERT_TRUE(uuid_equal(&result.candidates.items[0].id, &second));
    CU_ASSERT_TRUE(uuid_equal(&result.candidates.items[1].id, &first));
    CU_ASSERT_TRUE(row_is(&first, "claimed = 0") && row_is(&second, "claimed = 0"));
    /* Further facts, or the id, tell them apart. */
    CU_ASSERT_EQUAL(claim(&app, (struct payment_selector){.reference = reference,
                                                          .has_amount = true,
                                                          .amount = {10000}}),
                    ERR_OK);
    CU_ASSERT_TRUE(uuid_equal(&result.payment.id, &first));
    /* One is left: it is the only candidate now. */
    CU_ASSERT_EQUAL(claim(&app, (struct payment_selector){.reference = reference}), ERR_OK);
    CU_ASSERT_TRUE(uuid_equal(&result.payment.id, &second));
    CU_ASSERT_EQUAL(claim(&app, (struct payment_selector){.reference = reference}),
                    ERR_ALREADY_CLAIMED);
}

static void payments_that_cannot_be_claimed_are_no_candidates(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str reference = new_reference();
    const struct uuid good = own_payment(&app, new_receipt(), reference);
    const struct uuid held = own_payment(&app, new_receipt(), reference);

    row_set(&held, "held = 1");
    (void)fixture_payment(&(struct seed){.app = &app, .reference = reference});
    CU_ASSERT_EQUAL(claim(&app, (struct payment_selector){.reference = reference}), ERR_OK);
    CU_ASSERT_TRUE(uuid_equal(&result.payment.id, &good));
}

/* The second barrier, alone: the row says unclaimed, but a claim is there. */
static void a_claim_that_is_there_already_stops_the_next_one(void)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt();
    const struct uuid id = fixture_intake(receipt);

    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_OK);
    row_set(&id, "claimed = 0, claimed_at = NULL");
    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_NOT_FOUND);
    CU_ASSERT_TRUE(row_is(&id, "claimed = 0 AND version = 2"));
    CU_ASSERT_EQUAL(count_rows("claim", "receipt = '%.*s'", STR_ARG(receipt)), 1);
}

static void a_claim_is_found_by_its_mark_alone(void)
{
    static const struct db_statement statement = {
        "test_mark", "UPDATE claim SET token = ? WHERE payment_id = ?"};
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt();
    const struct uuid id = fixture_intake(receipt);
    struct uuid mark, found = {{0}};
    enum err err = uuid_new(&mark);

    CU_ASSERT_EQUAL_FATAL(err, ERR_OK);
    CU_ASSERT_EQUAL(claim_store_by_token(testdb_db(), testdb_arena(), &mark, &found),
                    ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(claim_receipt(&app, receipt), ERR_OK);
    CU_ASSERT_EQUAL(count_rows("claim", "receipt = '%.*s'", STR_ARG(receipt)), 1);
    err = db_execute(testdb_db(), &statement, DB_VALUES(DB_UUID(&mark), DB_UUID(&id)), NULL);
    CU_ASSERT_EQUAL(err, ERR_OK);
    CU_ASSERT_EQUAL(claim_store_by_token(testdb_db(), testdb_arena(), &mark, &found), ERR_OK);
    CU_ASSERT_TRUE(uuid_equal(&found, &id));
}

/* The claim's own update, with a row that was read before something else changed it. */
struct late_claim {
    struct uuid id;
    struct app app;
    const char *meanwhile;
    bool won;
};

static enum err late_claim_work(struct db *db, void *context)
{
    struct late_claim *late = context;
    struct payment payment;
    enum err err = payment_store_by_id(db, fixture()->arena, &late->id, PAYMENT_READ, &payment);

    if (err == ERR_OK)
        row_set(&late->id, late->meanwhile);
    return err == ERR_OK ? payment_store_claim(db, &payment, &late->app.id, 1, &late->won) : err;
}

static void the_update_of_a_claim_repeats_every_condition(void)
{
    static const char *const changes[] = {
        "claimed = 1",       "held = 1",
        "reversed = 1",      "status = 'PENDING'",
        "status = 'FAILED'", "merged_into = id",
        "version = 2",       "app_id = (SELECT id FROM app WHERE name = 'ADMIN_SHOP')",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        struct late_claim late = {
            .app = fixture_app(CLAIM_REQUIRES_NONE), .meanwhile = changes[i], .won = true};
        const struct db_unit unit = {.work = late_claim_work, .context = &late};

        late.id = own_payment(&late.app, new_receipt(), new_reference());
        CU_ASSERT_EQUAL(db_run_unit(fixture()->db, &unit), ERR_OK);
        CU_ASSERT_FALSE(late.won);
    }
}

/* What the racers know and find: memory that all processes see. */
struct board {
    struct app apps[RACE_APPS];
    struct str receipts[KILL_RECEIPTS];
    atomic_int wins[KILL_RECEIPTS];
    atomic_int winner[KILL_RECEIPTS]; /* the app's index, from 1 */
    atomic_int surprises;             /* answers that a race must not give */
};

static struct board *board_new(size_t receipt_count)
{
    struct board *board = race_memory(sizeof(*board));

    for (size_t i = 0; i < RACE_APPS; i++)
        board->apps[i] = fixture_app(CLAIM_REQUIRES_NONE);
    for (size_t i = 0; i < receipt_count; i++) {
        board->receipts[i] = new_receipt();
        (void)fixture_intake(board->receipts[i]);
    }
    return board;
}

static int race_claims(struct service *service, int index, void *shared)
{
    struct board *board = shared;
    const int app = index % RACE_APPS;

    for (size_t i = 0; i < RACE_RECEIPTS; i++) {
        const struct payment_selector selector = {.receipt = board->receipts[i]};
        struct claim_result won;
        const enum err err = claim_payment(service, &board->apps[app], &selector, &won);

        if (err == ERR_OK) {
            (void)atomic_fetch_add(&board->wins[i], 1);
            atomic_store(&board->winner[i], app + 1);
        } else if (err != ERR_ALREADY_CLAIMED && err != ERR_NOT_FOUND) {
            (void)atomic_fetch_add(&board->surprises, 1);
        }
        arena_reset(service->arena);
    }
    return 0;
}

static int64_t torn_claims(void)
{
    return count_rows("payment LEFT JOIN claim ON claim.payment_id = payment.id "
                      "LEFT JOIN payment_event event ON event.payment_id = payment.id "
                      "AND event.event = 'claimed'",
                      "payment.claimed <> (claim.token IS NOT NULL) OR "
                      "payment.claimed <> (event.sequence IS NOT NULL) OR "
                      "(payment.claimed AND (payment.app_id <> claim.app_id OR "
                      "payment.claimed_at IS NULL OR payment.app_id <> event.app_id))");
}

static void a_race_has_exactly_one_winner_a_receipt(void)
{
    struct board *board;

    testdb_sql("DELETE FROM claim");
    testdb_sql("DELETE FROM payment_event");
    testdb_sql("DELETE FROM payment");
    board = board_new(RACE_RECEIPTS);
    CU_ASSERT_EQUAL(race_run(&(struct race){race_claims, board, RACE_PROCESSES}), 0);
    CU_ASSERT_EQUAL(atomic_load(&board->surprises), 0);
    for (size_t i = 0; i < RACE_RECEIPTS; i++) {
        const int winner = atomic_load(&board->winner[i]);

        CU_ASSERT_EQUAL(atomic_load(&board->wins[i]), 1);
        CU_ASSERT_TRUE_FATAL(winner > 0);
        CU_ASSERT_EQUAL(count_rows("claim JOIN app ON app.id = claim.app_id",
                                   "receipt = '%.*s' AND name = '%.*s'",
                                   STR_ARG(board->receipts[i]),
                                   STR_ARG(board->apps[winner - 1].name)),
                        1);
    }
    CU_ASSERT_EQUAL(count_rows("claim", "1"), RACE_RECEIPTS);
    CU_ASSERT_EQUAL(torn_claims(), 0);
    race_memory_free(board, sizeof(*board));
}

/* Claims one after the other, until it is killed. */
static int claim_all(struct service *service, int index, void *shared)
{
    struct board *board = shared;

    for (size_t i = 0; i < KILL_RECEIPTS; i++) {
        const struct payment_selector selector = {.receipt = board->receipts[i]};
        struct claim_result won;

        if (claim_payment(service, &board->apps[index % RACE_APPS], &selector, &won) == ERR_OK)
            (void)atomic_fetch_add(&board->wins[i], 1);
        arena_reset(service->arena);
    }
    return 0;
}

static void claimers_start_and_are_killed(struct board *board, int round)
{
    pid_t children[KILL_PROCESSES];

    (void)fflush(NULL);
    for (int i = 0; i < KILL_PROCESSES; i++) {
        children[i] = fork();
        CU_ASSERT_TRUE_FATAL(children[i] >= 0);
        if (children[i] == 0)
            _exit(claim_all(fixture_open(testdb_options()), i, board));
    }
    clock_sleep_ms(30 + 5 * round);
    for (int i = 0; i < KILL_PROCESSES; i++) {
        (void)kill(children[i], SIGKILL);
        (void)waitpid(children[i], NULL, 0);
    }
}

static void claimers_that_are_killed_tear_nothing(void)
{
    struct board *board = board_new(KILL_RECEIPTS);
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    int64_t claimed_by_children;
    int claimed_later = 0;

    for (int round = 0; round < KILL_ROUNDS; round++)
        claimers_start_and_are_killed(board, round);
    /* Their connections may still be ending: a locked row is waited for. */
    for (size_t i = 0; i < KILL_RECEIPTS; i++)
        claimed_later += claim_receipt(&app, board->receipts[i]) == ERR_OK;
    claimed_by_children =
        count_rows("claim", "receipt BETWEEN '%.*s' AND '%.*s'", STR_ARG(board->receipts[0]),
                   STR_ARG(board->receipts[KILL_RECEIPTS - 1])) -
        claimed_later;
    CU_ASSERT_EQUAL(torn_claims(), 0);
    CU_ASSERT_TRUE(claimed_by_children > 0);
    CU_ASSERT_EQUAL(claimed_by_children + claimed_later, KILL_RECEIPTS);
    for (size_t i = 0; i < KILL_RECEIPTS; i++)
        CU_ASSERT_TRUE(atomic_load(&board->wins[i]) <= 1);
    race_memory_free(board, sizeof(*board));
}

/* One claim whose COMMIT is cut; the claim must be known as won, and be there once. */
static void claim_through_a_cut(struct service *service, struct testproxy *proxy,
                                enum testproxy_cut where)
{
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt();
    const struct payment_selector selector = {.receipt = receipt};
    const struct uuid id = fixture_intake(receipt);
    struct claim_result won;

    CU_ASSERT_EQUAL(db_connect(service->db), ERR_OK);
    testproxy_cut(proxy, TESTPROXY_COMMIT, where, 1);
    CU_ASSERT_EQUAL(claim_payment(service, &app, &selector, &won), ERR_OK);
    CU_ASSERT_EQUAL(testproxy_cuts_left(proxy), 0);
    CU_ASSERT_TRUE(won.payment.claimed && uuid_equal(&won.payment.app_id, &app.id));
    CU_ASSERT_TRUE(row_is(&id, "claimed = 1 AND version = 2"));
    CU_ASSERT_TRUE(events_are(&id, "created,claimed"));
    CU_ASSERT_EQUAL(claim_payment(service, &app, &selector, &won), ERR_ALREADY_CLAIMED);
    arena_reset(service->arena);
}

static void a_claim_whose_commit_is_not_answered_is_won_once(void)
{
    static const enum testproxy_cut cuts[] = {TESTPROXY_BEFORE, TESTPROXY_DURING, TESTPROXY_ANSWER};
    struct testproxy *proxy = testproxy_start();
    const struct db_options options = testproxy_options(proxy);
    struct service *service = fixture_open(&options);

    for (size_t i = 0; i < ARRAY_LENGTH(cuts); i++)
        for (int j = 0; j < CUTS_PER_KIND; j++)
            claim_through_a_cut(service, proxy, cuts[i]);
    CU_ASSERT_EQUAL(torn_claims(), 0);
    fixture_close(service);
    testproxy_stop(proxy);
}

/* Nobody can be asked how the COMMIT ended: that is an error, never a win or "not found". */
static void a_claim_whose_end_nobody_can_tell_is_an_error(void)
{
    struct testproxy *proxy = testproxy_start();
    const struct db_options options = testproxy_options(proxy);
    struct service *service = fixture_open(&options);
    const struct app app = fixture_app(CLAIM_REQUIRES_NONE);
    const struct str receipt = new_receipt();
    const struct payment_selector selector = {.receipt = receipt};
    struct claim_result won;

    (void)fixture_intake(receipt);
    CU_ASSERT_EQUAL(db_connect(service->db), ERR_OK);
    testproxy_cut(proxy, TESTPROXY_COMMIT, TESTPROXY_ANSWER, 1);
    testproxy_door(proxy, TESTPROXY_SHUT);
    CU_ASSERT_EQUAL(claim_payment(service, &app, &selector, &won), ERR_DB_COMMIT_UNKNOWN);
    testproxy_door(proxy, TESTPROXY_OPEN);
    clock_sleep_ms(300);
    CU_ASSERT_EQUAL(claim_payment(service, &app, &selector, &won), ERR_ALREADY_CLAIMED);
    CU_ASSERT_EQUAL(torn_claims(), 0);
    fixture_close(service);
    testproxy_stop(proxy);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_receipt_of_the_shop_moves_to_the_app_that_claims_it),
    TAP_TEST(a_claim_writes_its_row_and_its_history),
    TAP_TEST(an_app_claims_its_own_by_receipt_id_and_reference),
    TAP_TEST(the_shops_money_is_claimed_by_its_receipt_alone),
    TAP_TEST(a_second_claim_is_told_so_to_the_winner_and_nothing_to_others),
    TAP_TEST(what_is_another_apps_or_nowhere_is_not_found),
    TAP_TEST(receipts_and_references_compare_byte_by_byte),
    TAP_TEST(what_is_not_claimable_is_not_found),
    TAP_TEST(a_payment_marked_with_a_conflict_is_claimed),
    TAP_TEST(the_id_of_a_merged_row_claims_its_survivor_once),
    TAP_TEST(a_wrong_amount_or_phone_is_answered_like_an_unknown_receipt),
    TAP_TEST(every_selector_given_must_match),
    TAP_TEST(an_app_that_must_name_the_amount_gets_nothing_without_it),
    TAP_TEST(an_app_that_must_name_the_phone_proves_it_by_number_or_hash),
    TAP_TEST(a_phone_known_only_as_a_mask_satisfies_nothing),
    TAP_TEST(an_apps_own_money_needs_no_second_fact),
    TAP_TEST(several_candidates_are_named_newest_first_and_none_is_claimed),
    TAP_TEST(payments_that_cannot_be_claimed_are_no_candidates),
    TAP_TEST(a_claim_that_is_there_already_stops_the_next_one),
    TAP_TEST(a_claim_is_found_by_its_mark_alone),
    TAP_TEST(the_update_of_a_claim_repeats_every_condition),
    TAP_TEST(a_race_has_exactly_one_winner_a_receipt),
    TAP_TEST(claimers_that_are_killed_tear_nothing),
    TAP_TEST(a_claim_whose_commit_is_not_answered_is_won_once),
    TAP_TEST(a_claim_whose_end_nobody_can_tell_is_an_error),
};

TESTDB_MAIN("claim", tests)
