"""Rendering of the few pages: templates, and the style sheet that stands in each."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response

from waypost.edges.content.headers import headers, message_policy, page_policy

_FOLDER = Path(__file__).parent / "templates"
_environment = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%-d %B %Y}"


_environment.filters["day"] = _day
#: As they stand between the tags, because the policy of a page names the digest of exactly that.
_PAGE_STYLE = (_FOLDER / "page.css").read_text(encoding="utf-8")
_MESSAGE_STYLE = (_FOLDER / "message.css").read_text(encoding="utf-8")

_html = partial(Response, media_type=MediaType.HTML)


def page(
    template: str, *, status: int = 200, more_headers: dict[str, str] | None = None, **values: Any
) -> Response[str]:
    """A page of ours, never kept by caches."""
    text = _environment.get_template(template).render(style=_PAGE_STYLE, **values)
    sent = headers(page_policy(_PAGE_STYLE), cache="private, no-store") | (more_headers or {})
    return _html(text, status_code=status, headers=sent)


def message_page(content_address: str, base_url: str, **values: Any) -> Response[str]:
    """A message by itself. `body` is clean HTML."""
    text = _environment.get_template("message.html").render(style=_MESSAGE_STYLE, **values)
    sent = headers(message_policy(content_address, base_url), shared=True, cache="private, no-store")
    return _html(text, headers=sent)
