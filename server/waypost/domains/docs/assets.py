"""Files of articles and sites: told by their content, stored under keys of our own (spec: 9)."""

from __future__ import annotations

import re

import msgspec

from waypost.domains.accounts import Actor
from waypost.domains.docs import errors, events, rights, sites, store_assets
from waypost.domains.docs.articles import get_article
from waypost.domains.docs.ids import ID, new_id
from waypost.domains.docs.models import Asset, AssetKind
from waypost.kit.errors import FieldError, Invalid, NotFound, TooLarge
from waypost.kit.file_kinds import UNKNOWN, picture_type, shown_type
from waypost.kit.files import FileStore
from waypost.kit.html import clean_file_name
from waypost.kit.image_sizes import dimensions
from waypost.kit.tx import Tx

MOST_BYTES = 10 * 1024 * 1024
SVG, ICON = "image/svg+xml", "image/x-icon"
#: What a computer of some kind runs when it is opened.
EXECUTABLE = frozenset(
    "action apk app appimage application appx bat bin cmd com command cpl csh deb dll dylib elf exe gadget hta htaccess"
    " inf ins ipa jar jnlp jse ksh lnk mpkg msc msh msi msp mst osx out paf php pif pkg prg ps1 ps2 psm1 pyc pyz reg"
    " rgs rpm run scf scr sct shb shs so sys url vb vbe vbs vxd workflow ws wsc wsf wsh xbe xll".split()
)
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xfe\xed\xfa", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_SVG = re.compile(
    rb"(?:\xef\xbb\xbf)?(?>\s|<\?xml[^>]*+>|<!--(?>.*?-->)|<!DOCTYPE[^>\[]*+>)*+<svg[\s>]", re.IGNORECASE | re.DOTALL
)


class NewAsset(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was sent."""

    kind: AssetKind
    file_name: str
    data: bytes


async def add_asset(
    tx: Tx, files: FileStore, actor: Actor, wanted: NewAsset, *, article_id: str | None, site_id: str | None
) -> Asset:
    """Store a file of an article, or of a site. Raises Forbidden, Invalid, TooLarge.

    Files of articles need the right to write articles, those of a site's dress the right to manage.
    """
    if wanted.kind.is_of_site:
        await rights.begin_managing(tx, actor)
        of_site = (await sites.site_meant(tx, actor, site_id)).id
        article_id = None
    else:
        await rights.begin_editing(tx, actor)
        if not article_id:
            raise Invalid([errors.required("articleId")])
        try:
            of_site = (await get_article(tx, actor, article_id)).article.site_id
        except NotFound as error:
            raise Invalid([errors.not_found("articleId")]) from error
    return await _store(tx, files, actor, wanted, of_site, article_id)


async def _store(
    tx: Tx, files: FileStore, actor: Actor, wanted: NewAsset, site_id: str, article_id: str | None
) -> Asset:
    mime_type = type_of(wanted)
    width, height = _size(wanted.data, mime_type)
    asset = Asset(
        account_id=actor.account_id,
        id=new_id(tx.now),
        site_id=site_id,
        kind=wanted.kind,
        file_name=clean_file_name(wanted.file_name, "file"),
        mime_type=mime_type,
        size=len(wanted.data),
        width=width,
        height=height,
        storage_key=files.new_key(actor.account_id, "docs"),
    )
    await files.write_durably({asset.storage_key: wanted.data})
    await store_assets.insert(tx, asset, article_id, actor.user_id or None)
    tx.emit(actor, events.AssetAdded(subject_id=None, id=asset.id, site_id=site_id))
    return asset


async def find_same_asset(tx: Tx, actor: Actor, files: FileStore, article_id: str, wanted: NewAsset) -> Asset | None:
    """A file of the article's site with the same name and bytes, so that an import stores each of them once."""
    site_id = (await get_article(tx, actor, article_id)).article.site_id
    sought = Asset(
        account_id=actor.account_id,
        id="",
        site_id=site_id,
        kind=wanted.kind,
        file_name=clean_file_name(wanted.file_name, "file"),
        mime_type="",
        size=len(wanted.data),
        width=None,
        height=None,
        storage_key="",
    )
    for known in await store_assets.list_like(tx.connection, sought):
        if await files.read(known.storage_key) == wanted.data:
            return known
    return None


async def find_public_asset(tx: Tx, site_id: str, folder: str, asset_id: str, file_name: str) -> Asset:
    """The file that an address names, all of whose parts must be right. Raises NotFound.

    Whoever has the address may fetch it: it holds 64 random bits, and pictures of articles are fetched by readers'
    browsers and mail programs.
    """
    found = await store_assets.find(tx.connection, asset_id) if ID.fullmatch(asset_id) else None
    is_attachment = found is not None and found.kind is AssetKind.ATTACHMENT
    wanted = (site_id, "attachments" if is_attachment else "images", file_name)
    if found is None or wanted != (found.site_id, folder, found.file_name):
        raise NotFound("no such file")
    return found


def type_of(wanted: NewAsset) -> str:
    """What a file is, by its content. Raises TooLarge, or Invalid for what is no picture or runs when opened."""
    data = wanted.data
    if not data:
        raise Invalid([errors.required("file")])
    if len(data) > MOST_BYTES:
        raise TooLarge("Files may be 10 MB at most")
    picture = _picture(data)
    if wanted.kind is not AssetKind.ATTACHMENT:
        if picture is None:
            raise Invalid([FieldError("file", "file is not an image", "Type")])
        return picture
    if is_program(wanted.file_name, data):
        raise Invalid([FieldError("file", "file is of a type that can be run", "Type")])
    return picture or shown_type(data) or UNKNOWN


def is_program(file_name: str, data: bytes) -> bool:
    """Whether a file is one that a computer runs when it is opened, by its name or its content."""
    extensions = clean_file_name(file_name).lower().split(".")[1:]
    return data.startswith(_PROGRAMS) or any(extension in EXECUTABLE for extension in extensions)


def _picture(data: bytes) -> str | None:
    known = picture_type(data)
    if known is not None:
        return known
    if data.startswith(b"\x00\x00\x01\x00") and len(data) > 22:
        return ICON
    return SVG if _SVG.match(data[:4096]) else None


def _size(data: bytes, mime_type: str) -> tuple[int | None, int | None]:
    if mime_type == ICON:
        return data[6] or 256, data[7] or 256
    width, height = dimensions(data, mime_type)
    return width or None, height or None
