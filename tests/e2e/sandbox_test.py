#!/usr/bin/env python3
"""Walks every endpoint of risiti-sandbox over HTTP, with a receiver for its callbacks; prints TAP.

usage: sandbox_test.py PROGRAM MANUAL
"""
import hashlib
import http.client
import json
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

from lib.receiver import Receiver
from lib.sandbox import TIMEOUT_S, Sandbox, error_of, now, password

PROCESS, QUERY = "/mpesa/stkpush/v1/processrequest", "/mpesa/stkpushquery/v1/query"
TESTS = []


def test(function):
    """Puts a function into the list; its name is the test's."""
    TESTS.append(function)
    return function


_phones = iter(range(254710000000, 254719999999))
_paths = iter(range(1_000_000))


def push_body(**changes):
    """A push that would be accepted, to a phone that no other test uses."""
    when, phone = changes.pop("when", now()), next(_phones)
    code = str(changes.get("BusinessShortCode", 600111))
    body = {"BusinessShortCode": 600111, "Password": password(code, when), "Timestamp": when,
            "TransactionType": "CustomerPayBillOnline", "Amount": 150, "PartyA": phone,
            "PartyB": 600111, "PhoneNumber": phone, "CallBackURL": f"{RECEIVER.url}/stk",
            "AccountReference": "A7Q2M9", "TransactionDesc": "Order A7Q2M9"}
    body.update(changes)
    return {name: value for name, value in body.items() if value is not None}


def push(sandbox, **changes):
    """Pushes to a path of its own; (answer, path)."""
    path = f"/stk/{next(_paths)}"
    changes.setdefault("CallBackURL", RECEIVER.url + path)
    return sandbox.post(PROCESS, push_body(**changes)), path


def result_of(text):
    """The stkCallback of a result, its metadata by name, numbers as their text."""
    callback = json.loads(text, parse_float=str, parse_int=str)["Body"]["stkCallback"]
    items = callback.get("CallbackMetadata", {}).get("Item", [])
    return callback, {item["Name"]: item.get("Value") for item in items}


def query(sandbox, checkout, **changes):
    when = now()
    body = {"BusinessShortCode": "600111", "Timestamp": when, "Password": password(when=when),
            "CheckoutRequestID": checkout}
    body.update(changes)
    return sandbox.post(QUERY, body)


def settled_query(sandbox, checkout):
    """The first answer of a query after the prompt has ended."""
    deadline = time.monotonic() + TIMEOUT_S
    while sandbox.payment(checkout)["status"] == "PENDING":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return query(sandbox, checkout)


def wait_quiet(sandbox):
    """Until nothing more is going to happen."""
    deadline = time.monotonic() + TIMEOUT_S
    while json.loads(sandbox.call("GET", "/_sandbox/state")[1])["waiting"] > 0:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def register(sandbox, version="v2", code="600111", **changes):
    """Registers URLs of their own; (answer, confirmation path, validation path)."""
    base = f"/hooks/{next(_paths)}"
    body = {"ShortCode": code, "ResponseType": "Completed",
            "ConfirmationURL": RECEIVER.url + base + "/confirmation",
            "ValidationURL": RECEIVER.url + base + "/validation"}
    body.update(changes)
    return (sandbox.post(f"/mpesa/c2b/{version}/registerurl", body), base + "/confirmation",
            base + "/validation")


def simulate(sandbox, version="v2", **changes):
    body = {"ShortCode": "600111", "CommandID": "CustomerPayBillOnline", "Amount": 150,
            "Msisdn": "254712345678", "BillRefNumber": "a7q2m9"}
    body.update(changes)
    return sandbox.post(f"/mpesa/c2b/{version}/simulate", body)


# ---- OAuth and paths ----

@test
def a_token_is_given_and_replaces_the_one_before(sandbox):
    status, text = sandbox.renew()
    first = json.loads(text)
    assert status == 200 and first["expires_in"] == "3599" and len(first["access_token"]) == 28
    second = json.loads(sandbox.renew()[1])["access_token"]
    sandbox.token = second
    assert error_of(sandbox.post(PROCESS, push_body(), first["access_token"])) == (
        404, "404.001.03", "Invalid Access Token")
    assert sandbox.post(PROCESS, push_body())[0] == 200


@test
def wrong_credentials_are_400_without_a_body(sandbox):
    assert sandbox.renew(secret="guess") == (400, "")
    assert sandbox.renew(key="guess") == (400, "")
    none = sandbox.call("GET", "/oauth/v1/generate?grant_type=client_credentials")
    assert none[0] == 400 and json.loads(none[1])["errorCode"] == "400.008.01"
    wrong = sandbox.renew(query="password")
    assert wrong[0] == 400 and json.loads(wrong[1])["errorCode"] == "400.008.02"


