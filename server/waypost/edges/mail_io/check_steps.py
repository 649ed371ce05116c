"""The steps of a connection test: what went well, what failed and ended it, and what was therefore not tried.

What an unknown server says is shown only where it has shown itself to be a mail server, cleaned and shortened: whoever
may set up a mailbox shall not read the greetings of other services.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import NoReturn

from waypost.domains.mailboxes import Step, StepState
from waypost.kit.text import clean_name

MOST_WORDS = 200
NOT_TRIED = "not tried, because an earlier step failed"

Note = Callable[[Step], None]


class Stopped(Exception):
    """A step failed, and those behind it make no sense."""


class Steps:
    """Collects the steps of a test in their order. `note` is told of each as it ends."""

    def __init__(self, names: Sequence[str], secrets: Sequence[str], note: Note) -> None:
        self._names = list(names)
        self._note = note
        self._done: list[Step] = []
        self._secrets = [form for secret in secrets if secret for form in _forms(secret)]

    def ok(self, name: str, message: str, said: str = "") -> None:
        """It works."""
        self._add(name, StepState.OK, message, said)

    def warn(self, name: str, message: str, said: str = "") -> None:
        """It works, but not as it should."""
        self._add(name, StepState.WARNING, message, said)

    def skip(self, name: str, message: str) -> None:
        """There is nothing to try."""
        self._add(name, StepState.SKIPPED, message, "")

    def fail(self, name: str, message: str, said: str = "") -> NoReturn:
        """It does not work. Raises Stopped."""
        self._add(name, StepState.FAILED, message, said)
        raise Stopped

    def hide(self, *secrets: str) -> None:
        """Take more secrets out of what servers say."""
        self._secrets += [form for secret in secrets if secret for form in _forms(secret)]

    def current(self) -> str:
        """The name of the first step that has not ended."""
        done = {step.name for step in self._done}
        return next((name for name in self._names if name not in done), self._names[-1])

    def finished(self) -> tuple[Step, ...]:
        """Every step; those that were not reached are skipped."""
        done = {step.name for step in self._done}
        for name in self._names:
            if name not in done:
                self.skip(name, NOT_TRIED)
        return tuple(self._done)

    def _add(self, name: str, state: StepState, message: str, said: str) -> None:
        for secret in self._secrets:
            said = said.replace(secret, "***")
        step = Step(name, state, message, clean_name(said, MOST_WORDS))
        self._done.append(step)
        self._note(step)


def _forms(secret: str) -> list[str]:
    """The secret, and how servers may repeat it."""
    encoded = secret.encode()
    # Within a longer text, base64 has one of three forms by where the secret begins; its ends depend on neighbours.
    within = [b64encode(b"\0" * shift + encoded).decode().rstrip("=")[4 if shift else 0 : -2] for shift in range(3)]
    return [secret, *(form for form in within if len(form) > 5)]


_HINTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), message)
    for pattern, message in (
        (
            r"application-specific password|app(?:lication)?[ -]password|5\.7\.9\b|InvalidSecondFactor",
            "The server wants an app password: make one in the security settings of the mail account, and use it here.",
        ),
        (
            r"basic authentication is disabled|5\.7\.139|SmtpClientAuthentication is disabled|5\.7\.57|5\.7\.3\b",
            "The server takes no passwords here: use OAuth 2.0, with SMTP AUTH switched on for the mailbox.",
        ),
        (
            r"authenticated but not connected",
            "The sign-in is right, but the user may not open this mailbox, or IMAP is switched off for it.",
        ),
        (
            r"imap (?:access )?(?:is )?(?:disabled|not enabled)|not enabled for imap|enable imap",
            "IMAP is switched off for this mail account: switch it on in its settings.",
        ),
        (
            r"WEBLOGINREQUIRED|WEBALERT|log ?in via your web browser|less secure|ContinueSignIn",
            "The server wants a person to sign in with a browser first, or an app password instead of the usual one.",
        ),
        (
            r"too many|rate.?limit|try again later|temporar|UNAVAILABLE|LIMIT\b|\b4[2-5]\d[ -]",
            "The server takes no sign-ins for now: wait some minutes, and try again.",
        ),
        (r"EXPIRED", "The password has expired: set a new one with the mail provider, and use it here."),
        (
            r"PRIVACYREQUIRED|must issue a starttls|encryption required",
            "The server takes only encrypted sign-ins.",
        ),
    )
)
_PROVIDERS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"(?:\A|\.)(?:gmail|googlemail|google)\.com\Z"),
        " Google takes app passwords (with two-step verification) or OAuth 2.0, and never the account's own password.",
    ),
    (
        re.compile(r"(?:\A|\.)(?:office365|outlook|hotmail)\.com\Z"),
        " Microsoft takes OAuth 2.0 alone for IMAP, whatever the password is.",
    ),
    (
        re.compile(r"(?:\A|\.)(?:yahoo\.com|aol\.com|icloud\.com|me\.com|zoho\.com|zoho\.eu|fastmail\.com)\Z"),
        " This provider takes app passwords only.",
    ),
)


def sign_in_refused(host: str, said: str) -> str:
    """What a refused password means, from what the server said and who it is."""
    for pattern, message in _HINTS:
        if pattern.search(said):
            return message
    provider = next((message for pattern, message in _PROVIDERS if pattern.search(host)), "")
    return "The server did not take the user name and password." + provider


def token_refused(said: str) -> str:
    """What a refused access token means."""
    for pattern, message in _HINTS[2:5]:
        if pattern.search(said):
            return message
    return (
        "The server did not take the access token (XOAUTH2): the user name is not the one that the token is for, the"
        " scope does not cover mail, or the application may not use this protocol."
    )
