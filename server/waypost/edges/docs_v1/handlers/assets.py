"""Files: endpoints 40 and 41, and where they are served."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import litestar
from litestar import Request, Response
from litestar.params import FromPath
from msgspec import UNSET

from waypost.domains import docs
from waypost.domains.accounts import Actor
from waypost.domains.docs import AssetKind, NewAsset
from waypost.edges.base.context import ActorDependency, Context, ContextDependency, TxDependency
from waypost.edges.docs_v1 import envelope
from waypost.edges.docs_v1.members import Members, documented, read_parts
from waypost.edges.docs_v1.wire import assets as wire
from waypost.edges.docs_v1.wire.assets import AssetOut
from waypost.kit.errors import FieldError, Invalid, NotFound
from waypost.kit.file_kinds import PICTURES
from waypost.kit.tx import Tx

TAGS = ["Assets"]
#: Pictures that cannot hold a program, whatever a browser makes of them.
_SHOWN = PICTURES | {"image/x-icon"}
_SVG = "image/svg+xml"


@litestar.post(
    "/v1/assets/article", status_code=201, tags=TAGS, operation_class=documented(members=wire.MEMBERS, is_form=True)
)
async def add_article_asset(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, context: ContextDependency
) -> Response[AssetOut]:
    """Store a file of an article; of the types of a site's files, one of the site."""
    return await _add(tx, context, actor, read_parts(request, wire.MEMBERS), None)


@litestar.post(
    "/v1/assets/settings", status_code=201, tags=TAGS, operation_class=documented(members=wire.MEMBERS, is_form=True)
)
async def add_settings_asset(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, context: ContextDependency
) -> Response[AssetOut]:
    """Store a logo or icon, to be set as the site's with its address."""
    members = read_parts(request, wire.MEMBERS)
    kind = members.choice("assetType", AssetKind)
    if kind is not UNSET and not kind.is_of_site:
        raise Invalid([FieldError("assetType", "assetType is invalid", "EnumValue", kind.value)])
    return await _add(tx, context, actor, members, None)


@litestar.post("/v1/articles/{article_id:str}/assets", status_code=201, include_in_schema=False)
async def add_asset_to_article(
    request: Request[Any, Any, Any],
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    article_id: FromPath[str],
) -> Response[AssetOut]:
    """The same where operator-kit/hs-cli sends it (spec: 1)."""
    found = await docs.get_article(tx, actor, article_id)
    members = read_parts(request, wire.MEMBERS)
    members.values.setdefault("assetType", AssetKind.IMAGE.value)
    return await _add(tx, context, actor, members, found.article.id)


async def _add(tx: Tx, context: Context, actor: Actor, members: Members, article_id: str | None) -> Response[AssetOut]:
    kind, file, name = members.choice("assetType", AssetKind), members.file("file"), members.text("fileName")
    article, site = members.text("articleId"), members.text("siteId")
    if kind is UNSET and not members.errors:
        members.errors.append(FieldError("assetType", "assetType is required", "NotEmpty"))
    if file is None:
        members.errors.append(FieldError("file", "file is required", "NotEmpty"))
    members.done()
    assert kind is not UNSET
    assert file is not None
    made = await docs.add_asset(
        tx,
        context.files,
        actor,
        NewAsset(kind=kind, file_name=file.file_name if name is UNSET else name, data=file.data),
        article_id=article_id or (None if article is UNSET else article),
        site_id=None if site is UNSET else site,
    )
    return envelope.answer(AssetOut.of(made, context.content_address), 201)


@litestar.get(
    "/docs/assets/{site_id:str}/{folder:str}/{asset_id:str}/{file_name:str}", include_in_schema=False,
    exception_handlers={NotFound: lambda _, __: Response(b"Not found", status_code=404, media_type="text/plain")},
)  # fmt: skip
async def get_asset(
    read: TxDependency,
    context: ContextDependency,
    site_id: FromPath[str],
    folder: FromPath[str],
    asset_id: FromPath[str],
    file_name: FromPath[str],
) -> Response[bytes]:
    """A stored file. Nobody signs in for it: its address cannot be guessed."""
    found = await docs.find_public_asset(read, site_id, folder, asset_id, file_name)
    data = await context.files.read(found.storage_key)
    is_shown = found.mime_type in _SHOWN and found.kind is not AssetKind.ATTACHMENT
    # An SVG can hold scripts: as an image of a page it never runs them, and opened by itself it is a download.
    is_picture = found.mime_type in _SHOWN or (found.mime_type == _SVG and found.kind is not AssetKind.ATTACHMENT)
    return Response(
        data,
        media_type=found.mime_type if is_picture else "application/octet-stream",
        headers={
            "Content-Disposition": _disposition(found.file_name, is_shown=is_shown),
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Cache-Control": "public, max-age=31536000, immutable",
        },
    )


def _disposition(name: str, *, is_shown: bool) -> str:
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\%' else "_" for letter in name
    )
    kind = "inline" if is_shown else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


ROUTES = [add_article_asset, add_settings_asset, add_asset_to_article]
#: Outside /v1: no key, and none of the API's headers.
PUBLIC_ROUTES = [get_asset]
