/*
 * The keys of every [shortcode NUMBER] section, like base/config_keys.h: key, field of struct
 * config_short_code, kind, default, limits and one line of help. Included several times.
 */
#ifndef SHORT_CODE_KEY
#define SHORT_CODE_KEY(key, field, kind, fallback, min, max, unit, choices, help)
#endif

/* clang-format off */
SHORT_CODE_KEY(type, type, CONFIG_KIND_CHOICE, "paybill", 0, 0, "", "paybill|till",
    "what NUMBER is: a PayBill, or the till number that customers type")
SHORT_CODE_KEY(store_number, store_number, CONFIG_KIND_TEXT, "", 0, 0, "", "",
    "tills only, and needed there: the store (head office) number that went live")
SHORT_CODE_KEY(passkey, passkey, CONFIG_KIND_SECRET, "", 0, 0, "", "",
    "passkey of the short code, for pushes")
SHORT_CODE_KEY(default, is_default, CONFIG_KIND_BOOL, "no", 0, 0, "", "",
    "pushes go to this one; needed on exactly one when there are several short codes")
SHORT_CODE_KEY(amount_min, amount_min, CONFIG_KIND_SHILLINGS, "1", 1, 9999999, "shillings", "",
    "smallest amount, of pushes and of what validation accepts")
SHORT_CODE_KEY(amount_max, amount_max, CONFIG_KIND_SHILLINGS, "250000", 1, 9999999, "shillings", "",
    "largest amount, of pushes and of what validation accepts")
SHORT_CODE_KEY(account_pattern, account_pattern, CONFIG_KIND_TEXT, "", 0, 0, "", "",
    "POSIX extended expression that whole account references must match; empty: any")
SHORT_CODE_KEY(response_type, reject_on_timeout, CONFIG_KIND_SWITCH, "Completed", 0, 0, "",
    "Completed|Cancelled",
    "what Safaricom does when validation does not answer: take the money or refuse it")
/* clang-format on */

#undef SHORT_CODE_KEY
