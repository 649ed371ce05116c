"""What mail servers write into reports of failed delivery. Only patterns; `bounces.py` reads with them."""

from __future__ import annotations

import re

#: An enhanced status code (RFC 3463).
STATUS = re.compile(r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)")
#: A reply code of SMTP that refuses something.
CODE = re.compile(
    r"(?<![\d.#:/-])[45][0-7]\d(?=[\s:;,)\]#-]|$)(?!\s*(?:bytes|kb|mb|ms|recipients|seconds|hours|minutes))",
    re.IGNORECASE,
)
DELAYED = re.compile(
    r"(?:delivery|message|mail)[^.\n]{0,40} (?:is |was |has been |being )?(?:delayed|deferred)\b"
    r"|not yet been delivered|hasn't been delivered yet"
    r"|could not (?:yet )?be delivered[^.\n]{0,40}(?:yet|so far)|will (?:continue to (?:try|be)|keep (?:on )?trying"
    r"|be retried|try again|retry)|still (?:being )?(?:retried|trying|queued)"
    r"|you do not need to resend|this is a warning message only|(?:warning|notice): (?:could|message"
    r"|mail)[^\n]{0,60}(?:hours|still)|no action is required on your part|delivery attempts will continue"
    r"|wird (?:weiter )?versucht|noch nicht zugestellt|remise (?:est )?(?:retardée|différée)|配送が遅れ"
    r"|queued mail for delivery",
    re.IGNORECASE,
)
TEMPORARY = re.compile(
    r"(?:over|exceed\w*|full|out of)\b[^.\n]{0,30}(?:quota|storage)|quota[^.\n]{0,40}(?:exceed|full|over)"
    r"|mailbox (?:is |was )?(?:full|too large)|mail ?box full|disk full|insufficient (?:disk|system) (?:space"
    r"|storage|resources)"
    r"|temporar(?:y|ily)|try (?:again|later)|timed? ?out|greylist|connection (?:refused|timed|reset|dropped)|(?:host"
    r"|name) lookup failure|could not connect|no route to host|retry time",
    re.IGNORECASE,
)
#: Fields, also the few of a message that came back.
HEADER_LINE = re.compile(r"^[\s>|]{0,8}[A-Za-z][A-Za-z0-9-]{1,50}:(?:\s|$)|^[\s>|]{0,8}[A-Z][A-Za-z-]{1,50}:<")
#: Fields that only a message has, never the server's own words.
TRACE_LINE = re.compile(
    r"^[\s>|]{0,8}(?:Received|Return-Path|Message-Id|Delivered-To|X-Received|DKIM-Signature|Mime-Version|Reply-To"
    r"|X-Mailer|X-Originating-IP|Content-Type):",
    re.IGNORECASE,
)
ID_LINE = re.compile(rb"Message-Id:", re.IGNORECASE)
#: What stands above the message that came back.
RETURNED = re.compile(
    r"below this line is (?:a|the) |(?:is|are|follows?:?) (?:a|the) copy of (?:your|the|this) |copy of (?:your"
    r"|the) (?:original )?(?:message|mail)[^.]{0,40}(?:below|follows|attached)"
    r"|^[\s>*]*[-=_*#]{2,}\s*(?:original (?!recip)|returned|unsent|undelivered|the (?:original|header|unsent)"
    r"|message (?:header|text|body|contents?)|the following (?:is|was)|begin(?:ning)? of|header of|forwarded|"
    r"this is a copy|returned message|start of|included|ursprüngliche|message d'origine|below)[^\n]{0,80}"
    r"|^\s*(?:original message (?:header|follows|text)|(?:the )?(?:original|unsent|returned) message (?:follows"
    r"|header)|(?:message|original) headers?(?: follows?)?:?\s*$|received:? from .{3,80} by "
    r"|original message:?\s*$|(?:your|the) (?:original )?message (?:follows|reads|was):?\s*$"
    r"|message contents? follows?|included is a copy)",
    re.IGNORECASE,
)
#: What stands before the address that could not be reached.
NAMED = re.compile(
    r"(?:recipients?|address(?:es)?|user|mailbox|account|to|for|e-?mail|final-recipient|original-recipient|failed"
    r"|unknown|undeliverable(?: to)?|deliver(?:ed|y)?(?: mail| message)?(?: to)?|destinataire|empfänger|destinatario"
    r"|receiver|rcpt to|send(?:ing)? to|reach)"
    r"(?:\(s\)|\(es\))?\s*(?:is|was|are|=)?\s*[:;=]?\s*(?:rfc822;)?\s*[<\"'(\[]?$",
    re.IGNORECASE,
)
# What a server means, where it gives no enhanced code of its own.
_MEANINGS = (
    (
        "5.1.1",
        (
            r"(?:user|recipient|mailbox|address|account|name|addressee|destinat\w*)\b[^.\n]{0,40}(?:unknown|not (?:found"
            r"|exist|known|listed|recognized|valid|local)|doesn't exist|does not exist|invalid|rejected|no longer"
            r"|disabled|inactive|unavailable)"
            r"|(?:unknown|no such|invalid|nonexistent|non-existent|bad|illegal|not a valid|unrecognized|unrouteable"
            r"|undeliverable|inactive)[^.\n]{0,25}(?:user|recipient|mailbox|address|account|person|local part|alias)"
            r"|user doesn't have|does not have an? .{0,20}account"
            r"|no mailbox (?:here )?by that name|couldn't find|not listed in|no longer (?:available|valid|in use|works)"
            r"|benutzer unbekannt|utilisateur inconnu"
        ),
    ),
    (
        "5.2.2",
        (
            r"quota|mailbox (?:is |was )?full|over (?:the )?(?:limit|quota)|storage|disk full|mail ?box full"
            r"|too many messages|exceeded"
        ),
    ),
    (
        "5.1.2",
        (
            r"(?:host|domain)\b[^.\n]{0,30}(?:unknown|not found|does not exist|non-existent|lookup)|no such (?:host"
            r"|domain)|unknown (?:host|domain)|dns|nxdomain|couldn't find any host|name server|unrouteable mail domain"
            r"|host not found"
        ),
    ),
    ("5.3.4", r"(?:message|mail|size)\b[^.\n]{0,30}(?:too (?:large|big)|exceed)|size limit|too large"),
    (
        "5.7.1",
        (
            r"spam|blocked|blacklist|block list|denied|not permitted|relay|rejected|refused|prohibited|policy"
            r"|unsolicited|content|not allowed|authentication|banned|virus"
        ),
    ),
    ("4.4.1", r"timed? ?out|connection (?:refused|timed)|no route|could not connect|unreachable|not responding"),
    ("4.4.7", r"expired|too (?:long|old)|retry (?:time|timeout)|giving up"),
    ("5.4.6", r"loop|too many hops|hop count"),
)
_COMPILED = tuple([(status, re.compile(pattern, re.IGNORECASE)) for status, pattern in _MEANINGS])


def status_of_words(text: str) -> str:
    """The status that a server's words mean, empty where they mean none of those that are common."""
    return next((status for status, pattern in _COMPILED if pattern.search(text[:1_000])), "")


#: What only the text of such a report says; for reports that come from addresses that tell nothing.
FAILED_TEXT = re.compile(
    r"(?:could|can|was|were|has|have|is)(?: ?not|n't) (?:be|been)?\s?(?:delivered|reached)\b|(?:delivery"
    r"|deliver)[^.\n]{0,60}(?:failed|failure|unsuccessful|not possible)|undeliver|was unable to deliver"
    r"|unable to (?:deliver|send)"
    r"|(?:no such user|user unknown|unknown user|invalid user address|mailbox is full|error message below"
    r"|did not reach the following|returned to (?:the )?sender)|送信できませんでした|配信できません|konnte nicht zugestellt"
    r"|^\s*(?:final-recipient|rcpt to):",
    re.IGNORECASE | re.MULTILINE,
)
