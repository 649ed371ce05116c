"""Sends what a published client asks of the public service to the desk at WAYPOST_DESK, without touching its code.

Python imports this by itself at the start of each client's process, because this folder is on its PYTHONPATH.
"""

import os
from urllib.parse import urlsplit, urlunsplit

from requests.adapters import HTTPAdapter

PUBLIC = "api.helpscout.net"
_desk = urlsplit(os.environ["WAYPOST_DESK"])
_send = HTTPAdapter.send


def _send_on(self, request, *arguments, **more):
    parts = urlsplit(request.url)
    if parts.hostname == PUBLIC:
        request.url = urlunsplit(parts._replace(scheme=_desk.scheme, netloc=_desk.netloc))
    return _send(self, request, *arguments, **more)


HTTPAdapter.send = _send_on
