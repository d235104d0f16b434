/*
 * The courier: see courier.h. Waiting tasks stand in a heap by the time they are due; letters that
 * are due while too many are under way stand in a queue.
 */
#include "risiti/base/base.h"

#include "risiti/sandbox/courier.h"

#include <curl/curl.h>
#include <stdatomic.h>

#include "risiti/base/buffer.h"
#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/base/mem.h"
#include "risiti/sandbox/lock.h"

#define CONNECT_TIMEOUT_MS 5000
#define IDLE_POLL_MS 60000
/* The longest letter: a confirmation whose every byte is escaped is far below. */
#define LETTER_BODY_MAX 16384

/* Something to do at `due_ms`: `run`, or a letter when that is NULL. */
struct task {
    int64_t due_ms;
    uint64_t order; /* from 1; tasks due at the same time run in the order they came in */
    void (*run)(void *context);
    void *context;
    struct task *next; /* in the queue of letters */

    const char *kind;
    char *url;
    struct buffer body;
    int64_t timeout_ms;
    unsigned tries;
    bool is_callback;
    uint64_t overtakes; /* the order of the letter that goes when this one was answered; 0: none */
    void (*answered)(void *context, const struct courier_answer *answer);

    CURL *easy; /* while under way */
    struct buffer answer;
    int64_t started_ms;
    struct task *under_way_previous, *under_way_next;
};

struct courier {
    pthread_mutex_t *lock;
    pthread_t thread;
    atomic_bool stopping;
    CURLM *multi;
    struct curl_slist *headers;
    struct task *heap[COURIER_TASKS_MAX];
    size_t heap_count;
    struct task *queue_first, *queue_last;
    struct task *under_way;
    size_t under_way_count, under_way_max;
    size_t waiting_count; /* in the heap and in the queue */
    uint64_t last_order;
    uint64_t overtaken; /* the order of the letter that waits for another one; 0: none */
    bool (*again)(void *context);
    void *again_context;
};

static void task_free(struct task *task)
{
    if (task == NULL)
        return;
    if (task->easy != NULL)
        curl_easy_cleanup(task->easy);
    buffer_release(&task->body);
    buffer_release(&task->answer);
    mem_free(task->url);
    mem_free(task->context);
    mem_free(task);
}

/* ---- the heap ---- */

static bool task_before(const struct task *a, const struct task *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void heap_swap(struct courier *courier, size_t a, size_t b)
{
    struct task *task = courier->heap[a];

    courier->heap[a] = courier->heap[b];
    courier->heap[b] = task;
}

static void heap_rise(struct courier *courier, size_t at)
{
    while (at != 0) {
        size_t parent = (at - 1) / 2;

        if (!task_before(courier->heap[at], courier->heap[parent]))
            return;
        heap_swap(courier, at, parent);
        at = parent;
    }
}

static void heap_push(struct courier *courier, struct task *task)
{
    size_t at = courier->heap_count++;

    courier->heap[at] = task;
    heap_rise(courier, at);
}

/* Where the task of an order stands; heap_count when it does not wait. A walk: it is rare. */
static size_t heap_find(const struct courier *courier, uint64_t order)
{
    for (size_t at = 0; at < courier->heap_count; at++)
        if (courier->heap[at]->order == order)
            return at;
    return courier->heap_count;
}

/* Makes the task of an order due, if it still waits. */
static void heap_hasten(struct courier *courier, uint64_t order)
{
    size_t at = heap_find(courier, order);

    if (at == courier->heap_count)
        return;
    courier->heap[at]->due_ms = clock_monotonic_ms();
    heap_rise(courier, at);
}

static struct task *heap_pop(struct courier *courier)
{
    struct task *first = courier->heap[0];
    size_t at = 0;

    courier->heap[0] = courier->heap[--courier->heap_count];
    for (;;) {
        size_t least = at;

        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < courier->heap_count &&
                task_before(courier->heap[child], courier->heap[least]))
                least = child;
        if (least == at)
            return first;
        heap_swap(courier, at, least);
        at = least;
    }
}

/* ---- taking tasks in ---- */

void courier_set_again(struct courier *courier, bool (*again)(void *context), void *context)
{
    courier->again = again;
    courier->again_context = context;
}

size_t courier_count(const struct courier *courier)
{
    return courier->waiting_count + courier->under_way_count;
}

bool courier_has_room(const struct courier *courier, size_t count)
{
    return courier->waiting_count + count <= COURIER_TASKS_MAX;
}

static enum err courier_take(struct courier *courier, int64_t delay_ms, struct task *task)
{
    if (!courier_has_room(courier, 1)) {
        task_free(task);
        return ERR_TOO_LARGE;
    }
    task->due_ms = clock_monotonic_ms() + delay_ms;
    task->order = ++courier->last_order;
    courier->waiting_count++;
    heap_push(courier, task);
    /* It cannot fail for a valid handle, and the thread would only wake later. */
    (void)curl_multi_wakeup(courier->multi);
    return ERR_OK;
}

static struct task *task_new(void *context)
{
    struct task *task = mem_alloc(1, sizeof(*task));

