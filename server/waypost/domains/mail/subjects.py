"""Subjects: without `Re:` and its like, and whether one says enough to know a conversation by it."""

from __future__ import annotations

import re

NO_SUBJECT = "(no subject)"
LONGEST = 998
#: `Re:` and `Fwd:` in the languages that mail programs write them in, with counters as in `Re[2]:`.
_PREFIX = re.compile(
    r"\s*(?:re|aw|sv|vs|antw|odp|ref|rif|res|ynt|ответ|回复|回覆|答复|fwd?|wg|tr|rv|enc|vb|doorst|转发)(?:\[\d{1,4}\])?\s*[:\uff1a]",
    re.IGNORECASE,
)
_MOST_PREFIXES = 20
_KEY_CHARACTERS = 100
#: Fewer letters and figures say nothing; scripts that write words with few characters need fewer.
_LEAST_SIGNS = 8
_LEAST_WIDE_SIGNS = 4
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SIGN = re.compile(r"[^\W_]")
#: What people write over anything, in a few languages.
_SAYS_NOTHING = frozenset(
    "hello there|good morning|good afternoon|good evening|question|questions|a question|quick question|problem"
    "|problems|support|customer support|support request|customer service|help needed|need help|please help|help please"
    "|information|request|inquiry|enquiry|feedback|contact|contact us|contact form|new message|message from website"
    "|order|my order|your order|invoice|thank you|thanks a lot|no subject|(no subject)|important|very important|urgent"
    "|follow up|followup|following up|update|reminder|complaint|complaints|cancellation|password|login"
    "|account|my account"
    "|anfrage|kontakt|kontaktformular|rechnung|bestellung|kundenservice|demande|facture|commande|consulta|pedido"
    "|factura|informazioni|richiesta|ordine|vraag|bestelling|factuur".split("|")
)


def without_prefix(subject: str) -> tuple[str, bool]:
    """The subject without `Re:` and its like, and whether there was one."""
    rest = subject
    for _ in range(_MOST_PREFIXES):
        match = _PREFIX.match(rest)
        if match is None:
            break
        rest = rest[match.end() :]
    rest = rest.strip()
    return rest, rest != subject.strip()


def is_telling(bare: str) -> bool:
    """Whether a subject without its prefix is one that two conversations of one person hardly share by chance."""
    signs = len(_SIGN.findall(bare[:200]))
    least = _LEAST_WIDE_SIGNS if _WIDE.search(bare[:200]) else _LEAST_SIGNS
    return signs >= least and bare.strip(" .!?").lower() not in _SAYS_NOTHING


def keys_of(subject: str) -> list[str]:
    """What conversations that the subject answers may be called; nothing where it is no answer or says too little."""
    bare, is_answer = without_prefix(subject)
    if not is_answer or not is_telling(bare):
        return []
    # A conversation can have begun with an answer to something that never came here.
    return list(dict.fromkeys(text[:_KEY_CHARACTERS].lower() for text in (bare, subject.strip())))


def of_conversation(subject: str) -> str:
    """The subject of a new conversation; something, whatever the message says."""
    return subject.strip()[:LONGEST] or NO_SUBJECT
