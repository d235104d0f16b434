/* Sends a push: see daraja.h. */
#include "risiti/base/base.h"

#include "risiti/daraja/daraja.h"

#include "call.h"
#include "stk_body.h"

#include "risiti/base/buffer.h"
#include "risiti/base/clock.h"
#include "risiti/base/crypto.h"
#include "risiti/daraja/text.h"

#define PUSH_PATH "/mpesa/stkpush/v1/processrequest"
/* What the columns hold. A longer id could not be matched with its result. */
#define ID_BYTES_MAX 64

/* An acceptance without an id that results can be matched by is worth nothing. */
static bool accepted_read(struct arena *arena, const struct jread *root,
                          struct stk_push_accepted *ret_accepted)
{
    struct str id = str_trim(jread_string(jread_member(root, "CheckoutRequestID")));
    struct str merchant_id = jread_scalar(jread_member(root, "MerchantRequestID"));

    if (id.length == 0 || id.length > ID_BYTES_MAX || !str_is_printable(id))
        return false;
    *ret_accepted = (struct stk_push_accepted){
        .merchant_request_id = text_clean(arena, merchant_id, ID_BYTES_MAX),
        .checkout_request_id = id,
    };
    return true;
}

static enum err push_send(struct daraja *daraja, struct arena *arena, struct str body,
                          struct stk_push_accepted *ret_accepted, struct daraja_answer *ret_answer)
{
    struct daraja_call call = {.path = PUSH_PATH, .body = body, .once = true};
    const struct jread *root;
    enum err err = daraja_call(daraja, arena, &call, &root, ret_answer);

    if (err != ERR_OK)
        return err;
    if (ret_answer->reply == DARAJA_REPLY_ACCEPTED && !accepted_read(arena, root, ret_accepted))
        daraja_answer_doubt(ret_answer, "accepted without a usable CheckoutRequestID");
    return daraja_answer_err(ret_answer);
}

enum err daraja_stk_push(struct daraja *daraja, struct arena *arena, const struct stk_push *push,
                         struct stk_push_accepted *ret_accepted, struct daraja_answer *ret_answer)
{
    char memory[CALL_BODY_SIZE];
    struct buffer buffer;
    enum err err;

    buffer_init_over(&buffer, memory, sizeof(memory));
    err = stk_push_body(push, clock_now_us(), arena, &buffer);
    if (err == ERR_OK)
        err = push_send(daraja, arena, buffer_str(&buffer), ret_accepted, ret_answer);
    else
        *ret_answer = daraja_answer_not_sent("the push cannot be written as a request");
    crypto_wipe(memory, sizeof(memory));
    return err;
}
