"""What Safaricom posts, as Python dictionaries."""
import datetime
import random
import string
import threading

EAST_AFRICA = datetime.timezone(datetime.timedelta(hours=3))

_random = random.SystemRandom()
_used = set()
_lock = threading.Lock()


def new_receipt():
    """A receipt that no other payment of this run has."""
    while True:
        receipt = "U" + "".join(_random.choices(string.ascii_uppercase + string.digits, k=9))
        with _lock:
            if receipt not in _used:
                _used.add(receipt)
                return receipt


def timestamp():
    """Now, as Daraja writes it."""
    return datetime.datetime.now(EAST_AFRICA).strftime("%Y%m%d%H%M%S")


def confirmation(receipt, amount="150.00", account="A7Q2M9", short_code="600111", **changes):
    """The body of a C2B confirmation; `changes` replace members, None removes them."""
    body = {
        "TransactionType": "Pay Bill",
        "TransID": receipt,
        "TransTime": timestamp(),
        "TransAmount": amount,
        "BusinessShortCode": short_code,
        "BillRefNumber": account,
        "InvoiceNumber": "",
        "OrgAccountBalance": "48210.00",
        "ThirdPartyTransID": "",
        "MSISDN": "2547 ***** 678",
        "FirstName": "JANE",
        "MiddleName": "",
        "LastName": "",
    }
    body.update(changes)
    return {name: value for name, value in body.items() if value is not None}
