/* The client's address: see client.h. */
#include "risiti/base/base.h"

#include "client.h"

/* Proxies in a row; more are no honest chain. */
#define CLIENT_HOPS_MAX 32

#define IPV4_PREFIX 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
#define IPV4_PREFIX_BITS 96

static const struct config_networks all_networks = {
    .items = {{.prefix_bits = 0}},
    .count = 1,
};

/* Where the other end is this machine or a neighbour: a proxy, as likely as not. */
static const struct config_networks local_networks = {
    .items =
        {
            {{IPV4_PREFIX, 127}, IPV4_PREFIX_BITS + 8},
            {{IPV4_PREFIX, 10}, IPV4_PREFIX_BITS + 8},
            {{IPV4_PREFIX, 172, 16}, IPV4_PREFIX_BITS + 12},
            {{IPV4_PREFIX, 192, 168}, IPV4_PREFIX_BITS + 16},
            {{IPV4_PREFIX, 169, 254}, IPV4_PREFIX_BITS + 16},
            {{IPV4_PREFIX, 100, 64}, IPV4_PREFIX_BITS + 10},
            {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128},
            {{0xfc}, 7},
            {{0xfe, 0x80}, 10},
        },
    .count = 9,
};

static bool is_address(struct str text)
{
    return config_networks_contain(&all_networks, text);
}

static bool is_trusted(const struct config_networks *trusted, struct str address)
{
    return trusted != NULL && config_networks_contain(trusted, address);
}

/* The last address of X-Forwarded-For that is not trusted; the first one when all are. */
static struct str hop_find(struct str hops, const struct config_networks *trusted)
{
    for (int i = 0; i < CLIENT_HOPS_MAX; i++) {
        size_t start = hops.length;
        struct str hop;

        while (start > 0 && hops.data[start - 1] != ',')
            start--;
        hop = str_trim(str_skip(hops, start));
        /* "unknown" and the like: who was there cannot be told, nor who stood before. */
        if (!is_address(hop))
            return STR_EMPTY;
        if (start == 0 || !is_trusted(trusted, hop))
            return hop;
        hops.length = start - 1;
    }
    return STR_EMPTY;
}

struct str client_address(const struct environment *environment,
                          const struct config_networks *trusted)
{
    struct str remote = str_trim(environment->values[VARIABLE_REMOTE]);
    struct str hops = environment->values[VARIABLE_FORWARDED_FOR];
    bool is_forwarded = hops.data != NULL || environment->values[VARIABLE_FORWARDED].data != NULL ||
                        environment->values[VARIABLE_VIA].data != NULL;

    if (!is_address(remote))
        return STR_EMPTY;
    if (!is_forwarded)
        return remote;
    if (!is_trusted(trusted, remote))
        return config_networks_contain(&local_networks, remote) ? STR_EMPTY : remote;
    /* A trusted proxy that names nobody in X-Forwarded-For stands for somebody unknown. */
    return hops.data != NULL ? hop_find(hops, trusted) : STR_EMPTY;
}