@test
def unknown_paths_and_methods_have_daraja_s_errors(sandbox):
    status, text = sandbox.call("GET", "/mpesa/b2c/v3/paymentrequest")
    assert error_of((status, json.loads(text)))[:2] == (404, "404.001.01")
    status, text = sandbox.call("GET", PROCESS)
    assert error_of((status, json.loads(text)))[:2] == (405, "405.001")
    status, text = sandbox.call("DELETE", "/_sandbox/payments")
    assert error_of((status, json.loads(text)))[:2] == (405, "405.001")


@test
def a_body_above_64_kib_is_refused(sandbox):
    status, _ = sandbox.call("POST", PROCESS, "x" * 65537)
    assert status == 413
    status, text = sandbox.call("POST", "/_sandbox/c2b", " " * 65536)
    assert status == 400 and "400.002.05" in text


# ---- pushes ----

@test
def an_accepted_push_is_paid_in_the_real_shape(sandbox):
    (status, answer), path = push(sandbox, PhoneNumber=254722000111, PartyA=254722000111)
    assert status == 200 and answer["ResponseCode"] == "0"
    checkout = answer["CheckoutRequestID"]
    assert re.fullmatch(r"ws_CO_[0-9]{17}722000111", checkout), checkout
    assert re.fullmatch(r"[0-9a-f]{4}(-[0-9a-f]{4}){2}-[0-9a-f]{18}", answer["MerchantRequestID"])
    text = RECEIVER.wait(path)[0]
    callback, items = result_of(text)
    assert callback["ResultCode"] == "0" and callback["CheckoutRequestID"] == checkout
    assert callback["MerchantRequestID"] == answer["MerchantRequestID"]
    assert '"Value":150.00}' in text and items["PhoneNumber"] == "254722000111"
    assert re.fullmatch(r"[A-Z][A-L][1-9A-V][0-9A-Z]{7}", items["MpesaReceiptNumber"])
    assert re.fullmatch(r"20[0-9]{12}", items["TransactionDate"])
    assert '"Value":"' + items["MpesaReceiptNumber"] in text and '"254722000111"' not in text
    assert sandbox.payment(checkout) == {
        "receipt": items["MpesaReceiptNumber"], "checkout_request_id": checkout, "kind": "STK",
        "amount": 150, "phone": "254722000111", "short_code": "600111", "reference": "A7Q2M9",
        "status": "SUCCESS"}


@test
def wrong_fields_are_named(sandbox):
    for field, value in (
            ("BusinessShortCode", "12"), ("Timestamp", "2026"), ("Password", ""),
            ("TransactionType", "CustomerPaybillOnline"), ("Amount", 0), ("Amount", "1.5"),
            ("Amount", 250001), ("PartyA", "0712345678"), ("PhoneNumber", "254212345678"),
            ("PhoneNumber", None), ("PartyB", None), ("CallBackURL", "http://example.com/x"),
            ("CallBackURL", RECEIVER.url + "/with space"), ("CallBackURL", None),
            ("AccountReference", "A" * 13), ("AccountReference", ""),
            ("TransactionDesc", "D" * 14)):
        answer = sandbox.post(PROCESS, push_body(**{field: value}))
        assert error_of(answer) == (400, "400.002.02", f"Bad Request - Invalid {field}"), answer
    assert sandbox.post(PROCESS, push_body(TransactionDesc=None, Amount="150"))[0] == 200


@test
def bodies_that_are_not_json_are_refused(sandbox):
    assert error_of(sandbox.post(PROCESS, "{"))[:2] == (400, "400.002.05")
    status, text = sandbox.call("POST", PROCESS, "Amount=1", {
        "Authorization": "Bearer " + sandbox.token,
        "Content-Type": "application/x-www-form-urlencoded"})
    assert status == 400 and "Invalid BusinessShortCode" in text


@test
def wrong_passwords_and_short_codes_are_told_apart(sandbox):
    wrong = (500, "500.001.1001", "[MerchantValidate] - Wrong credentials")
    assert error_of(sandbox.post(PROCESS, push_body(Password="bm9uZQ=="))) == wrong
    assert error_of(sandbox.post(PROCESS, push_body(when=now(-25 * 3600)))) == wrong
    assert error_of(sandbox.post(PROCESS, push_body(Timestamp=now(-60)))) == wrong
    unknown = sandbox.post(PROCESS, push_body(BusinessShortCode="600112"))
    assert error_of(unknown) == (500, "500.001.1001", "Merchant does not exist")
    till = sandbox.post(PROCESS, push_body(BusinessShortCode="600222"))
    assert error_of(till) == (500, "500.001.1001", "Merchant does not exist")


