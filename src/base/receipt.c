/* M-Pesa receipts: see receipt.h. */
#include "risiti/base/base.h"

#include "risiti/base/receipt.h"

struct str receipt_normalise(struct arena *arena, struct str text)
{
    struct str trimmed = str_trim(text);
    char *receipt;

    if (trimmed.length < RECEIPT_LENGTH_MIN || trimmed.length > RECEIPT_LENGTH_MAX)
        return STR_EMPTY;
    receipt = arena_copy(arena, trimmed);
    if (receipt == NULL)
        return STR_EMPTY;
    for (size_t i = 0; i < trimmed.length; i++) {
        char byte = receipt[i];

        if (byte >= 'a' && byte <= 'z')
            receipt[i] = (char)(byte - ('a' - 'A'));
        else if (!((byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9')))
            return STR_EMPTY;
    }
    return (struct str){receipt, trimmed.length};
}
