"""Settings from the environment: what cannot be used is refused when the program starts."""

from __future__ import annotations

import pytest

from waypost import config
from waypost.config import BadSetting


def test_the_desks_own_mails_come_from_its_host_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYPOST_MAIL_FROM", raising=False)
    assert config.load(base_url="https://desk.acme.test/here").sender == ("Waypost", "waypost@desk.acme.test")
    assert config.load(base_url="http://[::1]:8000").sender == ("Waypost", "waypost@localhost")
    monkeypatch.setenv("WAYPOST_MAIL_FROM", "Acme Desk <desk@acme.test>")
    assert config.load().sender == ("Acme Desk", "desk@acme.test")
    monkeypatch.setenv("WAYPOST_MAIL_FROM", "desk@acme.test")
    assert config.load().sender == ("", "desk@acme.test")


@pytest.mark.parametrize("sender", ["Acme Desk", "@", "desk@", "a b@acme.test, c@acme.test", "<>"])
def test_a_sender_that_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch, sender: str) -> None:
    monkeypatch.setenv("WAYPOST_MAIL_FROM", sender)
    with pytest.raises(BadSetting, match="MAIL_FROM"):
        config.load()


@pytest.mark.parametrize("name", ["BASE_URL", "CONTENT_URL"])
def test_an_address_without_its_scheme_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"WAYPOST_{name}", "desk.acme.test")
    with pytest.raises(BadSetting, match=name):
        config.load()
