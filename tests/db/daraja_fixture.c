/* The domain with a mock of Daraja: see daraja_fixture.h. */
#include "risiti/base/base.h"

#include "daraja_fixture.h"

#define STEPS_MAX 64
#define STEP_SIZE 1024

static char step_texts[STEPS_MAX][STEP_SIZE];
static unsigned steps_used;

static enum err token_get(void *context, struct daraja *daraja, struct arena *arena,
                          struct str rejected, struct str *ret_token)
{
    (void)context;
    (void)daraja;
    (void)arena;
    (void)rejected;
    *ret_token = STR("token");
    return ERR_OK;
}

static void must(bool done)
{
    ASSERT(done);
}

struct daraja *daraja_client(void)
{
    static const struct daraja_token_source source = {.get = token_get};

    return daraja_new(fixture_config(), &source);
}

static void config_fill(struct config *config, unsigned port)
{
    must(snprintf(config->daraja_base_url, sizeof(config->daraja_base_url), "http://127.0.0.1:%u/",
                  port) > 0);
    must(str_copy(STR("https://pay.example.co.ke"), config->service_public_url,
                  sizeof(config->service_public_url)));
    must(str_copy(STR("key"), config->daraja_consumer_key.text, CONFIG_SECRET_SIZE));
    must(str_copy(STR("secret"), config->daraja_consumer_secret.text, CONFIG_SECRET_SIZE));
    must(str_copy(STR("passkey"), config->short_codes[0].passkey.text, CONFIG_SECRET_SIZE));
    config->daraja_timeout = 2;
    config->daraja_connect_timeout = 2;
    config->service_allow_http = true;
}

void daraja_begin(struct daraja_fixture *daraja, const struct mock_step *steps, size_t step_count)
{
    daraja->server = mock_server_start(steps, step_count);
    config_fill(fixture_config(), mock_server_port(daraja->server));
    daraja->service = *fixture();
    daraja->service.daraja = daraja_client();
    ASSERT(daraja->service.daraja != NULL);
}

void daraja_stop(struct daraja_fixture *daraja)
{
    if (daraja->server != NULL)
        mock_server_stop(daraja->server);
    daraja->server = NULL;
}

void daraja_end(struct daraja_fixture *daraja)
{
    daraja_free(daraja->service.daraja);
    daraja_stop(daraja);
}

struct mock_step step_answer(const char *status, const char *body)
{
    char *text = step_texts[steps_used++ % STEPS_MAX];
    const int length = snprintf(
        text, STEP_SIZE, "HTTP/1.1 %s\r\nContent-Type: application/json\r\n\r\n%s", status, body);

    ASSERT(length > 0 && length < STEP_SIZE);
    return (struct mock_step){.action = MOCK_ANSWER, .text = text};
}

struct mock_step step_accepted(void)
{
    char body[STEP_SIZE / 2];
    const int length = snprintf(body, sizeof(body),
                                "{\"MerchantRequestID\":\"7f21\",\"CheckoutRequestID\":\"%.64s\","
                                "\"ResponseCode\":\"0\",\"ResponseDescription\":\"Success\"}",
                                new_checkout().data);

    ASSERT(length > 0 && (size_t)length < sizeof(body));
    return step_answer("200 OK", body);
}

struct mock_step step_result(struct str checkout, const char *code)
{
    char body[STEP_SIZE / 2];
    const int length = snprintf(body, sizeof(body),
                                "{\"ResponseCode\":\"0\",\"ResponseDescription\":\"accepted\","
                                "\"MerchantRequestID\":\"7f21\",\"CheckoutRequestID\":\"%.64s\","
                                "\"ResultCode\":%s,\"ResultDesc\":\"a sentence\"}",
                                checkout.data, code);

    ASSERT(length > 0 && (size_t)length < sizeof(body));
    return step_answer("200 OK", body);
}
