"""The routes of this edge."""

from __future__ import annotations

from waypost.edges.oauth2.handlers import issue_token, revoke_token

ROUTES = [issue_token, revoke_token]
