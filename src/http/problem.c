/* Refusals: see problem.h. */
#include "risiti/base/base.h"

#include "risiti/http/problem.h"

/* "urn:risiti:problem:" and the longest code. */
#define TYPE_SIZE 64
/* When the caller of problem_write has no better idea. */
#define RETRY_AFTER_SECONDS 2

void problem_add_field(struct problem *problem, struct str name, const char *message)
{
    if (problem->field_count < PROBLEM_FIELDS_MAX)
        problem->fields[problem->field_count++] = (struct problem_field){name, message};
}

static void headers_add(struct response *response, enum err err, unsigned retry_after_seconds)
{
    const struct err_info *info = err_info(err);

    if (info->status == 401)
        response_header_add(response, "WWW-Authenticate",
                            err == ERR_KEY_MISSING
                                ? STR("Bearer realm=\"risiti\"")
                                : STR("Bearer realm=\"risiti\", error=\"invalid_token\""));
    if (retry_after_seconds > 0)
        response_retry_after(response, retry_after_seconds);
    else if (info->retryable)
        response_retry_after(response, RETRY_AFTER_SECONDS);
}

static void type_write(struct jwrite *json, const char *code)
{
    char type[TYPE_SIZE];
    int length = snprintf(type, sizeof(type), "urn:risiti:problem:%s", code);

    ASSERT(length > 0 && (size_t)length < sizeof(type));
    jwrite_text(json, "type", type);
}

static void fields_write(struct jwrite *json, const struct problem *problem)
{
    if (problem->field_count == 0)
        return;
    jwrite_array_begin(json, "errors");
    for (size_t i = 0; i < problem->field_count; i++) {
        jwrite_object_begin(json, NULL);
        jwrite_str(json, "field", problem->fields[i].name);
        jwrite_text(json, "message", problem->fields[i].message);
        jwrite_object_end(json);
    }
    jwrite_array_end(json);
}

void problem_write(struct response *response, enum err err, const struct problem *problem)
{
    static const struct problem nothing_more = {.field_count = 0};
    const struct err_info *info = err_info(err);
    struct jwrite *json = &response->json;

    ASSERT(err != ERR_OK);
    if (problem == NULL)
        problem = &nothing_more;
    response_clear(response);
    response->status = info->status;
    response->content_type = "application/problem+json";
    headers_add(response, err, problem->retry_after_seconds);
    jwrite_object_begin(json, NULL);
    type_write(json, info->code);
    jwrite_text(json, "title", info->title);
    jwrite_int(json, "status", info->status);
    jwrite_str(json, "detail",
               problem->detail.length > 0 ? problem->detail : str_from(info->title));
    jwrite_text(json, "code", info->code);
    /* The title, not the detail: clients of the first version compare the sentence. */
    jwrite_text(json, err == ERR_ALREADY_CLAIMED ? "message" : "error", info->title);
    fields_write(json, problem);
    if (problem->extend != NULL)
        problem->extend(json, problem->context);
    jwrite_object_end(json);
}
