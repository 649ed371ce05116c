"""Get tokens for the user who consents in a browser: authorization code with PKCE, then one refresh."""

import base64
import hashlib
import http.server
import json
import os
import secrets
import urllib.parse
import urllib.request
import webbrowser

BASE, REDIRECT_URL = os.environ["BASE"], os.environ["REDIRECT_URL"]
CLIENT = {"client_id": os.environ["CLIENT_ID"], "client_secret": os.environ["CLIENT_SECRET"]}


def tokens(**parameters):
    """Call the token endpoint."""
    form = urllib.parse.urlencode({**CLIENT, **parameters}).encode()
    with urllib.request.urlopen(f"{BASE}/v2/oauth2/token", form) as answer:
        return json.load(answer)


class Callback(http.server.BaseHTTPRequestHandler):
    """Takes the one request that brings the code."""

    def do_GET(self):
        self.server.query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"You can close this window.")

    def log_message(self, *_):
        """Say nothing: the address holds the code."""


verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
digest = hashlib.sha256(verifier.encode()).digest()
query = {
    "client_id": CLIENT["client_id"],
    "state": state,
    "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
    "code_challenge_method": "S256",
}
with http.server.HTTPServer(("localhost", urllib.parse.urlsplit(REDIRECT_URL).port), Callback) as server:
    webbrowser.open(f"{BASE}/authentication/authorizeClientApplication?{urllib.parse.urlencode(query)}")
    server.handle_request()
if server.query.get("state") != state or "code" not in server.query:
    raise SystemExit(f"no code: {server.query.get('error', 'the state is not ours')}")
first = tokens(grant_type="authorization_code", code=server.query["code"], code_verifier=verifier)
second = tokens(grant_type="refresh_token", refresh_token=first["refresh_token"])
print(json.dumps(second))
