"""Hands a raw message over to a mailbox: BASE, MAILBOX_ID and INBOUND_KEY in the environment, the message a file."""

import hashlib
import hmac
import os
import time
import urllib.request
from pathlib import Path

message = Path("message.eml").read_bytes()
timestamp = str(int(time.time()))
signed = timestamp.encode() + b"." + message
signature = hmac.new(os.environ["INBOUND_KEY"].encode(), signed, hashlib.sha256).hexdigest()
request = urllib.request.Request(
    f"{os.environ['BASE']}/inbound/mail/{os.environ['MAILBOX_ID']}",
    data=message,
    headers={
        "Content-Type": "message/rfc822",
        "X-Waypost-Timestamp": timestamp,
        "X-Waypost-Signature": signature,
    },
)
with urllib.request.urlopen(request) as answer:
    print(answer.read().decode())
