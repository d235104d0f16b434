/* Tells Daraja where confirmations and validations go: see daraja.h. */
#include "risiti/base/base.h"

#include "risiti/daraja/daraja.h"

#include "call.h"

#include "risiti/base/buffer.h"
#include "risiti/base/jwrite.h"
#include "risiti/base/number.h"

#define SHORT_CODE_MAX 9999999

/* By daraja.c2b_version: v1, v2. */
static const char *const paths[] = {"/mpesa/c2b/v1/registerurl", "/mpesa/c2b/v2/registerurl"};

static enum err body_write(const struct config_short_code *short_code, struct str confirmation_url,
                           struct str validation_url, struct buffer *buffer)
{
    struct jwrite writer;
    uint64_t number;

    if (number_parse(str_from(short_code->store_number), 1, SHORT_CODE_MAX, &number) != ERR_OK)
        return ERR_CONFIG;
    jwrite_init(&writer, buffer);
    jwrite_object_begin(&writer, NULL);
    jwrite_int(&writer, "ShortCode", (int64_t)number);
    /* What M-Pesa does when validation does not answer in time. */
    jwrite_text(&writer, "ResponseType", short_code->reject_on_timeout ? "Cancelled" : "Completed");
    jwrite_str(&writer, "ConfirmationURL", confirmation_url);
    jwrite_str(&writer, "ValidationURL", validation_url);
    jwrite_object_end(&writer);
    return buffer->err == ERR_TOO_LARGE ? ERR_INVALID : buffer->err;
}

enum err daraja_c2b_register(struct daraja *daraja, struct arena *arena,
                             const struct config_short_code *short_code,
                             struct str confirmation_url, struct str validation_url,
                             struct daraja_answer *ret_answer)
{
    char memory[CALL_BODY_SIZE];
    struct buffer buffer;
    const struct jread *root;
    struct daraja_call call = {.once = true};
    enum err err;

    ASSERT((size_t)daraja->config->daraja_c2b_version < ARRAY_LENGTH(paths));
    call.path = paths[daraja->config->daraja_c2b_version];
    buffer_init_over(&buffer, memory, sizeof(memory));
    err = body_write(short_code, confirmation_url, validation_url, &buffer);
    if (err != ERR_OK) {
        *ret_answer = daraja_answer_not_sent("the registration cannot be written as a request");
        return err;
    }
    call.body = buffer_str(&buffer);
    err = daraja_call(daraja, arena, &call, &root, ret_answer);
    if (err != ERR_OK)
        return err;
    return ret_answer->reply == DARAJA_REPLY_ALREADY ? ERR_OK : daraja_answer_err(ret_answer);
}
