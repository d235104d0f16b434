/* Lists of IPv4 and IPv6 networks in the configuration: see config.h and config_rows.h. */
#include "risiti/base/base.h"

#include "risiti/base/config_rows.h"

#include <arpa/inet.h>

#include "risiti/base/number.h"

#define ADDRESS_BYTES 16
#define ADDRESS_BITS 128
#define IPV4_BITS 32
#define BYTE_BITS 8

/* ::ffff:0:0/96, where IPv4 addresses live. */
static const unsigned char mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* Either kind of address as 16 bytes. */
static bool address_parse(struct str text, unsigned char address[ADDRESS_BYTES], bool *ret_ipv4)
{
    char copy[INET6_ADDRSTRLEN];

    if (!str_copy(text, copy, sizeof(copy)))
        return false;
    *ret_ipv4 = inet_pton(AF_INET, copy, address + sizeof(mapped)) == 1;
    if (*ret_ipv4)
        memcpy(address, mapped, sizeof(mapped));
    return *ret_ipv4 || inet_pton(AF_INET6, copy, address) == 1;
}

/* Whether the two addresses agree in their first bits. */
static bool same_prefix(const unsigned char *a, const unsigned char *b, unsigned bits)
{
    unsigned bytes = bits / BYTE_BITS, rest = bits % BYTE_BITS;

    return memcmp(a, b, bytes) == 0 &&
           (rest == 0 || ((a[bytes] ^ b[bytes]) >> (BYTE_BITS - rest)) == 0);
}

/* Whether nothing but zeros stands behind the prefix: else a digit of it is probably wrong. */
static bool is_network(const struct config_network *network)
{
    for (unsigned bit = network->prefix_bits; bit < ADDRESS_BITS; bit++)
        if ((network->address[bit / BYTE_BITS] >> (BYTE_BITS - 1 - bit % BYTE_BITS) & 1) != 0)
            return false;
    return true;
}

/* "196.201.214.200", "10.0.0.0/8", "::1", "2001:db8::/32". */
static bool network_parse(struct str entry, struct config_network *ret_network)
{
    size_t slash = str_find(entry, '/');
    struct config_network network;
    uint64_t bits;
    bool ipv4;

    if (!address_parse(str_first(entry, slash), network.address, &ipv4))
        return false;
    bits = ipv4 ? IPV4_BITS : ADDRESS_BITS;
    if (slash < entry.length && number_parse(str_skip(entry, slash + 1), 0, bits, &bits) != ERR_OK)
        return false;
    network.prefix_bits = (unsigned)bits + (ipv4 ? ADDRESS_BITS - IPV4_BITS : 0);
    if (!is_network(&network))
        return false;
    *ret_network = network;
    return true;
}

/* The next entry of the list, which is cut off; empty at the end. */
static struct str next_entry(struct str *list)
{
    static const struct str separators = STR_INIT(", \t\r\n");
    size_t start = 0, length = 0;
    struct str entry;

    while (start < list->length && str_find(separators, list->data[start]) < separators.length)
        start++;
    entry = str_skip(*list, start);
    while (length < entry.length && str_find(separators, entry.data[length]) == separators.length)
        length++;
    *list = str_skip(entry, length);
    return str_first(entry, length);
}

enum err config_networks_parse(struct str list, struct config_networks *networks,
                               struct buffer *problem)
{
    struct str entry = next_entry(&list);

    for (; entry.length > 0; entry = next_entry(&list)) {
        if (networks->count == CONFIG_ADDRESSES_MAX) {
            buffer_format(problem, "more than %d addresses", CONFIG_ADDRESSES_MAX);
            return ERR_INVALID;
        }
        if (!network_parse(entry, &networks->items[networks->count])) {
            if (str_is_printable(entry) && entry.length < INET6_ADDRSTRLEN + 4)
                buffer_format(problem,
                              "\"%.*s\" is no address and no network with zeros behind "
                              "its prefix, such as 10.0.0.0/8 or ::1",
                              STR_ARG(entry));
            else
                buffer_append(problem, STR("an entry is no address"));
            return ERR_INVALID;
        }
        networks->count++;
    }
    return ERR_OK;
}

bool config_networks_contain(const struct config_networks *networks, struct str address)
{
    unsigned char bytes[ADDRESS_BYTES];
    bool ipv4;

    if (!address_parse(address, bytes, &ipv4))
        return false;
    for (size_t i = 0; i < networks->count; i++)
        if (same_prefix(networks->items[i].address, bytes, networks->items[i].prefix_bits))
            return true;
    return false;
}

/* Whether one of the two lies in the other. */
static bool overlap(const struct config_network *a, const struct config_network *b)
{
    return same_prefix(a->address, b->address,
                       a->prefix_bits < b->prefix_bits ? a->prefix_bits : b->prefix_bits);
}

static const struct config_network loopbacks[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 0}, ADDRESS_BITS - IPV4_BITS + 8},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, ADDRESS_BITS},
};

bool config_network_has_loopback(const struct config_network *network)
{
    for (size_t i = 0; i < ARRAY_LENGTH(loopbacks); i++)
        if (overlap(network, &loopbacks[i]))
            return true;
    return false;
}

bool config_host_is_loopback(struct str host)
{
    unsigned char bytes[ADDRESS_BYTES];
    bool ipv4;

    if (str_equal_nocase(host, STR("localhost")))
        return true;
    if (str_starts_with(host, STR("[")) && str_ends_with(host, STR("]")))
        host = str_first(str_skip(host, 1), host.length - 2);
    if (!address_parse(host, bytes, &ipv4))
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(loopbacks); i++)
        if (same_prefix(loopbacks[i].address, bytes, loopbacks[i].prefix_bits))
            return true;
    return false;
}
