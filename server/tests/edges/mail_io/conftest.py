"""Fixtures of the tests of mail."""

from tests.edges.mail_io.talks import server, talk  # noqa: F401