@test
def a_till_is_pushed_by_its_store_number(sandbox):
    till = {"BusinessShortCode": 600333, "PartyB": 600222,
            "TransactionType": "CustomerBuyGoodsOnline"}
    answer, path = push(sandbox, **till)
    assert result_of(RECEIVER.wait(path)[0])[0]["ResultCode"] == "0"
    assert sandbox.payment(answer[1]["CheckoutRequestID"])["short_code"] == "600222"
    _, path = push(sandbox, **{**till, "PartyB": 600333})
    assert '"ResultCode":"SFC_IC0003"' in RECEIVER.wait(path)[0]
    _, path = push(sandbox, **{**till, "TransactionType": "CustomerPayBillOnline"})
    assert '"ResultCode":2028' in RECEIVER.wait(path)[0]


@test
def a_phone_has_one_open_prompt(_):
    sandbox = Sandbox("--allow-http", "--delay-ms", "2000")
    first, path = push(sandbox, PhoneNumber=254722000222)
    second, _ = push(sandbox, PhoneNumber=254722000222)
    assert first[0] == 200
    assert error_of(second)[:2] == (500, "500.001.1001")
    assert "Unable to lock subscriber" in second[1]["errorMessage"]
    RECEIVER.wait(path)
    assert push(sandbox, PhoneNumber=254722000222)[0][0] == 200
    assert sandbox.stop()[0] == 0


@test
def amounts_and_phones_choose_the_result(sandbox):
    cases = [({"Amount": 9000 + tail}, code) for tail, code in (
        (1, 1), (17, 17), (19, 1019), (20, 2001), (25, 1025), (32, 1032), (37, 1037), (88, 7777))]
    cases += [({"PhoneNumber": 254700000000 + tail}, code) for tail, code in (
        (1, 1032), (2, 1037), (3, 1), (4, 2001))]
    pushes = [(push(sandbox, **changes), code) for changes, code in cases]
    for (answer, path), code in pushes:
        callback, items = result_of(RECEIVER.wait(path)[0])
        assert callback["ResultCode"] == str(code) and callback["ResultDesc"], callback
        assert items == {} and "CallbackMetadata" not in callback
        asked = query(sandbox, answer[1]["CheckoutRequestID"])
        assert asked[0] == 200 and asked[1]["ResultCode"] == str(code), asked
        payment = sandbox.payment(answer[1]["CheckoutRequestID"])
        assert payment["status"] == "FAILED" and payment["receipt"] is None


@test
def pushes_are_refused_in_daraja_s_many_ways(sandbox):
    before = len(sandbox.payments())
    assert push(sandbox, Amount=9094)[0][0] == 403 and "<html>" in push(sandbox, Amount=9094)[0][1]
    status, body = push(sandbox, Amount=9092)[0]
    assert status == 500 and body["Envelope"]["Body"]["Fault"]["faultcode"] == "soap:Server"
    assert error_of(push(sandbox, Amount=9090)[0])[:2] == (500, "500.003.02")
    assert "lock subscriber" in error_of(push(sandbox, Amount=9089)[0])[2]
    assert "lock subscriber" in error_of(push(sandbox, PhoneNumber=254700000006)[0])[2]
    assert error_of(push(sandbox, Amount=9084)[0])[:2] == (200, "400.002.02")
    assert push(sandbox, Amount=9085)[0] == (500, "")
    assert len(sandbox.payments()) == before


@test
def a_push_without_an_answer_is_paid_all_the_same(sandbox):
    answer, path = push(sandbox, Amount=9091)
    assert answer is None
    assert result_of(RECEIVER.wait(path)[0])[1]["Amount"] == "9091.00"
    answer, path = push(sandbox, Amount=9093)
    assert answer == (500, "")
    assert result_of(RECEIVER.wait(path)[0])[0]["ResultCode"] == "0"


@test
def results_come_twice_early_never_or_late(sandbox):
    twice, never = push(sandbox, Amount=9096), push(sandbox, Amount=9097)
    late, lost = push(sandbox, Amount=9098), push(sandbox, PhoneNumber=254700000005)
    slow_s = time.monotonic()
    slow = push(sandbox, Amount=9099)
    assert 2.9 < time.monotonic() - slow_s < 6
    assert RECEIVER.bodies(slow[1]) == []
    early = push(sandbox, Amount=9095)
    assert early[0][0] == 200 and len(RECEIVER.bodies(early[1])) == 1
    one, other = RECEIVER.wait(twice[1], 2)
    assert one == other
    assert RECEIVER.bodies(never[1]) == [] and RECEIVER.bodies(lost[1]) == []
    assert settled_query(sandbox, never[0][1]["CheckoutRequestID"])[1]["ResultCode"] == "0"
    RECEIVER.wait(late[1])
    RECEIVER.wait(slow[1])


@test
def another_amount_than_asked_can_be_paid(sandbox):
    answer, path = push(sandbox, Amount=9086)
    assert result_of(RECEIVER.wait(path)[0])[1]["Amount"] == "9085.00"
    assert sandbox.payment(answer[1]["CheckoutRequestID"])["amount"] == 9085


