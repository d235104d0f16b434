/* What Daraja answered to a call, in all the shapes that it has: see call.h. */
#include "risiti/base/base.h"

#include "call.h"

#include "risiti/daraja/text.h"

#define CODE_BYTES_MAX 64
#define MESSAGE_BYTES_MAX 255

/* Where code and text stand, by shape; the first shape that has either is taken. */
struct answer_shape {
    const char *code[4], *message[4];
};

static const struct answer_shape shapes[] = {
    {{"errorCode", NULL}, {"errorMessage", NULL}},
    {{"ResponseCode", NULL}, {"ResponseDescription", NULL}},
    {{"fault", "detail", "errorcode", NULL}, {"fault", "faultstring", NULL}},
};

static void shape_read(struct arena *arena, const struct jread *root, struct daraja_answer *answer)
{
    for (size_t i = 0; i < ARRAY_LENGTH(shapes); i++) {
        struct str code = jread_scalar(jread_path(root, shapes[i].code));
        struct str message = jread_string(jread_path(root, shapes[i].message));

        if (code.length == 0 && message.length == 0)
            continue;
        answer->code = text_clean(arena, code, CODE_BYTES_MAX);
        answer->message = text_clean(arena, message, MESSAGE_BYTES_MAX);
        return;
    }
}

/* A product that the app has not is told in plain text. */
static void plain_text_read(const struct http_client_answer *http, struct daraja_answer *answer)
{
    if (http->status == 401 && str_contains_nocase(http->body, STR("no apiproduct match")))
        answer->message = STR("Invalid API call as no apiproduct match found");
}

void daraja_answer_read(struct arena *arena, const struct http_client_answer *http,
                        const struct jread **ret_root, struct daraja_answer *ret_answer)
{
    struct daraja_answer answer = {.reply = DARAJA_REPLY_UNKNOWN,
                                   .status = http->status,
                                   .sent = http->outcome != HTTP_CLIENT_NOT_SENT,
                                   .why = http->why};
    const struct jread *root = NULL;
    const char *why;

    if (http->outcome == HTTP_CLIENT_ANSWERED) {
        if (jread_parse(arena, http->body, &root, &why) == ERR_OK &&
            jread_type(root) == JREAD_OBJECT) {
            answer.body = http->body;
            shape_read(arena, root, &answer);
        } else {
            root = NULL;
            plain_text_read(http, &answer);
        }
        answer.reply = daraja_reply_classify(answer.status, answer.code, answer.message);
    }
    if (answer.reply == DARAJA_REPLY_TOKEN) {
        /* Some of these texts repeat the token. */
        answer.message = STR("Invalid Access Token");
        answer.body = STR_EMPTY;
    }
    *ret_root = root;
    *ret_answer = answer;
}

void daraja_answer_doubt(struct daraja_answer *answer, const char *why)
{
    answer->reply = DARAJA_REPLY_UNKNOWN;
    answer->why = why;
}

struct daraja_answer daraja_answer_not_sent(const char *why)
{
    return (struct daraja_answer){.reply = DARAJA_REPLY_UNKNOWN, .why = why};
}

enum err daraja_answer_err(const struct daraja_answer *answer)
{
    switch (answer->reply) {
    case DARAJA_REPLY_ACCEPTED:
        return ERR_OK;
    case DARAJA_REPLY_TOKEN:
        return ERR_DARAJA_AUTH;
    case DARAJA_REPLY_LOCKED:
        return ERR_PUSH_LOCKED;
    case DARAJA_REPLY_REFUSED:
    case DARAJA_REPLY_BUSY:
        return ERR_PUSH_REFUSED;
    case DARAJA_REPLY_PENDING:
    case DARAJA_REPLY_ALREADY:
    case DARAJA_REPLY_UNKNOWN:
    default:
        return answer->sent ? ERR_PUSH_UNKNOWN : ERR_DARAJA_DOWN;
    }
}
