"""The bare resource that receivers of the platform's own webhooks get (spec: webhooks 6.3)."""

from __future__ import annotations

from typing import Any

from waypost.domains.conversations import Attachment, Conversation, Person, Rating, Thread, ThreadType
from waypost.domains.customers import Customer, EntryKind
from waypost.domains.webhooks import Material, Occurrence
from waypost.edges.hooks_out.times import stamp

Resource = dict[str, Any]

#: Where things are, by what they are.
_PATHS = {
    "conversation": "/v2/conversations",
    "customer": "/v2/customers",
    "tag": "/v2/tags",
    "organization": "/v2/organizations",
    "user": "/v2/users",
    "webhook": "/v2/webhooks",
}
_ENTRIES = {
    EntryKind.EMAIL: "emails",
    EntryKind.PHONE: "phones",
    EntryKind.CHAT: "chats",
    EntryKind.SOCIAL_PROFILE: "social_profiles",
    EntryKind.WEBSITE: "websites",
}
RATED = "satisfaction.ratings.received"


def address(event: Occurrence, base_url: str) -> str:
    """Where the resource of an event is."""
    if event.name == RATED:
        return f"{base_url}/v2/ratings/{event.data.get('rating_id', 0)}"
    return f"{base_url}{_PATHS[event.resource_kind]}/{event.resource_id}"


def notification(event: Occurrence, base_url: str) -> Resource:
    """Only which resource it is about, for those who fetch it themselves."""
    return {"id": event.resource_id, "_links": {"self": _link(address(event, base_url))}}


def resource(event: Occurrence, material: Material, base_url: str) -> Resource | None:
    """The resource as it is now; None when it cannot be told any more."""
    if event.name.endswith(".deleted") or event.name == "helpscout.test":
        return {"id": event.resource_id}
    if event.resource_kind == "conversation":
        found = material.conversations.get(event.resource_id)
        if found is None:
            return None
        if event.name == RATED:
            rated = material.ratings.get(event.data["rating_id"])
            return _rating(rated, address(event, base_url)) if rated is not None else None
        return conversation(found, material.threads_of.get(found.id, []), base_url)
    if event.resource_kind == "customer":
        known = material.customers.get(event.resource_id)
        return customer(known, base_url) if known is not None else None
    if event.resource_kind == "tag":
        return _tag(event, material, base_url)
    links = {"self": _link(address(event, base_url))}
    if event.resource_kind == "organization":
        names = {"name": event.data.get("name", ""), "domains": event.data.get("domains", [])}
        return {"id": event.resource_id, **names, "_links": links}
    user = material.users.get(event.resource_id)
    email = user.email if user is not None else ""
    return {"id": event.resource_id, "email": email, "status": event.data.get("status"), "_links": links}


def _link(href: str) -> dict[str, str]:
    return {"href": href}


# ---------------------------------------------------------------- conversations


def conversation(of: Conversation, threads: list[Thread], base_url: str) -> Resource:
    """A conversation with its threads, newest first. Keys without a value are absent, as in the API."""
    own = f"{base_url}/v2/conversations/{of.id}"
    waiting: Resource = {"friendly": ""}
    if of.waiting_since is not None:
        waiting["time"] = stamp(of.waiting_since)
    if of.latest_reply_from is not None:
        waiting["latestReplyFrom"] = of.latest_reply_from
    links = {
        "self": _link(own),
        "mailbox": _link(f"{base_url}/v2/mailboxes/{of.mailbox_id}"),
        "primaryCustomer": _link(_address_of(of.primary_customer, base_url)),
        "threads": _link(f"{own}/threads/"),
        "web": _link(f"{base_url}/conversation/{of.id}/{of.number}"),
        ("createdByCustomer" if of.created_by.type == "customer" else "createdByUser"): _link(
            _address_of(of.created_by, base_url)
        ),
    }
    built: Resource = {
        "id": of.id,
        "number": of.number,
        "threads": of.thread_count,
        "type": of.type,
        "folderId": of.folder_id,
        "status": of.status,
        "state": of.state,
        "subject": of.subject,
        "preview": of.preview,
        "mailboxId": of.mailbox_id,
        "createdBy": _person(of.created_by),
        "createdAt": stamp(of.created_at),
        "userUpdatedAt": stamp(of.user_updated_at),
        "modifiedAt": stamp(of.modified_at),
        "customerWaitingSince": waiting,
        "source": {"type": of.source_type, "via": of.source_via},
        "tags": [
            {"id": tag.id, "color": tag.color, "tag": tag.name, "name": tag.name, "slug": tag.slug} for tag in of.tags
        ],
        "cc": of.cc,
        "bcc": of.bcc,
        "primaryCustomer": _person(of.primary_customer),
        "customFields": [
            {"id": held.id, "name": held.name, "value": held.value, "text": held.text} for held in of.fields
        ],
        "_embedded": {"threads": [thread(item, base_url) for item in threads]},
    }
    if of.assignee is not None:
        built["assignee"] = _person(of.assignee)
        links["assignee"] = _link(_address_of(of.assignee, base_url))
    if of.closed_by is not None:
        built |= {"closedBy": of.closed_by.id, "closedByUser": _person(of.closed_by)}
        links["closedBy"] = _link(_address_of(of.closed_by, base_url))
        if of.closed_at is not None:
            built["closedAt"] = stamp(of.closed_at)
    if of.snooze is not None:
        built["snooze"] = {
            "snoozedBy": of.snooze.by_user_id,
            "snoozedUntil": stamp(of.snooze.until),
            "unsnoozeOnCustomerReply": of.snooze.unsnooze_on_customer_reply,
        }
    return {**built, "_links": links}