@test
def queries_say_pending_in_two_ways_and_then_the_result(_):
    sandbox = Sandbox("--allow-http", "--delay-ms", "2000")
    answer, path = push(sandbox)
    checkout = answer[1]["CheckoutRequestID"]
    assert error_of(query(sandbox, checkout)) == (
        500, "500.001.1001", "The transaction is being processed")
    assert query(sandbox, checkout)[1]["ResultCode"] == "4999"
    RECEIVER.wait(path)
    status, body = query(sandbox, checkout)
    assert status == 200 and body["ResponseCode"] == "0" and body["ResultCode"] == "0"
    assert body["MerchantRequestID"] == answer[1]["MerchantRequestID"]
    assert "MpesaReceiptNumber" not in body and len(body) == 6
    early = push(sandbox, Amount=9072)[0][1]["CheckoutRequestID"]
    assert query(sandbox, early)[1]["ResultCode"] == "1037"
    assert settled_query(sandbox, early)[1]["ResultCode"] == "0"
    assert sandbox.stop()[0] == 0


@test
def the_first_two_queries_of_9087_say_4999(sandbox):
    checkout = push(sandbox, Amount=9087)[0][1]["CheckoutRequestID"]
    assert settled_query(sandbox, checkout)[1]["ResultCode"] == "4999"
    assert query(sandbox, checkout)[1]["ResultCode"] == "4999"
    assert query(sandbox, checkout)[1]["ResultCode"] == "0"


@test
def queries_need_a_known_id_and_its_short_code(sandbox):
    checkout = push(sandbox)[0][1]["CheckoutRequestID"]
    wrong = (400, "400.002.02", "Bad Request - Invalid CheckoutRequestID")
    assert error_of(query(sandbox, "ws_CO_23112026141503127712345678")) == wrong
    assert error_of(query(sandbox, "")) == wrong
    when = now()
    assert error_of(query(sandbox, checkout, BusinessShortCode="600333", Timestamp=when,
                          Password=password("600333", when))) == wrong
    assert error_of(query(sandbox, checkout, Password="bm9uZQ=="))[2].endswith("Wrong credentials")