    if (task == NULL) {
        mem_free(context);
        return NULL;
    }
    buffer_init(&task->body, LETTER_BODY_MAX);
    buffer_init(&task->answer, COURIER_ANSWER_MAX);
    task->context = context;
    return task;
}

enum err courier_later(struct courier *courier, int64_t delay_ms, void (*run)(void *context),
                       void *context)
{
    struct task *task = task_new(context);

    if (task == NULL)
        return ERR_NOMEM;
    task->run = run;
    return courier_take(courier, delay_ms, task);
}

enum err courier_post(struct courier *courier, int64_t delay_ms,
                      const struct courier_letter *letter)
{
    struct task *task = task_new(letter->context);
    size_t url_size = strlen(letter->url) + 1;
    bool is_overtaken = letter->is_overtaken && courier->overtaken == 0;
    enum err err;

    if (task == NULL)
        return ERR_NOMEM;
    task->kind = letter->kind;
    task->is_callback = letter->is_callback;
    task->timeout_ms = letter->timeout_ms;
    task->answered = letter->answered;
    buffer_append(&task->body, letter->body);
    task->url = mem_alloc(url_size, 1);
    if (task->url == NULL || task->body.err != ERR_OK) {
        task_free(task);
        return ERR_NOMEM;
    }
    memcpy(task->url, letter->url, url_size);
    err = courier_take(courier, delay_ms + (is_overtaken ? COURIER_OVERTAKEN_MS : 0), task);
    if (err == ERR_OK && is_overtaken)
        courier->overtaken = courier->last_order;
    return err;
}

/* ---- letters under way ---- */

static size_t on_answer_bytes(char *bytes, size_t size, size_t count, void *userdata)
{
    struct task *task = userdata;

    buffer_append(&task->answer, (struct str){bytes, size * count});
    return task->answer.err == ERR_OK ? size * count : 0;
}

static CURLcode letter_prepare(const struct courier *courier, struct task *task)
{
    CURL *easy = task->easy;
    CURLcode code = CURLE_OK;

#define SET(option, value) code = code == CURLE_OK ? curl_easy_setopt(easy, option, value) : code
    SET(CURLOPT_URL, task->url);
    SET(CURLOPT_PRIVATE, task);
    SET(CURLOPT_HTTPHEADER, courier->headers);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)task->body.length);
    SET(CURLOPT_POSTFIELDS, task->body.data);
    SET(CURLOPT_WRITEFUNCTION, on_answer_bytes);
    SET(CURLOPT_WRITEDATA, task);
    SET(CURLOPT_USERAGENT, "risiti-sandbox");
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    SET(CURLOPT_TIMEOUT_MS, (long)task->timeout_ms);
    SET(CURLOPT_NOSIGNAL, 1L);
    /* On a kept connection that the receiver closes, curl would send the callback a second time. */
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_FORBID_REUSE, 1L);
#undef SET
    return code;
}

static void under_way_remove(struct courier *courier, struct task *task)
{
    if (task->under_way_previous != NULL)
        task->under_way_previous->under_way_next = task->under_way_next;
    else
        courier->under_way = task->under_way_next;
    if (task->under_way_next != NULL)
        task->under_way_next->under_way_previous = task->under_way_previous;
    courier->under_way_count--;
}

/* Sends a callback once more that was not taken; false when it is to be forgotten. */
static bool letter_again(struct courier *courier, struct task *task, unsigned status)
{
    if (status == 200 || !task->is_callback || ++task->tries >= COURIER_TRIES_MAX ||
        courier->again == NULL || !courier->again(courier->again_context) ||
        !courier_has_room(courier, 1))
        return false;
    curl_easy_cleanup(task->easy);
    task->easy = NULL;
    task->next = task->under_way_previous = task->under_way_next = NULL;
    buffer_clear(&task->answer);
    return courier_take(courier, COURIER_AGAIN_MS, task) == ERR_OK;
}

/* Tells who waits for the answer, logs, and forgets the letter. */
static void letter_end(struct courier *courier, struct task *task, CURLcode code)
{
    struct courier_answer answer = {.body = buffer_str(&task->answer)};
    int64_t duration_ms = clock_monotonic_ms() - task->started_ms;
    long status = 0;

    if (code == CURLE_OK && curl_easy_getinfo(task->easy, CURLINFO_RESPONSE_CODE, &status) == 0)
        answer.status = (unsigned)status;
    log_write(answer.status == 200 ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "callback",
              LOG_FIELDS(LOG_TEXT("kind", task->kind), LOG_INT("status", answer.status),
                         LOG_INT("ms", duration_ms),
                         LOG_TEXT("why", code == CURLE_OK ? NULL : curl_easy_strerror(code))));
    if (task->answered != NULL)
        task->answered(task->context, &answer);
    task->answered = NULL;
    if (task->overtakes != 0)
        heap_hasten(courier, task->overtakes);
    task->overtakes = 0;
    if (!letter_again(courier, task, answer.status))
        task_free(task);
}

/* A callback that starts overtakes the one that waits for it; which may have waited enough. */
static void letter_overtake(struct courier *courier, struct task *task)
{
    if (!task->is_callback)
        return;
    if (task->order != courier->overtaken)
        task->overtakes = courier->overtaken;
    courier->overtaken = 0;
}

