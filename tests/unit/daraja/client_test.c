/* A mock of Daraja for tests: see client_test.h. */
#include "risiti/base/base.h"

#include "client_test.h"

#include "risiti/base/clock.h"
#include "risiti/base/mem.h"

#define ARENA_BYTES_MAX (1024 * 1024)

static void must(bool done)
{
    ASSERT(done);
}

static enum err token_get(void *context, struct daraja *daraja, struct arena *arena,
                          struct str rejected, struct str *ret_token)
{
    struct test_tokens *tokens = context;

    (void)daraja;
    tokens->asked++;
    clock_sleep_ms(tokens->delay_ms);
    must(str_copy(rejected, tokens->rejected, sizeof(tokens->rejected)));
    if (tokens->err != ERR_OK && tokens->asked >= tokens->err_at)
        return tokens->err;
    *ret_token = arena_format(arena, "token-%u", tokens->asked);
    return ERR_OK;
}

static struct config *config_make(unsigned port)
{
    struct config *config = mem_alloc(1, sizeof(*config));
    struct config_short_code *paybill, *till;

    must(config != NULL);
    must(snprintf(config->daraja_base_url, sizeof(config->daraja_base_url), "http://127.0.0.1:%u/",
                  port) > 0);
    must(str_copy(STR("key"), config->daraja_consumer_key.text, CONFIG_SECRET_SIZE));
    must(str_copy(STR("secret"), config->daraja_consumer_secret.text, CONFIG_SECRET_SIZE));
    config->daraja_timeout = 1;
    config->daraja_connect_timeout = 1;
    config->daraja_c2b_version = 1;
    config->service_allow_http = true;
    paybill = &config->short_codes[0];
    till = &config->short_codes[1];
    config->short_code_count = 2;
    paybill->type = SHORT_CODE_PAYBILL;
    must(str_copy(STR("600111"), paybill->number, sizeof(paybill->number)));
    must(str_copy(STR("600111"), paybill->store_number, sizeof(paybill->store_number)));
    must(str_copy(STR("demo-passkey"), paybill->passkey.text, CONFIG_SECRET_SIZE));
    till->type = SHORT_CODE_TILL;
    must(str_copy(STR("600222"), till->number, sizeof(till->number)));
    must(str_copy(STR("600333"), till->store_number, sizeof(till->store_number)));
    must(str_copy(STR("till-passkey"), till->passkey.text, CONFIG_SECRET_SIZE));
    return config;
}

void client_test_begin(struct client_test *test, const struct mock_step *steps, size_t step_count)
{
    struct daraja_token_source source = {.get = token_get, .context = &test->tokens};

    *test = (struct client_test){.server = mock_server_start(steps, step_count)};
    test->config = config_make(mock_server_port(test->server));
    test->daraja = daraja_new(test->config, &source);
    test->arena = arena_new(ARENA_BYTES_MAX);
    must(test->daraja != NULL && test->arena != NULL);
}

void client_test_stop_server(struct client_test *test)
{
    mock_server_stop(test->server);
    test->server = NULL;
}

void client_test_end(struct client_test *test)
{
    daraja_free(test->daraja);
    if (test->server != NULL)
        mock_server_stop(test->server);
    mem_free(test->config);
    arena_free(test->arena);
}

const struct jread *client_test_body(struct client_test *test, size_t index)
{
    const char *request = mock_server_request(test->server, index);
    const char *body = strstr(request, "\r\n\r\n");
    const struct jread *root = NULL;
    const char *why;

    must(body != NULL);
    must(jread_parse(test->arena, str_from(body + 4), &root, &why) == ERR_OK);
    return root;
}

struct str client_test_member(struct client_test *test, size_t index, const char *name)
{
    return jread_scalar(jread_member(client_test_body(test, index), name));
}

bool client_test_sent(struct client_test *test, size_t index, const char *text)
{
    return strstr(mock_server_request(test->server, index), text) != NULL;
}
