/* Requests and answers, what is common to all endpoints: see exchange.h. */
#include "risiti/base/base.h"

#include "risiti/sandbox/exchange.h"

#include "risiti/sandbox/sandbox.h"

void exchange_answer_json(struct exchange *exchange, unsigned status, struct jwrite *ret_writer)
{
    exchange->status = status;
    exchange->content_type = "application/json;charset=UTF-8";
    buffer_clear(&exchange->answer);
    jwrite_init(ret_writer, &exchange->answer);
}

void exchange_answer_text(struct exchange *exchange, unsigned status, const char *content_type,
                          struct str body)
{
    exchange->status = status;
    exchange->content_type = content_type;
    buffer_clear(&exchange->answer);
    buffer_append(&exchange->answer, body);
}

void exchange_answer_error(struct sandbox *sandbox, struct exchange *exchange, unsigned status,
                           const char *code, const char *message)
{
    struct jwrite writer;
    char request_id[IDS_REQUEST_SIZE];

    ids_request(&sandbox->ids, request_id);
    exchange->error = code;
    exchange_answer_json(exchange, status, &writer);
    jwrite_object_begin(&writer, NULL);
    jwrite_text(&writer, "requestId", request_id);
    jwrite_text(&writer, "errorCode", code);
    jwrite_text(&writer, "errorMessage", message);
    jwrite_object_end(&writer);
}

void exchange_answer_accepted(struct sandbox *sandbox, struct exchange *exchange,
                              const char *description)
{
    struct jwrite writer;
    char id[IDS_REQUEST_SIZE];

    ids_request(&sandbox->ids, id);
    exchange_answer_json(exchange, 200, &writer);
    jwrite_object_begin(&writer, NULL);
    jwrite_text(&writer, "OriginatorCoversationID", id); /* Daraja's spelling */
    jwrite_text(&writer, "ResponseCode", "0");
    jwrite_text(&writer, "ResponseDescription", description);
    jwrite_object_end(&writer);
}

void exchange_answer_invalid(struct sandbox *sandbox, struct exchange *exchange, const char *field)
{
    struct str message = arena_format(exchange->arena, "Bad Request - Invalid %s", field);

    exchange_answer_error(sandbox, exchange, 400, "400.002.02",
                          message.data != NULL ? message.data : "Bad Request");
}

void exchange_answer_busy(struct sandbox *sandbox, struct exchange *exchange)
{
    exchange_answer_error(sandbox, exchange, 500, "500.003.02", "System is busy");
}

static bool is_json_type(struct str content_type)
{
    return str_equal_nocase(str_trim(str_cut(&content_type, ';')), STR("application/json"));
}

bool exchange_read_object(struct sandbox *sandbox, struct exchange *exchange,
                          const struct jread **ret_root)
{
    const struct jread *root;
    const char *why;

    if (jread_parse(exchange->arena, exchange->body, &root, &why) != ERR_OK ||
        jread_type(root) != JREAD_OBJECT) {
        exchange_answer_error(sandbox, exchange, 400, "400.002.05", "Invalid Request Payload");
        return false;
    }
    *ret_root = root;
    return true;
}

bool exchange_read_json(struct sandbox *sandbox, struct exchange *exchange,
                        const struct jread **ret_root)
{
    /* A form is not refused as such by Daraja: it finds none of its fields in it. */
    if (!is_json_type(exchange_header(exchange, "Content-Type"))) {
        exchange_answer_invalid(sandbox, exchange, "BusinessShortCode");
        return false;
    }
    return exchange_read_object(sandbox, exchange, ret_root);
}