static void letter_start(struct courier *courier, struct task *task)
{
    CURLcode code = CURLE_FAILED_INIT;

    letter_overtake(courier, task);
    task->started_ms = clock_monotonic_ms();
    task->easy = curl_easy_init();
    if (task->easy != NULL)
        code = letter_prepare(courier, task);
    if (code == CURLE_OK && curl_multi_add_handle(courier->multi, task->easy) != CURLM_OK)
        code = CURLE_FAILED_INIT;
    if (code != CURLE_OK) {
        letter_end(courier, task, code);
        return;
    }
    task->under_way_next = courier->under_way;
    if (courier->under_way != NULL)
        courier->under_way->under_way_previous = task;
    courier->under_way = task;
    courier->under_way_count++;
}

static void letters_finish(struct courier *courier)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(courier->multi, &left)) != NULL) {
        CURLcode code = message->data.result;
        struct task *task = NULL;

        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &task) != CURLE_OK)
            continue;
        /* Fails for invalid handles only. */
        (void)curl_multi_remove_handle(courier->multi, task->easy);
        under_way_remove(courier, task);
        letter_end(courier, task, code);
    }
}

/* ---- the thread ---- */

static void queue_push(struct courier *courier, struct task *task)
{
    if (courier->queue_last != NULL)
        courier->queue_last->next = task;
    else
        courier->queue_first = task;
    courier->queue_last = task;
}

static struct task *queue_pop(struct courier *courier)
{
    struct task *task = courier->queue_first;

    courier->queue_first = task->next;
    if (courier->queue_first == NULL)
        courier->queue_last = NULL;
    courier->waiting_count--;
    return task;
}

/* Runs what is due. Returns how long the next task has time, at most IDLE_POLL_MS. */
static int tasks_run(struct courier *courier)
{
    int64_t now_ms = clock_monotonic_ms();

    while (courier->heap_count > 0 && courier->heap[0]->due_ms <= now_ms) {
        struct task *task = heap_pop(courier);

        if (task->run == NULL) {
            queue_push(courier, task);
            continue;
        }
        courier->waiting_count--;
        task->run(task->context);
        task_free(task);
    }
    while (courier->queue_first != NULL && courier->under_way_count < courier->under_way_max)
        letter_start(courier, queue_pop(courier));
    if (courier->heap_count == 0 || courier->heap[0]->due_ms - now_ms > IDLE_POLL_MS)
        return IDLE_POLL_MS;
    return courier->heap[0]->due_ms > now_ms ? (int)(courier->heap[0]->due_ms - now_ms) : 0;
}

static void *courier_main(void *argument)
{
    struct courier *courier = argument;
    int wait_ms = 0, running;

    while (!atomic_load(&courier->stopping)) {
        /* Their failures are those of an invalid handle or of memory: the next turn tries again. */
        (void)curl_multi_poll(courier->multi, NULL, 0, wait_ms, NULL);
        (void)curl_multi_perform(courier->multi, &running);
        lock_take(courier->lock);
        letters_finish(courier);
        wait_ms = tasks_run(courier);
        lock_give(courier->lock);
    }
    return NULL;
}

void courier_free(struct courier *courier)
{
    if (courier == NULL)
        return;
    while (courier->under_way != NULL) {
        struct task *task = courier->under_way;

        (void)curl_multi_remove_handle(courier->multi, task->easy); /* it was added by us */
        under_way_remove(courier, task);
        task_free(task);
    }
    while (courier->queue_first != NULL)
        task_free(queue_pop(courier));
    while (courier->heap_count > 0)
        task_free(heap_pop(courier));
    (void)curl_multi_cleanup(courier->multi); /* every handle has left it */
    curl_slist_free_all(courier->headers);
    mem_free(courier);
}

static enum err courier_prepare(struct courier *courier)
{
    struct curl_slist *more;

    courier->multi = curl_multi_init();
    courier->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (courier->multi == NULL || courier->headers == NULL)
        return ERR_NOMEM;
    more = curl_slist_append(courier->headers, "Expect:"); /* no waiting for "100 Continue" */
    return more == NULL ? ERR_NOMEM : ERR_OK;
}

enum err courier_start(pthread_mutex_t *lock, size_t in_flight_max, struct courier **ret_courier)
{
    struct courier *courier = mem_alloc(1, sizeof(*courier));
    enum err err;

    if (courier == NULL)
        return ERR_NOMEM;
    courier->lock = lock;
    courier->under_way_max = in_flight_max;
    err = courier_prepare(courier);
    if (err == ERR_OK && pthread_create(&courier->thread, NULL, courier_main, courier) != 0)
        err = ERR_IO;
    if (err != ERR_OK) {
        courier_free(courier);
        return err;
    }
    *ret_courier = courier;
    return ERR_OK;
}

void courier_stop(struct courier *courier)
{
    atomic_store(&courier->stopping, true);
    (void)curl_multi_wakeup(courier->multi);   /* fails for an invalid handle only */
    (void)pthread_join(courier->thread, NULL); /* our own thread, joined once */
}