@test
def sixty_four_pushes_do_not_wait_for_each_other(sandbox):
    RECEIVER.delay_s = 0.5
    started = time.monotonic()
    results = []
    workers = [threading.Thread(target=lambda: results.append(push(sandbox))) for _ in range(64)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for answer, path in results:
        assert answer[0] == 200
        RECEIVER.wait(path)
    RECEIVER.delay_s = 0
    assert time.monotonic() - started < 6
    assert len({answer[1]["CheckoutRequestID"] for answer, _ in results}) == 64


# ---- C2B ----

@test
def urls_are_registered_and_checked(sandbox):
    answer = register(sandbox)[0]
    assert answer[0] == 200 and answer[1]["ResponseCode"] == "0"
    assert set(answer[1]) == {"OriginatorCoversationID", "ResponseCode", "ResponseDescription"}
    for changes, message in (
            ({"ResponseType": "completed"}, "Bad Request - Invalid ResponseType"),
            ({"ShortCode": "600999"}, "Bad Request - Invalid ShortCode"),
            ({"ConfirmationURL": "http://example.com/x"}, "Bad Request - Invalid ConfirmationURL"),
            ({"ConfirmationURL": "https://a.co.ke/Mpesa/c"},
             "Invalid ConfirmationURL - URL has the word MPESA"),
            ({"ValidationURL": "https://a.co.ke/v?q=SQL"},
             "Invalid ValidationURL - URL has the word SQL")):
        assert error_of(register(sandbox, **changes)[0]) == (400, "400.003.02", message)
    assert error_of(sandbox.post("/mpesa/c2b/v2/registerurl", {}, "none"))[:2] == (
        400, "400.003.01")


@test
def a_simulated_paybill_payment_is_confirmed(sandbox):
    _, path, _ = register(sandbox)
    answer = simulate(sandbox)
    assert answer[0] == 200 and answer[1]["ResponseCode"] == "0", answer
    body = json.loads(RECEIVER.wait(path)[0])
    assert all(isinstance(value, str) for value in body.values())
    assert list(body) == [
        "TransactionType", "TransID", "TransTime", "TransAmount", "BusinessShortCode",
        "BillRefNumber", "InvoiceNumber", "OrgAccountBalance", "ThirdPartyTransID", "MSISDN",
        "FirstName", "MiddleName", "LastName"]
    assert body["TransactionType"] == "Pay Bill" and body["TransAmount"] == "150.00"
    assert body["BillRefNumber"] == "a7q2m9" and body["BusinessShortCode"] == "600111"
    assert body["MSISDN"] == "2547 ***** 678" and body["OrgAccountBalance"].endswith(".00")
    assert [row["status"] for row in sandbox.payments() if row["receipt"] == body["TransID"]] == [
        "SUCCESS"]


@test
def v1_shows_the_payer_as_a_hash_and_tills_have_no_account(sandbox):
    _, path, _ = register(sandbox, "v1", "600222")
    simulate(sandbox, "v1", ShortCode="600222", CommandID="CustomerBuyGoodsOnline",
             BillRefNumber=None)
    body = json.loads(RECEIVER.wait(path)[0])
    assert body["MSISDN"] == hashlib.sha256(b"254712345678").hexdigest()
    assert body["TransactionType"] == "Customer Merchant Payment" and body["BillRefNumber"] == ""
    assert "LastName" not in body and body["BusinessShortCode"] == "600222"


@test
def wrong_simulations_are_refused(sandbox):
    for field, value in (("ShortCode", "600999"), ("CommandID", "CustomerBuyGoodsOnline"),
                         ("Amount", "0"), ("Msisdn", "0712345678"), ("BillRefNumber", "")):
        answer = simulate(sandbox, **{field: value})
        assert error_of(answer) == (400, "400.002.02", f"Bad Request - Invalid {field}")


@test
def confirmations_are_injected_as_asked(sandbox):
    _, path, _ = register(sandbox)
    status, text = sandbox.call("POST", "/_sandbox/c2b", {
        "short_code": "999999", "amount": "10.50", "phone": "0712345678", "copies": 3,
        "msisdn_form": "plain", "transaction_type": "Buy Goods", "reference": " a7 ",
        "receipt": "UKN4X7Q2LB", "time": "20261123141527", "names": "none"})
    assert status == 200 and json.loads(text) == {
        "receipt": "UKN4X7Q2LB", "answers": [200, 200, 200]}
    bodies = RECEIVER.bodies(path)
    assert len(bodies) == 3 and len(set(bodies)) == 1
    body = json.loads(bodies[0])
    assert body["TransAmount"] == "10.50" and body["BusinessShortCode"] == "999999"
    assert body["MSISDN"] == "254712345678" and body["TransactionType"] == "Buy Goods"
    assert body["BillRefNumber"] == " a7 " and body["TransTime"] == "20261123141527"
    assert "FirstName" not in body
    booked = [row for row in sandbox.payments() if row["receipt"] == "UKN4X7Q2LB"]
    assert len(booked) == 1 and booked[0]["amount"] == 10.5 and booked[0]["kind"] == "C2B"


@test
def injections_tell_what_the_receiver_answered(sandbox):
    path = f"/hooks/{next(_paths)}/down"
    RECEIVER.answers[path] = (503, "")
    wanted = {"short_code": "600111", "amount": 5, "url": RECEIVER.url + path}
    status, text = sandbox.call("POST", "/_sandbox/c2b", wanted)
    answer = json.loads(text)
    assert status == 200 and answer["answers"] == [503], text
    again = {**wanted, "receipt": answer["receipt"], "url": "http://127.0.0.1:9/"}
    assert json.loads(sandbox.call("POST", "/_sandbox/c2b", again)[1])["answers"] == [0]
    booked = [row for row in sandbox.payments() if row["receipt"] == answer["receipt"]]
    assert len(booked) == 1
    for wrong in ({"amount": 1}, {"short_code": "600111"}, {**wanted, "copies": 101},
                  {**wanted, "colour": "red"}, {**wanted, "msisdn_form": "upside"}):
        assert sandbox.call("POST", "/_sandbox/c2b", wrong)[0] == 400, wrong


# ---- faults ----

@test
def faults_are_shown_as_they_were_set(sandbox):
    rates = {"seed": 7, "token_invalid": 1, "stk_500": 2, "callback_lost": 3,
             "callback_duplicate": 4, "callback_before_answer": 5}
    sandbox.faults(**rates)
    shown = json.loads(sandbox.call("GET", "/_sandbox/faults")[1])
    assert rates.items() <= shown.items() and sum(shown.values()) == sum(rates.values())
    for wrong in ({"colour": 1}, {"stk_500": 101}, {"stk_500": 0.5}, {"stk_500": "5"}, []):
        assert sandbox.call("PUT", "/_sandbox/faults", wrong)[0] == 400, wrong
    assert json.loads(sandbox.call("GET", "/_sandbox/faults")[1]) == shown
    sandbox.faults()
    assert set(json.loads(sandbox.call("GET", "/_sandbox/faults")[1]).values()) == {0}


@test
def faults_come_at_their_rates(sandbox):
    sandbox.faults(token_invalid=100)
    assert error_of(push(sandbox)[0])[1] == "404.001.03"
    sandbox.faults()
    assert error_of(push(sandbox)[0])[1] == "404.001.03", "the token was ended"
    sandbox.token = None
    sandbox.faults(callback_lost=100)
    lost = push(sandbox)
    settled_query(sandbox, lost[0][1]["CheckoutRequestID"])
    sandbox.faults(callback_duplicate=100)
    RECEIVER.wait(push(sandbox)[1], 2)
    sandbox.faults(callback_before_answer=100)
    assert len(RECEIVER.bodies(push(sandbox)[1])) == 1
    assert RECEIVER.bodies(lost[1]) == []
    before = len(sandbox.payments())
    sandbox.faults(seed=7, stk_500=100)
    pushes = [push(sandbox) for _ in range(20)]
    assert all(answer == (500, "") for answer, _ in pushes)
    assert 0 < len(sandbox.payments()) - before < 20
    sandbox.faults()


@test
def the_same_pushes_meet_the_same_faults_in_any_order(sandbox):
    phones = [next(_phones) for _ in range(30)]

    def fates(order, seed):
        sandbox.faults(seed=seed, stk_403=30, stk_503=30)
        return {phone: push(sandbox, PhoneNumber=phone, Amount=77)[0][0] for phone in order}

    first = fates(phones, 7)
    wait_quiet(sandbox)
    second = fates(reversed(phones), 7)
    wait_quiet(sandbox)
    assert set(first.values()) == {200, 403, 503} and first == second
    assert fates(phones, 8) != first
    sandbox.faults()


@test
def answers_of_pushes_and_queries_go_wrong_at_their_rates(sandbox):
    for fault, status in (("stk_403", 403), ("stk_503", 503), ("stk_soap", 500)):
        sandbox.faults(**{fault: 100})
        assert push(sandbox)[0][0] == status, fault
    sandbox.faults(stk_cut=100)
    answer, path = push(sandbox)
    assert answer is None and result_of(RECEIVER.wait(path)[0])[1]["MpesaReceiptNumber"]
    sandbox.faults()
    checkout = push(sandbox)[0][1]["CheckoutRequestID"]
    assert settled_query(sandbox, checkout)[1]["ResultCode"] == "0"
    for fault, code in (("query_pending", "4999"), ("query_disagrees", "1032")):
        sandbox.faults(**{fault: 100})
        assert query(sandbox, checkout)[1]["ResultCode"] == code
    sandbox.faults(query_403=100)
    assert query(sandbox, checkout)[0] == 403
    sandbox.faults()


@test
def twins_come_before_and_after_with_every_form_of_payer(sandbox):
    _, path, _ = register(sandbox)
    phone = "254712345678"
    digest = hashlib.sha256(phone.encode()).hexdigest()
    for count, (fault, payer) in enumerate((
            ("payer_plain", phone), ("payer_hashed", digest),
            ("payer_hash_masked", f"{digest[:4]} ***** {digest[-3:]}")), 1):
        sandbox.faults(**{fault: 100})
        simulate(sandbox)
        assert json.loads(RECEIVER.wait(path, count)[-1])["MSISDN"] == payer
    sandbox.faults(twin=100, twin_before=100)
    result = push(sandbox)[1]
    RECEIVER.wait(path, 4)
    assert RECEIVER.bodies(result) == [] and RECEIVER.wait(result)
    sandbox.faults(twin=100, callback_late=100, result_lost=100)
    push(sandbox)
    assert json.loads(sandbox.call("GET", "/_sandbox/state")[1])["waiting"] > 0
    RECEIVER.wait(path, 5)
    sandbox.faults()


@test
def a_callback_that_is_refused_can_come_again(sandbox):
    sandbox.faults(redeliver=100)
    path = f"/stk/{next(_paths)}"
    RECEIVER.answers[path] = (503, "")
    push(sandbox, CallBackURL=RECEIVER.url + path)
    RECEIVER.wait(path, 2)
    del RECEIVER.answers[path]
    RECEIVER.wait(path, 3)
    sandbox.faults()


@test
def a_result_that_came_before_the_answer_comes_again_too(sandbox):
    sandbox.faults(redeliver=100)
    path = f"/stk/{next(_paths)}"
    RECEIVER.answers[path] = (503, "")
    assert push(sandbox, CallBackURL=RECEIVER.url + path, Amount=9095)[0][0] == 200
    del RECEIVER.answers[path]
    RECEIVER.wait(path, 2)
    sandbox.faults()
    wait_quiet(sandbox)


@test
def a_callback_is_overtaken_by_the_next_one(sandbox):
    wait_quiet(sandbox)
    overtaken, next_one = push(sandbox, Amount=9069), push(sandbox)
    RECEIVER.wait(overtaken[1])
    RECEIVER.wait(next_one[1])
    assert RECEIVER.when(next_one[1]) < RECEIVER.when(overtaken[1])
    alone = push(sandbox, Amount=9069)
    RECEIVER.wait(alone[1])
    sandbox.faults(callback_swap=100)
    first, second = push(sandbox), push(sandbox)
    RECEIVER.wait(first[1])
    assert RECEIVER.when(second[1]) < RECEIVER.when(first[1])
    sandbox.faults()
    _, path, _ = register(sandbox)
    overtaken = push(sandbox, Amount=9069)
    simulate(sandbox)
    RECEIVER.wait(overtaken[1])
    assert RECEIVER.when(path) < RECEIVER.when(overtaken[1])


@test
def amounts_choose_twins_and_what_queries_say(sandbox):
    wait_quiet(sandbox)
    _, path, _ = register(sandbox)
    results = {tail: push(sandbox, Amount=9060 + tail)[1] for tail in range(1, 8)}
    disagrees = push(sandbox, Amount=9068)[0][1]["CheckoutRequestID"]
    assert settled_query(sandbox, disagrees)[1]["ResultCode"] == "1032"
    assert push(sandbox, Amount=9070)[0][0] == 500 and push(sandbox, Amount=9071)[0][0] == 503
    wait_quiet(sandbox)
    twins = {int(float(body["TransAmount"])) - 9060: body
             for body in map(json.loads, RECEIVER.bodies(path))}
    booked = {row["amount"] - 9060: row for row in sandbox.payments() if row["amount"] in
              range(9061, 9068)}
    assert set(twins) == set(booked) == set(results)
    for tail, body in twins.items():
        assert body["TransID"] == booked[tail]["receipt"] and booked[tail]["kind"] == "STK"
        assert body["BillRefNumber"] == "A7Q2M9"
        assert len(RECEIVER.bodies(results[tail])) == (tail < 4)
    digest = hashlib.sha256(booked[6]["phone"].encode()).hexdigest()
    assert twins[4]["MSISDN"] == "2547 ***** " + booked[4]["phone"][-3:]
    assert twins[5]["MSISDN"] == booked[5]["phone"] and twins[6]["MSISDN"] == digest
    assert re.fullmatch(r"[0-9a-f]{4} \*{5} [0-9a-f]{3}", twins[7]["MSISDN"])
    assert [row["amount"] for row in sandbox.payments() if row["amount"] in (9070, 9071)] == [9070]


@test
def a_payment_can_be_reversed(sandbox):
    receipt = result_of(RECEIVER.wait(push(sandbox)[1])[0])[1]["MpesaReceiptNumber"]
    assert sandbox.call("POST", "/_sandbox/reverse", {"receipt": "U000000000"})[0] == 400
    reversed_ = json.loads(sandbox.call("POST", "/_sandbox/reverse", {"receipt": receipt})[1])
    assert reversed_["status"] == "REVERSED"
    assert sandbox.call("POST", "/_sandbox/reverse", {"receipt": receipt})[0] == 400


# ---- other options, start and end ----

@test
def external_validation_decides(_):
    sandbox = Sandbox("--allow-http", "--external-validation", "--delay-ms", "20")
    _, path, validation = register(sandbox, ResponseType="Cancelled")
    RECEIVER.answers[validation] = (200, '{"ResultCode":"C2B00012","ResultDesc":"Rejected"}')
    simulate(sandbox)
    asked = json.loads(RECEIVER.wait(validation)[0])
    assert asked["OrgAccountBalance"] == "" and asked["TransID"]
    RECEIVER.answers[validation] = (500, "")
    simulate(sandbox)
    RECEIVER.wait(validation, 2)
    RECEIVER.answers[validation] = (
        200, '{"ResultCode":"0","ResultDesc":"Accepted","ThirdPartyTransID":"T1"}')
    simulate(sandbox)
    body = json.loads(RECEIVER.wait(path)[0])
    assert body["ThirdPartyTransID"] == "T1" and body["OrgAccountBalance"]
    assert [row["status"] for row in sandbox.payments()] == ["FAILED", "FAILED", "SUCCESS"]
    _, path, validation = register(sandbox, ResponseType="Completed")
    RECEIVER.answers[validation] = (500, "")
    simulate(sandbox)
    RECEIVER.wait(path)
    assert sandbox.stop()[0] == 0


@test
def a_paid_push_has_a_twin_when_asked_for(_):
    sandbox = Sandbox("--allow-http", "--twin-c2b", "--delay-ms", "0")
    _, path, _ = register(sandbox)
    stk_path = push(sandbox)[1]
    twin, items = json.loads(RECEIVER.wait(path)[0]), result_of(RECEIVER.wait(stk_path)[0])[1]
    assert twin["TransID"] == items["MpesaReceiptNumber"] and twin["BillRefNumber"] == "A7Q2M9"
    assert len(sandbox.payments()) == 1
    assert sandbox.stop()[0] == 0


@test
def production_registers_once_and_takes_no_http(_):
    sandbox = Sandbox("--production-like", "--short-code", "174379:paybill:key")
    urls = {"code": "174379", "ConfirmationURL": "https://a.co.ke/c",
            "ValidationURL": "https://a.co.ke/v"}
    assert register(sandbox, **urls)[0][0] == 200
    assert error_of(register(sandbox, **urls)[0]) == (
        500, "500.003.1001", "Urls are already registered.")
    when = now()
    answer = sandbox.post(PROCESS, push_body(
        BusinessShortCode=174379, PartyB=174379, Timestamp=when,
        Password=password("174379", when, "key")))
    assert error_of(answer)[2] == "Bad Request - Invalid CallBackURL"
    assert sandbox.stop()[0] == 0


@test
def tokens_expire(_):
    sandbox = Sandbox("--token-seconds", "1")
    first = push(sandbox)
    time.sleep(1.1)
    assert error_of(first[0])[1] == "400.002.02", "http is not allowed, the token is"
    assert error_of(push(sandbox)[0])[1] == "404.001.03"
    assert sandbox.stop()[0] == 0


@test
def it_ends_at_once_with_work_under_way(_):
    for number in (signal.SIGTERM, signal.SIGINT):
        sandbox = Sandbox("--allow-http", "--delay-ms", "0")
        ready = sandbox.ready
        register(sandbox)
        RECEIVER.delay_s = 2
        push(sandbox)
        simulate(sandbox)
        held = [threading.Thread(target=push, args=(sandbox,), kwargs={"Amount": amount})
                for amount in (9095, 9099)]
        for worker in held:
            worker.start()
        time.sleep(0.3)
        code, took_s = sandbox.stop(number)
        RECEIVER.delay_s = 0
        for worker in held:
            worker.join()
        assert code == 0 and took_s < END_S, took_s
        assert not ready.exists()


@test
def only_loopback_is_bound(_):
    for address, code in (("0.0.0.0:0", 2), ("192.0.2.1:0", 2), ("[::]:0", 2), ("127.0.0.1", 2),
                          ("example.com:80", 2)):
        done = subprocess.run([PROGRAM, "--listen", address], capture_output=True, check=False,
                              timeout=TIMEOUT_S)
        assert done.returncode == code and done.stderr, address
    for flags in (["--colour"], ["--short-code", "1:paybill:x"], ["extra"], ["--delay-ms", "-1"]):
        done = subprocess.run([PROGRAM, *flags], capture_output=True, check=False,
                              timeout=TIMEOUT_S)
        assert done.returncode == 2 and done.stderr, flags


@test
def the_manual_has_every_outcome(_):
    manual = pathlib.Path(MANUAL).read_text(encoding="utf-8")
    rows = subprocess.run([PROGRAM, "--outcomes"], capture_output=True, check=True, text=True,
                          timeout=TIMEOUT_S).stdout.splitlines()
    assert len(rows) > 20
    for row in rows:
        key, text = row.split("\t")
        assert f".It {key}\n{text}\n" in manual, row


@test
def a_client_that_goes_away_does_no_harm(sandbox):
    host, port = urllib.parse.urlsplit(sandbox.url).netloc.split(":")
    for _ in range(20):
        connection = http.client.HTTPConnection(host, int(port), timeout=TIMEOUT_S)
        connection.putrequest("POST", PROCESS)
        connection.putheader("Content-Length", "1000")
        connection.endheaders(b"{")
        connection.close()
        connection = http.client.HTTPConnection(host, int(port), timeout=TIMEOUT_S)
        connection.request("GET", "/_sandbox/payments")
        connection.close()
    early = []
    for _ in range(20):
        early.append(f"/stk/{next(_paths)}")
        connection = http.client.HTTPConnection(host, int(port), timeout=TIMEOUT_S)
        body = push_body(Amount=9095, CallBackURL=RECEIVER.url + early[-1])
        connection.request("POST", PROCESS, json.dumps(body), {
            "Content-Type": "application/json", "Authorization": "Bearer " + sandbox.token})
        connection.close()
    for path in early:
        RECEIVER.wait(path)
    assert isinstance(sandbox.payments(), list)


def main():
    sandbox, failed = Sandbox("--allow-http", "--delay-ms", "500"), 0
    print(f"1..{len(TESTS) + 1}")
    for number, function in enumerate(TESTS, 1):
        try:
            function(sandbox)
            print(f"ok {number} - {function.__name__}", flush=True)
        except Exception as error:  # whatever it is, the next test runs
            failed += 1
            trace = error.__traceback__
            while trace.tb_next is not None:
                trace = trace.tb_next
            print(f"not ok {number} - {function.__name__}")
            print(f"# line {trace.tb_lineno}: {type(error).__name__} {error}"[:2000], flush=True)
    code, took_s = sandbox.stop()
    failed += code != 0
    print(f"{'ok' if code == 0 else 'not ok'} {len(TESTS) + 1} - it ended with {code}")
    return 1 if failed else 0


if __name__ == "__main__":
    PROGRAM, MANUAL = sys.argv[1:3]
    Sandbox.program = PROGRAM
    # It takes some milliseconds; a busy machine and a sanitizer's search for leaks take more.
    END_S = 2 if b"__asan_init" in pathlib.Path(PROGRAM).read_bytes() else 0.5
    RECEIVER = Receiver()
    sys.exit(main())
