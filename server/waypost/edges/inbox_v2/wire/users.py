"""Users and the platform's own actors on the wire (spec: 11.7, 11.9)."""

from __future__ import annotations

import msgspec

from waypost.domains.accounts import SystemUser, User, UserType
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.times import stamp


class UserOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A user, or a team under a user's address. Teams have neither role nor address."""

    id: int
    first_name: str
    last_name: str
    email: str | msgspec.UnsetType = msgspec.UNSET
    role: str | msgspec.UnsetType = msgspec.UNSET
    timezone: str
    photo_url: str
    created_at: str
    updated_at: str
    type: str
    mention: str
    initials: str
    job_title: str
    phone: str
    alternate_emails: list[str]
    #: Of the caller only.
    company_id: int | msgspec.UnsetType = msgspec.UNSET
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, user: User, base_url: str, company_id: int | None = None) -> UserOut:
        """Render."""
        is_team = user.type is UserType.TEAM
        return cls(
            id=user.id,
            first_name=user.first_name,
            last_name=user.last_name,
            email=msgspec.UNSET if is_team else user.email,
            role=user.role.value if user.role else msgspec.UNSET,
            timezone=user.timezone,
            photo_url=user.photo_url,
            created_at=stamp(user.created_at),
            updated_at=stamp(user.updated_at),
            type=user.type.value,
            mention=user.mention,
            initials=user.initials,
            job_title=user.job_title,
            phone=user.phone,
            alternate_emails=user.alternate_emails,
            company_id=company_id if company_id is not None else msgspec.UNSET,
            links={"self": Link(f"{base_url}/v2/users/{user.id}")},
        )


class SystemUserOut(msgspec.Struct, frozen=True, rename="camel"):
    """An actor of the platform's own."""

    id: int
    name: str
    type: str
    created_at: str
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, user: SystemUser, base_url: str) -> SystemUserOut:
        """Render."""
        return cls(
            id=user.id,
            name=user.name,
            type=UserType.SYSTEM_USER.value,
            created_at=stamp(user.created_at),
            links={"self": Link(f"{base_url}/v3/system-users/{user.id}")},
        )
