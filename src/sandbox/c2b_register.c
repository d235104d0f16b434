/* POST /mpesa/c2b/v1|v2/registerurl: where confirmations and validations of a short code go. */
#include "risiti/base/base.h"

#include "risiti/sandbox/c2b.h"

static void answer_wrong(struct sandbox *sandbox, struct exchange *exchange, const char *field)
{
    struct str message = arena_format(exchange->arena, "Bad Request - Invalid %s", field);

    exchange_answer_error(sandbox, exchange, 400, "400.003.02",
                          message.data != NULL ? message.data : "Bad Request");
}

/* Copies a URL that may be registered; when it may not, answers and returns false. */
static bool take_url(struct sandbox *sandbox, struct exchange *exchange, const char *field,
                     struct str url, char ret_url[URL_SIZE])
{
    const char *word = url_refused_word(url);
    struct str message;

    if (word != NULL) {
        message = arena_format(exchange->arena, "Invalid %s - URL has the word %s", field, word);
        exchange_answer_error(sandbox, exchange, 400, "400.003.02",
                              message.data != NULL ? message.data : "Invalid URL");
        return false;
    }
    if (!url_is_callback(url, sandbox->options.allow_http) || !str_copy(url, ret_url, URL_SIZE)) {
        answer_wrong(sandbox, exchange, field);
        return false;
    }
    return true;
}

static bool read_registration(struct sandbox *sandbox, struct exchange *exchange,
                              const struct jread *root, struct c2b_registration *ret_registration)
{
    struct str type = jread_string(jread_member(root, "ResponseType"));
    struct str confirmation = jread_string(jread_member(root, "ConfirmationURL"));
    struct str validation = jread_string(jread_member(root, "ValidationURL"));

    ret_registration->completed_by_default = str_equal(type, STR("Completed"));
    if (!ret_registration->completed_by_default && !str_equal(type, STR("Cancelled"))) {
        answer_wrong(sandbox, exchange, "ResponseType");
        return false;
    }
    if (!take_url(sandbox, exchange, "ConfirmationURL", confirmation,
                  ret_registration->confirmation_url))
        return false;
    return validation.length == 0 || take_url(sandbox, exchange, "ValidationURL", validation,
                                              ret_registration->validation_url);
}

static void c2b_register(struct sandbox *sandbox, struct exchange *exchange,
                         enum c2b_version version)
{
    struct c2b_registration registration = {.registered = true, .version = version};
    const struct jread *root;
    struct merchant *merchant;

    if (!sandbox_oauth_check(sandbox, exchange, OAUTH_C2B) ||
        !exchange_read_json(sandbox, exchange, &root))
        return;
    merchant =
        merchants_by_any_code(&sandbox->merchants, jread_scalar(jread_member(root, "ShortCode")));
    if (merchant == NULL) {
        answer_wrong(sandbox, exchange, "ShortCode");
        return;
    }
    if (!read_registration(sandbox, exchange, root, &registration))
        return;
    if (sandbox->options.production_like && merchant->c2b.registered) {
        exchange_answer_error(sandbox, exchange, 500, "500.003.1001",
                              "Urls are already registered.");
        return;
    }
    merchant->c2b = registration;
    exchange_answer_accepted(sandbox, exchange, "Success");
}

void sandbox_c2b_register_v1(struct sandbox *sandbox, struct exchange *exchange)
{
    c2b_register(sandbox, exchange, C2B_V1);
}

void sandbox_c2b_register_v2(struct sandbox *sandbox, struct exchange *exchange)
{
    c2b_register(sandbox, exchange, C2B_V2);
}
