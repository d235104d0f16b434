/*
 * Gets a URL and prints the outcome: `answered 200`, `not-sent REASON` or
 * `unknown REASON`. For tests that need a server which is a program.
 */
#include "risiti/base/base.h"

#include <signal.h>

#include "risiti/base/arena.h"
#include "risiti/net/http_client.h"

#define ARENA_BYTES_MAX (1024 * 1024)

static void answer_print(const struct http_client_answer *answer)
{
    if (answer->outcome == HTTP_CLIENT_ANSWERED)
        printf("answered %u\n", answer->status);
    else
        printf("%s %s\n", answer->outcome == HTTP_CLIENT_NOT_SENT ? "not-sent" : "unknown",
               answer->why);
}

int main(int argument_count, char **arguments)
{
    struct http_client_options options = {
        .connect_timeout_ms = 3000, .timeout_ms = 5000, .answer_bytes_max = 262144};
    RISITI_CLEANUP(arena_free_at) struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct http_client_request request = {.method = "GET", .once = true};
    struct http_client_answer answer;
    struct http_client *client;
    enum err err;

    if (argument_count != 3) {
        (void)fprintf(stderr, "usage: http_get URL CA_FILE\n");
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    request.url = str_from(arguments[1]);
    options.ca_file = arguments[2];
    client = http_client_new(&options);
    if (client == NULL || arena == NULL)
        return EXIT_FAILURE;
    err = http_client_send(client, arena, &request, &answer);
    http_client_free(client);
    if (err == ERR_OK)
        answer_print(&answer);
    else
        printf("error %s\n", err_name(err));
    return err == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
