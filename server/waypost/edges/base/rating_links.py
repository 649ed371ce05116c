"""The question under a reply to a customer: how was it? Three links, as HTML and as text, for mails.

The links lead to a page and record nothing by themselves: scanners of mail open every link before a person does.
"""

from __future__ import annotations

import html
from datetime import datetime, timedelta

import msgspec

from waypost.domains.conversations import Grade
from waypost.edges.base.content_links import RatingLink, address

#: How long after the reply it can be rated.
RATING_LIFETIME = timedelta(days=90)
QUESTION = "How would you rate my reply?"
_GRADES = (
    (Grade.GREAT, "\U0001f603", "Great"),
    (Grade.OKAY, "\U0001f610", "Okay"),
    (Grade.NOT_GOOD, "\U0001f641", "Not good"),
)
_LINK_STYLE = "color:#0e5f50;text-decoration:underline;white-space:nowrap"


class RatingLinks(msgspec.Struct, frozen=True):
    """Where a customer rates one answer, with the grade chosen already."""

    great: str
    okay: str
    not_good: str

    def of(self, grade: Grade) -> str:
        """The link for a grade."""
        return {Grade.GREAT: self.great, Grade.OKAY: self.okay, Grade.NOT_GOOD: self.not_good}[grade]


def rating_links(
    key: bytes, content_url: str, account_id: int, thread_id: int, customer_id: int, sent_at: datetime
) -> RatingLinks:
    """The links for a reply to a customer: the same ones for the same moment of sending.

    `key` is the desk's, `content_url` the address where content is served (`Context.content_address`).
    """
    link = RatingLink(account_id, thread_id, customer_id)
    page = address(key, content_url, link, sent_at + RATING_LIFETIME)
    return RatingLinks(*(f"{page}/{grade.value}" for grade, _, _ in _GRADES))


def rating_html(links: RatingLinks, question: str = QUESTION) -> str:
    """The question and its three links as a paragraph of a mail: no table, no picture, readable without styles."""
    shown = " &nbsp; ".join(
        f'<a href="{html.escape(links.of(grade))}" style="{_LINK_STYLE}">{face} {label}</a>'
        for grade, face, label in _GRADES
    )
    return (
        '<div style="margin:24px 0 0;padding:12px 0 0;border-top:1px solid #d9d6cc;font-size:14px;line-height:1.6">'
        f'<span style="color:#57625e">{html.escape(question)}</span><br>{shown}</div>'
    )


def rating_text(links: RatingLinks, question: str = QUESTION) -> str:
    """The same for the plain text of a mail."""
    width = max(len(label) for _, _, label in _GRADES) + 1
    return "\n".join([question, *(f"{label + ':':<{width}} {links.of(grade)}" for grade, _, label in _GRADES)])
