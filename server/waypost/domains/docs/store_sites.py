"""Rows of sites and their restrictions."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec

from waypost.domains.docs.models import Author, Site, SiteFields, SiteLook, SiteStatus
from waypost.kit.db import Connection
from waypost.kit.paging import Page, PageRequest

_COLUMNS = """id, status, sub_domain, cname, has_public_site, has_contact_form, mailbox, language, look,
  created_by, updated_by, created_at, updated_at"""
LIST = f"select {_COLUMNS} from docs_site where account_id = $1 order by id limit $2 offset $3"
COUNT = "select count(*) from docs_site where account_id = $1"
FIND = f"select {_COLUMNS} from docs_site where account_id = $1 and id = $2"
BY_HOST = f"""
select account_id, {_COLUMNS} from docs_site where lower(cname) = $1
union all
select account_id, {_COLUMNS} from docs_site where lower(sub_domain) = $2
limit 1
"""
INSERT = """
insert into docs_site (account_id, id, status, sub_domain, cname, has_public_site, has_contact_form, mailbox, language,
  look, created_by, updated_by, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $12)
"""
UPDATE = """
update docs_site set status = $3, sub_domain = $4, cname = $5, has_public_site = $6, has_contact_form = $7,
  mailbox = $8, language = $9, look = $10, updated_by = $11, updated_at = $12
where account_id = $1 and id = $2
"""
DELETE = "delete from docs_site where account_id = $1 and id = $2"
RESTRICTION = """
select is_enabled, sign_in_url, secret_sealed, password_hash is not null as has_password
from docs_restriction where account_id = $1 and site_id = $2
"""
RESTRICT = """
insert into docs_restriction (account_id, site_id, is_enabled, sign_in_url, secret_sealed) values ($1, $2, $3, $4, $5)
on conflict (account_id, site_id) do update set is_enabled = excluded.is_enabled, sign_in_url = excluded.sign_in_url,
  secret_sealed = coalesce(docs_restriction.secret_sealed, excluded.secret_sealed)
"""


def author_of(row: asyncpg.Record) -> Author:
    """The four columns that every thing of the knowledge base has."""
    return Author(
        created_by=row["created_by"],
        updated_by=row["updated_by"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _site(row: asyncpg.Record) -> Site:
    fields = SiteFields(
        status=SiteStatus(row["status"]),
        sub_domain=row["sub_domain"],
        cname=row["cname"],
        has_public_site=row["has_public_site"],
        has_contact_form=row["has_contact_form"],
        mailbox=row["mailbox"],
        language=row["language"],
        look=msgspec.convert(row["look"], SiteLook),
    )
    return Site(id=row["id"], fields=fields, author=author_of(row))


def _values(fields: SiteFields) -> list[Any]:
    return [
        fields.status.value,
        fields.sub_domain,
        fields.cname,
        fields.has_public_site,
        fields.has_contact_form,
        fields.mailbox,
        fields.language,
        msgspec.to_builtins(fields.look),
    ]


async def list_sites(connection: Connection, account_id: int, page: PageRequest) -> Page[Site]:
    """Oldest first."""
    rows = await connection.fetch(LIST, account_id, page.size, page.offset)
    return Page([_site(row) for row in rows], await count(connection, account_id), page)


async def count(connection: Connection, account_id: int) -> int:
    """How many the account has."""
    found: int = await connection.fetchval(COUNT, account_id)
    return found


async def find(connection: Connection, account_id: int, site_id: str) -> Site | None:
    """One site."""
    row = await connection.fetchrow(FIND, account_id, site_id)
    return _site(row) if row else None


async def find_by_host(connection: Connection, host: str, sub_domain: str | None) -> tuple[int, Site] | None:
    """The site that answers on a host, and whose it is. Host names are the only ones that no account qualifies."""
    row = await connection.fetchrow(BY_HOST, host.lower(), sub_domain)
    return (row["account_id"], _site(row)) if row else None


async def insert(connection: Connection, account_id: int, site: Site) -> None:
    """Raises asyncpg.UniqueViolationError for a host that is taken, as does `update`."""
    author = site.author
    await connection.execute(INSERT, account_id, site.id, *_values(site.fields), author.created_by, author.created_at)


async def update(connection: Connection, account_id: int, site: Site) -> None:
    """Write a site as it is now."""
    author = site.author
    await connection.execute(UPDATE, account_id, site.id, *_values(site.fields), author.updated_by, author.updated_at)


async def delete(connection: Connection, account_id: int, site_id: str) -> None:
    """The site, and by its keys all that it held."""
    await connection.execute(DELETE, account_id, site_id)


async def find_restriction(connection: Connection, account_id: int, site_id: str) -> asyncpg.Record | None:
    """The row, its secret still sealed."""
    return await connection.fetchrow(RESTRICTION, account_id, site_id)


async def put_restriction(
    connection: Connection, account_id: int, site_id: str, enabled: bool, sign_in_url: str, sealed: bytes | None
) -> None:
    """Write the restriction; a secret that is there stays."""
    await connection.execute(RESTRICT, account_id, site_id, enabled, sign_in_url, sealed)
