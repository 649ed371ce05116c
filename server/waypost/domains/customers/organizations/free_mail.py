"""Domains at which anybody gets an address: who writes from one belongs to no organization for that."""

from __future__ import annotations

#: Never linked by, even where an organization lists one as its own.
FREE_MAIL = frozenset(
    (
        "126.com", "163.com", "aol.com", "bluewin.ch", "btinternet.com", "comcast.net", "duck.com", "email.com",
        "fastmail.com", "fastmail.fm", "free.fr", "freenet.de", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de",
        "gmx.net", "googlemail.com", "hey.com", "hotmail.co.uk", "hotmail.com", "hotmail.de", "hotmail.es",
        "hotmail.fr", "hotmail.it", "hushmail.com", "icloud.com", "inbox.com", "laposte.net", "libero.it", "live.co.uk",
        "live.com", "live.fr", "live.nl", "mac.com", "mail.com", "mail.ru", "mailbox.org", "me.com", "msn.com",
        "naver.com", "online.de", "orange.fr", "outlook.com", "outlook.de", "outlook.es", "outlook.fr", "pm.me",
        "posteo.de", "posteo.net", "proton.me", "protonmail.ch", "protonmail.com", "qq.com", "rediffmail.com",
        "rocketmail.com", "seznam.cz", "sina.com", "sky.com", "t-online.de", "tuta.com", "tutanota.com", "verizon.net",
        "virgilio.it", "wanadoo.fr", "web.de", "wp.pl", "ya.ru", "yahoo.ca", "yahoo.co.in", "yahoo.co.jp",
        "yahoo.co.uk", "yahoo.com", "yahoo.com.au", "yahoo.com.br", "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.it",
        "yandex.com", "yandex.ru", "ymail.com", "ziggo.nl", "zoho.com",
    )
)  # fmt: skip


def is_free_mail(domain: str) -> bool:
    """Whether anybody gets an address there."""
    return domain.strip().lower() in FREE_MAIL


def own_domains(domains: list[str]) -> list[str]:
    """Those that say something about where somebody belongs, in lower case, each once, in their order."""
    lowered = dict.fromkeys(domain.strip().lower() for domain in domains)
    return [domain for domain in lowered if domain and domain not in FREE_MAIL]


def domains_of(addresses: list[str]) -> list[str]:
    """The own domains of e-mail addresses."""
    return own_domains([address.rpartition("@")[2] for address in addresses if "@" in address])
