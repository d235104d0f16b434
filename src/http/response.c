/* An answer under construction: see response.h. */
#include "risiti/base/base.h"

#include "risiti/http/response.h"

static const struct {
    unsigned status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

/* "Unknown" for numbers that we never send. */
static const char *reason_of(unsigned status)
{
    for (size_t i = 0; i < ARRAY_LENGTH(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Unknown";
}

/* Everything but the body's memory. */
static void response_reset(struct response *response)
{
    response->status = 200;
    response->content_type = "application/json";
    response->header_count = 0;
    response->retry_after[0] = '\0';
    jwrite_init(&response->json, &response->body);
}

void response_init(struct response *response)
{
    *response = (struct response){.status = 0};
    buffer_init(&response->body, RESPONSE_BODY_BYTES_MAX);
    response_reset(response);
}

void response_release(struct response *response)
{
    buffer_release(&response->body);
    response_reset(response);
}

void response_clear(struct response *response)
{
    buffer_clear(&response->body);
    response_reset(response);
}

static bool has_control(struct str text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
            return true;
    return false;
}

void response_header_add(struct response *response, const char *name, struct str value)
{
    if (has_control(value))
        return;
    ASSERT(response->header_count < RESPONSE_HEADERS_MAX);
    response->headers[response->header_count++] = (struct response_header){name, value};
}

void response_retry_after(struct response *response, unsigned seconds)
{
    int length = snprintf(response->retry_after, sizeof(response->retry_after), "%u", seconds);

    ASSERT(length > 0 && (size_t)length < sizeof(response->retry_after));
    response_header_add(response, "Retry-After", str_from(response->retry_after));
}

enum err response_serialize(const struct response *response, struct buffer *output)
{
    if (response->body.err != ERR_OK)
        return response->body.err;
    buffer_format(output, "Status: %u %s\r\nContent-Type: %s\r\n", response->status,
                  reason_of(response->status), response->content_type);
    for (size_t i = 0; i < response->header_count; i++) {
        buffer_append(output, str_from(response->headers[i].name));
        buffer_append(output, STR(": "));
        buffer_append(output, response->headers[i].value);
        buffer_append(output, STR("\r\n"));
    }
    buffer_format(output, "Content-Length: %zu\r\n", response->body.length);
    buffer_append(output, STR("Cache-Control: no-store\r\n"
                              "X-Content-Type-Options: nosniff\r\n"
                              "\r\n"));
    buffer_append(output, buffer_str(&response->body));
    return output->err;
}
