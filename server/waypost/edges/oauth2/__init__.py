"""The token endpoint of OAuth 2.0 and its counterpart that takes tokens back (spec: 2.3; RFC 6749, 7009)."""
