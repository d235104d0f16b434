/* Asks how a push ended: see daraja.h. */
#include "risiti/base/base.h"

#include "risiti/daraja/daraja.h"

#include "call.h"
#include "stk_body.h"

#include "risiti/base/buffer.h"
#include "risiti/base/clock.h"
#include "risiti/base/crypto.h"
#include "risiti/daraja/text.h"

#define QUERY_PATH "/mpesa/stkpushquery/v1/query"
#define CODE_BYTES_MAX 32
#define DESCRIPTION_BYTES_MAX 255

/* Without a result code the push is still under way. */
static struct stk_query_result result_read(struct arena *arena, const struct jread *root)
{
    struct str code = jread_scalar(jread_member(root, "ResultCode"));
    struct str description = jread_string(jread_member(root, "ResultDesc"));
    struct stk_query_result result = {
        .result_code = text_clean(arena, code, CODE_BYTES_MAX),
        .result_description = text_clean(arena, description, DESCRIPTION_BYTES_MAX),
    };

    result.verdict = stk_code_verdict(result.result_code, STK_SOURCE_QUERY);
    return result;
}

static bool is_about(const struct jread *root, struct str checkout_request_id)
{
    struct str id = jread_string(jread_member(root, "CheckoutRequestID"));

    return id.length == 0 || str_equal(str_trim(id), checkout_request_id);
}

static enum err query_send(struct daraja *daraja, struct arena *arena, struct str body,
                           struct str checkout_request_id, struct stk_query_result *ret_result,
                           struct daraja_answer *ret_answer)
{
    struct daraja_call call = {.path = QUERY_PATH, .body = body};
    const struct jread *root;
    enum err err = daraja_call(daraja, arena, &call, &root, ret_answer);

    if (err != ERR_OK)
        return err;
    if (ret_answer->reply == DARAJA_REPLY_PENDING) {
        *ret_result = (struct stk_query_result){.result_description = ret_answer->message,
                                                .verdict = STK_VERDICT_PENDING};
        return ERR_OK;
    }
    if (ret_answer->reply == DARAJA_REPLY_ACCEPTED && !is_about(root, checkout_request_id))
        daraja_answer_doubt(ret_answer, "the answer is about another push");
    err = daraja_answer_err(ret_answer);
    if (err == ERR_OK)
        *ret_result = result_read(arena, root);
    return err;
}

enum err daraja_stk_query(struct daraja *daraja, struct arena *arena,
                          const struct config_short_code *short_code,
                          struct str checkout_request_id, struct stk_query_result *ret_result,
                          struct daraja_answer *ret_answer)
{
    char memory[CALL_BODY_SIZE];
    struct buffer buffer;
    enum err err;

    buffer_init_over(&buffer, memory, sizeof(memory));
    err = stk_query_body(short_code, checkout_request_id, clock_now_us(), arena, &buffer);
    if (err == ERR_OK)
        err = query_send(daraja, arena, buffer_str(&buffer), checkout_request_id, ret_result,
                         ret_answer);
    else
        *ret_answer = daraja_answer_not_sent("the query cannot be written as a request");
    crypto_wipe(memory, sizeof(memory));
    return err;
}
