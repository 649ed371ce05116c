"""Rendering: templates, the headers around them, redirects within the desk."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response
from litestar.datastructures import Cookie

from waypost.edges.base.context import Context
from waypost.edges.base.cookies import cookie
from waypost.edges.session import security, static_files
from waypost.edges.session.forms import Problem
from waypost.edges.session.visitors import FORM_MAX_AGE_S, SESSION_MAX_AGE_S, SignedInVisitor, Visitor

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals["static"] = static_files.address

MAX_NEXT = 4096


def page(
    context: Context,
    who: Visitor | SignedInVisitor | None,
    template: str,
    *,
    status: int = 200,
    problem: Problem | None = None,
    form_target: str = "",
    cookies: list[Cookie] | None = None,
    **values: Any,
) -> Response[str]:
    """An HTML page. With a problem its status is the problem's."""
    visitor = who.visitor if isinstance(who, SignedInVisitor) else who
    text = _environment.get_template(template).render(
        context=context, visitor=visitor, problem=problem, now=context.transactions.clock(), **values
    )
    headers = security.page_headers(security.content_security_policy(form_target))
    if problem is not None:
        status = problem.status
        if problem.retry_after_s is not None:
            headers["Retry-After"] = str(problem.retry_after_s)
    brought = list(cookies or [])
    if visitor is not None and visitor.new_form_cookie:
        brought.append(cookie(context, "form", visitor.new_form_cookie, FORM_MAX_AGE_S))
    if visitor is not None and visitor.extended_token:
        brought.append(cookie(context, "session", visitor.extended_token, SESSION_MAX_AGE_S))
    return Response(text, status_code=status, media_type=MediaType.HTML, headers=headers, cookies=brought)


def mail_text(template: str, **values: Any) -> str:
    """The HTML of a mail."""
    return _environment.get_template(template).render(**values)


def redirect(location: str, cookies: list[Cookie] | None = None, status: int = 303) -> Response[str]:
    """Send the browser elsewhere. The location is ours, or checked by the caller."""
    headers = security.page_headers(security.content_security_policy()) | {"Location": location}
    return Response("", status_code=status, media_type=MediaType.HTML, headers=headers, cookies=cookies or [])


def safe_next(location: str) -> str:
    """The page to go on to after signing in: a path of this desk, whatever was asked for."""
    is_path = location.startswith("/") and not location.startswith(("//", "/\\"))
    is_clean = len(location) <= MAX_NEXT and location.isprintable() and "\\" not in location and " " not in location
    if not (is_path and is_clean and location.isascii()):
        return "/"
    try:
        parts = urlsplit(location)
    except ValueError:
        return "/"
    return location if not parts.scheme and not parts.netloc else "/"


def _ago(at: datetime, now: datetime) -> str:
    """How long ago, in words."""
    seconds = max(0, int((now - at).total_seconds()))
    if seconds < 90:
        return "just now"
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now"


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%-d %B %Y}"


def _browser(user_agent: str) -> str:
    """A short name for the browser and system behind a User-Agent; a guess, for people only."""
    names = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    systems = (
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    )
    name = next((shown for mark, shown in names if mark in user_agent), "")
    system = next((shown for mark, shown in systems if mark in user_agent), "")
    return " on ".join(part for part in (name, system) if part) or user_agent[:40] or "Unknown browser"


_environment.filters.update(ago=_ago, day=_day, browser=_browser)