def thread(of: Thread, base_url: str) -> Resource:
    """A thread inside a conversation."""
    own = f"{base_url}/v2/conversations/{of.conversation_id}/threads/{of.id}"
    action: Resource = {"type": of.action_type, "associatedEntities": of.action_entities or {}}
    if of.action_text is not None:
        action["text"] = of.action_text
    built: Resource = {
        "id": of.id,
        "type": of.type.value,
        "status": of.status,
        "state": of.state.value,
        "action": action,
        "source": {"type": of.source_type, "via": of.source_via},
        "createdBy": _person(of.created_by),
        "savedReplyId": of.saved_reply_id,
        "to": of.to,
        "cc": of.cc,
        "bcc": of.bcc,
        "createdAt": stamp(of.created_at),
        "_embedded": {"attachments": [_attachment(file, base_url) for file in of.attachments]},
        "_links": {"self": _link(own)},
    }
    if of.type is not ThreadType.LINE_ITEM:
        built["body"] = of.body
    if of.customer is not None:
        built["customer"] = _person(of.customer)
    if of.assignee is not None:
        built["assignedTo"] = _person(of.assignee)
    if of.opened_at is not None:
        built["openedAt"] = stamp(of.opened_at)
    if of.rating is not None:
        built["rating"] = {
            "customerId": of.rating.customer_id,
            "rating": of.rating.grade,
            "comments": of.rating.comments,
        }
    if of.linked_conversation_id is not None:
        built["linkedConversationId"] = of.linked_conversation_id
    return built


def _attachment(of: Attachment, base_url: str) -> Resource:
    own = f"{base_url}/v2/conversations/{of.conversation_id}/attachments/{of.id}"
    return {
        "id": of.id,
        "filename": of.file_name,
        "mimeType": of.mime_type,
        "width": of.width,
        "height": of.height,
        "size": of.size,
        "state": of.state,
        "_links": {"self": _link(own), "data": _link(f"{own}/data"), "web": _link(f"{own}/file")},
    }


def _person(of: Person) -> Resource:
    kind = "user" if of.type == "system_user" else of.type
    return {
        "id": of.id,
        "type": kind,
        "first": of.first,
        "last": of.last,
        "email": of.email,
        "photoUrl": of.photo_url,
    }


def _address_of(of: Person, base_url: str) -> str:
    return f"{base_url}/v2/{'customers' if of.type == 'customer' else 'users'}/{of.id}"


def _rating(of: Rating, own: str) -> Resource:
    return {
        "id": of.id,
        "customerId": of.customer.id,
        "conversationId": of.conversation_id,
        "conversationNumber": of.conversation_number,
        "threadId": of.thread_id,
        "mailboxId": of.mailbox_id,
        "userId": of.user.id if of.user is not None else None,
        "rating": of.grade.value,
        "comments": of.comments,
        "createdAt": stamp(of.created_at),
        "modifiedAt": stamp(of.modified_at),
        "_links": {"self": _link(own)},
    }


# ---------------------------------------------------------------- all others


def customer(of: Customer, base_url: str) -> Resource:
    """A customer with all that hangs on them."""
    own = f"{base_url}/v2/customers/{of.id}"
    entries: dict[str, list[Resource]] = {name: [] for name in _ENTRIES.values()}
    for entry in of.entries:
        shown: Resource = {"id": entry.id, "value": entry.value}
        entries[_ENTRIES[entry.kind]].append(shown if entry.type is None else {**shown, "type": entry.type})
    embedded: Resource = {
        **entries,
        "properties": [
            {
                "type": held.type.value,
                "slug": held.slug,
                "name": held.name,
                "value": held.value,
                "text": held.text,
                "source": {"name": held.source},
            }
            for held in of.properties
        ],
    }
    if of.address is not None:
        embedded["address"] = {
            "id": of.address.id,
            "lines": of.address.lines,
            "city": of.address.city,
            "state": of.address.state,
            "postalCode": of.address.postal_code,
            "country": of.address.country,
        }
    built: Resource = {
        "id": of.id,
        "firstName": of.first_name,
        "lastName": of.last_name,
        "gender": of.gender.value,
        "jobTitle": of.job_title,
        "location": of.location,
        "organization": of.organization.name if of.organization is not None else None,
        "photoType": of.photo_type.value if of.photo_type is not None else None,
        "photoUrl": of.photo_url,
        "age": of.age,
        "background": of.background,
        "createdAt": stamp(of.created_at),
        "updatedAt": stamp(of.updated_at),
        "_embedded": embedded,
        "_links": {"self": _link(own), **{name: _link(f"{own}/{name}") for name in ("emails", "phones", "address")}},
    }
    return {key: value for key, value in built.items() if value is not None}


def _tag(event: Occurrence, material: Material, base_url: str) -> Resource | None:
    found = material.tags.get(event.resource_id)
    if found is None:
        return None
    return {
        "id": found.id,
        "slug": found.slug,
        "name": found.name,
        "color": found.color,
        "ticketCount": found.conversation_count,
        "createdAt": stamp(found.created_at),
        "updatedAt": stamp(found.updated_at),
        "_links": {"self": _link(address(event, base_url))},
    }
