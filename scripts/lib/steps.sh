# shellcheck shell=bash
# The walk through the demo: each step says what happens, shows the request and the answer, and
# checks that the answer is the expected one. Needs common.sh and stack.sh; `dir` and BASE_URL.

step_count=0
if [ -t 1 ]; then
    bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
else
    bold='' dim='' plain=''
fi

# step TEXT: a heading.
step() {
    step_count=$((step_count + 1))
    printf '\n%s%d. %s%s\n' "$bold" "$step_count" "$1" "$plain"
}

explain() {
    printf '   %s\n' "$*"
}

# request EXPECTED METHOD PATH KEY [BODY]: shows and makes one request; KEY is API_KEY or API_KEY_2,
# or empty. A PATH that is a whole URL is asked elsewhere than at the service. The answer's body is
# in `answer`. Ends the demo when the status is not EXPECTED.
request() {
    local expected=$1 method=$2 url=$3 key=$4 body=${5-} status
    local arguments=(-X "$method")
    [ "${url#/}" = "$url" ] || url=$BASE_URL$url
    [ -z "$key" ] || arguments+=(-H "X-API-KEY: ${!key}")
    [ -z "$body" ] || arguments+=(-H 'Content-Type: application/json' -d "$body")
    printf '   %s$ curl -X %s "%s"' "$dim" "$method" "$url"
    [ -z "$key" ] || printf " -H \"X-API-KEY: \$%s\"" "$key"
    [ -z "$body" ] || printf " \\\\\n       -H 'Content-Type: application/json' -d '%s'" "$body"
    printf '%s\n' "$plain"
    status=$(curl -sS --max-time 30 -o "$dir/tmp/answer" -w '%{http_code}' "${arguments[@]}" \
        "$url") || die "no answer from $url"
    answer=$(cat "$dir/tmp/answer")
    printf '   HTTP %s\n' "$status"
    answer_show
    [ "$status" = "$expected" ] ||
        die "expected HTTP $expected; the logs are in $dir/log"
}

answer_show() {
    local pretty
    pretty=$(python3 -m json.tool --no-ensure-ascii <<<"$answer" 2>/dev/null) || pretty=$answer
    printf '   %s\n' "${pretty//$'\n'/$'\n'   }"
}

# expect NAME VALUE: a member of the last answer.
expect() {
    local value
    value=$(json_field "$1" <<<"$answer")
    [ "$value" = "$2" ] || die "expected $1 to be $2, not '$value'; the logs are in $dir/log"
}

steps_apps() {
    step "Two applications get their API keys: risiti app create"
    API_KEY=$(app_create "demo shop")
    API_KEY_2=$(app_create "demo school")
    [ -n "$API_KEY" ] && [ -n "$API_KEY_2" ] || die "the applications could not be created"
    explain "demo shop:   ${API_KEY:0:17}…"
    explain "demo school: ${API_KEY_2:0:17}…"
    explain "A key is shown once; the database keeps only its SHA-256."
}

# Whether the push with payment id $1 has its result.
push_is_settled() {
    curl -sS --max-time 10 -H "X-API-KEY: $API_KEY_2" \
        "$BASE_URL/api/payments/verify/?payment_id=$1" >"$dir/tmp/answer" &&
        [ "$(json_field status <"$dir/tmp/answer")" != PENDING ]
}

steps_stk() {
    local payment receipt
    step "demo school asks a customer for KES 250: an STK push to the phone."
    request 200 POST /api/stk-push/ API_KEY_2 \
        '{"phone_number":"0712345678","amount":250,"reference":"TERM-3","description":"Fees"}'
    expect status PENDING
    payment=$(json_field payment_id <<<"$answer")
    explain "The sandbox plays Safaricom: it has taken the push, and prompts the customer now."

    step "The customer types the PIN; Safaricom posts the result. demo school asks for it."
    wait_until 15 push_is_settled "$payment" ||
        die "no result of the push came; the logs are in $dir/log"
    request 200 GET "/api/payments/verify/?payment_id=$payment" API_KEY_2
    expect status SUCCESS
    expect claimable true
    receipt=$(json_field receipt <<<"$answer")

    step "It claims the payment; for the other application there is none."
    request 200 POST /api/payments/claim/ API_KEY_2 "{\"payment_id\":\"$payment\"}"
    request 404 POST /api/payments/claim/ API_KEY "{\"receipt\":\"$receipt\"}"

    step "A customer who cancels: the sandbox's amount for that is KES 9032."
    request 200 POST /api/stk-push/ API_KEY_2 \
        '{"phone_number":"0712345679","amount":9032,"reference":"TERM-4"}'
    payment=$(json_field payment_id <<<"$answer")
    wait_until 15 push_is_settled "$payment" ||
        die "no result of the push came; the logs are in $dir/log"
    request 200 GET "/api/payments/verify/?payment_id=$payment" API_KEY_2
    expect status FAILED
    expect paid false
}

steps_daraja() {
    local shown
    step "Safaricom is told where to post: risiti daraja register-urls"
    shown=$(risiti daraja register-urls "$SHORT_CODE" 2>>"$dir/log/setup.log") ||
        die "the URLs could not be registered: $shown"
    # The paths hold a secret that nobody else needs to know.
    sed -E 's/^/   /; s/[0-9a-f]{32}/…/' <<<"$shown"
    explain "Safaricom is risiti-sandbox at $SANDBOX_URL here."
}

steps_c2b() {
    local receipt
    step "A customer pays KES 150 at PayBill $SHORT_CODE with the phone's menu, account A7Q2M9."
    explain "No application asked for this payment: it lies under ADMIN_SHOP until claimed."
    request 200 POST "$SANDBOX_URL/_sandbox/c2b" '' \
        "{\"short_code\":\"$SHORT_CODE\",\"amount\":150,\"reference\":\"A7Q2M9\"}"
    receipt=$(json_field receipt <<<"$answer")
    explain "Safaricom has posted the confirmation; 200 says that it is committed to the database."

    step "demo shop asks whether the receipt that its customer typed is paid."
    request 200 GET "/api/payments/verify/?receipt=$receipt" API_KEY
    expect paid true
    expect claimable true
    explain "Paid, and nobody has used it yet. The phone number stays masked until it is claimed."

    step "demo shop claims it, and hands out the goods."
    request 200 POST /api/payments/claim/ API_KEY "{\"receipt\":\"$receipt\"}"

    step "The same receipt a second time: the customer shows it again next week."
    request 409 POST /api/payments/claim/ API_KEY "{\"receipt\":\"$receipt\"}"
    expect message "Payment already claimed"
    explain "One receipt pays once."

    step "The other application tries the receipt too."
    request 404 POST /api/payments/claim/ API_KEY_2 "{\"receipt\":\"$receipt\"}"
    request 200 GET "/api/payments/verify/?receipt=$receipt" API_KEY_2
    expect paid false
    explain "For demo school it does not exist: the answer is the one for a receipt that never was."
}
