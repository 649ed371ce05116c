"""The browser of the session pages' tests, for the pages of content."""

from tests.edges.session.conftest import chromium, complaints, tab

__all__ = ["chromium", "complaints", "tab"]
