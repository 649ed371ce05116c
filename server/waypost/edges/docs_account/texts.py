"""Texts of articles on their way here: files of the source become files of the site, and links
to its pages links to ours."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, LexborNode

from waypost.domains import docs
from waypost.domains.docs import AssetKind
from waypost.edges.docs_account.files import Files
from waypost.edges.docs_account.places import Placed, Places, file_address
from waypost.edges.docs_account.summary import Summary

#: Files and links of one text beyond these stay as they are.
MOST_REFERENCES = 2000


class Texts:
    """The rewriting of a source's texts."""

    def __init__(self, base: str, places: Places, files: Files, summary: Summary) -> None:
        self._base, self._places, self._files, self._summary = base, places, files, summary

    async def rewritten(self, text: str, article: Placed, where: str) -> tuple[str, bool]:
        """The text made safe and rewritten, and whether all of its files are here."""
        # Made safe first: parsers are not given what could choke them.
        safe = (await docs.prepare(text)).html if text.strip() else ""
        tree = LexborHTMLParser(safe)
        is_whole, changed = True, False
        for node in tree.css("img[src]")[:MOST_REFERENCES]:
            done = await self._file(node, "src", article, where)
            is_whole, changed = is_whole and done is not False, changed or done is not None
        for node in tree.css("a[href]")[:MOST_REFERENCES]:
            done = await self._file(node, "href", article, where)
            is_whole = is_whole and done is not False
            if done is not None or self._linked(node, article, where):
                changed = True
        if not changed or tree.body is None:
            return safe or "<p></p>", is_whole
        return "".join(node.html or "" for node in tree.body.iter(include_text=True)), is_whole

    async def _file(self, node: LexborNode, name: str, article: Placed, where: str) -> bool | None:
        """Whether a reference leads to a file here now; None if it is to no file of the source."""
        reference = node.attributes.get(name) or ""
        is_shown = name == "src"
        address = file_address(reference, self._base, self._places.hosts, is_shown=is_shown)
        if address is None:
            return None
        kind = AssetKind.IMAGE if is_shown or "/images/" in address else AssetKind.ATTACHMENT
        path = await self._files.stored(address, kind, article.site_id, article.id, where)
        # A path would lead nowhere from here.
        node.attrs[name] = path or address
        return path is not None

    def _linked(self, node: LexborNode, article: Placed, where: str) -> bool:
        """Whether a link leads to a page of this desk now."""
        address = node.attributes.get("href") or ""
        found = self._places.leads_to(address, article.site_id)
        if found is False:
            self._summary.dead_links += 1
            self._summary.note(where, f"the link to {address[:300]} leads to no page that was taken in")
        if not found:
            return False
        node.attrs["href"] = found
        self._summary.links += 1
        return found != address
