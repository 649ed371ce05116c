"""The demo material: within its size, whole and valid, the same every time, and only of what the NOTICE credits."""

from __future__ import annotations

import email
import email.policy
import gzip
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from waypost.demo import cast, material, written

ROOT = Path(__file__).resolve().parents[3]
MEGABYTE = 1_000_000
COPYLEFT_SOURCES = {
    "alot", "bounceparser", "email-mime", "eml-parser", "kmime", "mu", "nextcloud-mail", "notmuch", "notmuch-lkml",
    "nylas",
    "perceval-mbox", "roundcube", "tnefparse", "gnucash-manual", "mastodon-user",
}  # fmt: skip
LICENCES = {
    "CC-BY-SA-3.0", "CC-BY-4.0", "CDLA-Permissive-1.0", "MIT", "MIT-0", "PSF-2.0", "Apache-2.0", "Apache-2.0 OR MIT",
    "BSD-2-Clause", "CC0-1.0",
}  # fmt: skip


def notice_rows() -> dict[str, list[str]]:
    lines = (material.data_dir() / "NOTICE.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {row[0]: row[1:] for row in rows[1:]}


def test_every_file_stays_under_one_megabyte_and_all_together_under_three() -> None:
    sizes = [path.stat().st_size for path in material.data_dir().iterdir()]
    assert max(sizes) < MEGABYTE
    assert sum(sizes) <= 3 * MEGABYTE


def test_there_are_enough_conversations_and_mails_and_no_id_twice() -> None:
    conversations = list(material.conversations())
    mails = list(material.emails())
    assert 400 <= len(conversations) <= 600
    assert 60 <= len(mails) <= 120
    assert len({item.id for item in conversations}) == len(conversations)
    assert len({mail.id for mail in mails}) == len(mails)


def test_all_statuses_channels_mailboxes_and_languages_occur() -> None:
    conversations = list(material.conversations())
    statuses = {item.status for item in conversations} | {mail.status for mail in material.emails()}
    assert statuses == {"active", "pending", "closed", "spam"}
    assert {item.channel for item in conversations} == {"email", "chat", "phone"}
    assert {item.mailbox for item in conversations} == {"support", "orders"}
    assert {mail.mailbox for mail in material.emails()} == {"support", "orders"}
    assert {"en-US", "it", "nl", "es", "cs", "hu", "tr", "pt-BR"} <= {item.locale for item in conversations}


def test_messages_are_in_order_in_the_past_and_have_one_body_each() -> None:
    for item in material.conversations():
        ages = [message.age_s for message in item.messages]
        assert ages == sorted(ages, reverse=True), item.id
        assert ages[-1] > 0, item.id
        for message in item.messages:
            assert (message.html is None) != (message.text is None), item.id
            assert (message.html or message.text or "").strip(), item.id
            assert message.author.strip(), item.id


def test_newest_activity_lies_just_before_the_reference_moment() -> None:
    newest = min(item.messages[-1].age_s for item in material.conversations())
    assert newest < 600


def test_conversations_use_only_what_the_cast_defines() -> None:
    tags = {tag.name for tag in cast.TAGS}
    fields = {(field.mailbox, field.name) for field in cast.FIELDS}
    users = {user.key: user for user in cast.USERS}
    used: set[str] = set()
    for item in material.conversations():
        used |= set(item.tags)
        assert {(item.mailbox, name) for name in item.fields} <= fields, item.id
        if item.assignee is not None:
            assert item.mailbox in users[item.assignee].mailboxes, item.id
    assert used == tags


def test_dropdown_values_are_options_of_their_field() -> None:
    options = {(field.mailbox, field.name): field.options for field in cast.FIELDS if field.type == "dropdown"}
    for item in material.conversations():
        for name, value in item.fields.items():
            if (item.mailbox, name) in options:
                assert value in options[item.mailbox, name], item.id


def test_every_text_of_the_staff_found_its_conversation() -> None:
    conversations = {item.id: item for item in material.conversations()}
    for note in written.NOTES:
        assert note.text in {message.text for message in conversations[note.conversation].messages}
    for draft in written.DRAFTS:
        assert conversations[draft.conversation].draft == draft.text
        assert conversations[draft.conversation].status == "active"
    for conversation_id, seconds in written.SNOOZES_S.items():
        assert conversations[conversation_id].snoozed_for_s == seconds
        assert conversations[conversation_id].status in ("active", "pending")
    assert {item.rating.grade for item in conversations.values() if item.rating} == {"great", "okay", "not-good"}


def test_mails_parse_and_show_the_kinds_a_desk_meets() -> None:
    parsed = {mail.id: email.message_from_bytes(mail.raw, policy=email.policy.compat32) for mail in material.emails()}
    parts = [part for message in parsed.values() for part in message.walk()]
    kinds = {part.get_content_type() for part in parts}
    assert {"text/html", "multipart/alternative", "multipart/related", "multipart/report", "application/pdf"} <= kinds
    assert {"text/calendar", "image/png", "message/rfc822"} <= kinds
    assert {"iso-8859-1", "utf-7", "ks_c_5601-1987"} <= {part.get_content_charset() for part in parts}
    chain = parsed["ruby-mail/rfc2822__example07"]["References"].split()
    assert {parsed[f"ruby-mail/rfc2822__example{number}"]["Message-ID"] for number in ("01", "06")} == set(chain)
    assert any(message["Cc"] for message in parsed.values())
    assert any(str(message["Auto-Submitted"]).startswith("auto-replied") for message in parsed.values())


def test_an_answering_mail_arrives_after_the_mail_it_answers() -> None:
    seen: set[str] = set()
    later: list[str] = []
    ids = {str(email.message_from_bytes(mail.raw)["Message-ID"]).strip() for mail in material.emails()}
    for mail in material.emails():
        message = email.message_from_bytes(mail.raw)
        parent = str(message["In-Reply-To"] or "").strip()
        if parent in ids and parent not in seen:
            later.append(mail.id)
        seen.add(str(message["Message-ID"]).strip())
    assert later == []


def test_nothing_executable_is_among_the_attachments() -> None:
    names = [
        part.get_filename() or ""
        for mail in material.emails()
        for part in email.message_from_bytes(mail.raw, policy=email.policy.compat32).walk()
    ]
    assert not [
        name for name in names if re.search(r"\.(exe|bat|com|scr|js|vbs|zip|rar|docm|xlsm)$", name, re.IGNORECASE)
    ]


def test_every_source_is_credited_with_a_permissive_or_creative_commons_licence() -> None:
    rows = notice_rows()
    used = {mail.source for mail in material.emails()}
    for item in material.conversations():
        if item.source != "invented":
            used.add("irc-help-channels" if item.source.startswith("irc-") else item.source)
    assert used == set(rows)
    assert {row[1] for row in rows.values()} <= LICENCES
    assert not used & COPYLEFT_SOURCES
    assert not re.search(r"\b(A|L)?GPL|GFDL", (material.data_dir() / "NOTICE.md").read_text(encoding="utf-8"))


def test_the_notice_of_the_repository_names_the_demo_data_and_its_licences() -> None:
    text = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert "server/waypost/demo/data/NOTICE.md" in text
    for licence in LICENCES - {"Apache-2.0 OR MIT"}:
        assert licence in text


def test_two_readings_are_equal_and_files_carry_no_time_of_making() -> None:
    assert list(material.conversations()) == list(material.conversations())
    assert list(material.emails()) == list(material.emails())
    assert material.customers() == material.customers()
    for path in material.data_dir().glob("*.gz"):
        assert path.read_bytes()[3:8] == bytes(5), path.name


def test_addresses_of_people_are_reserved_ones() -> None:
    for item in material.conversations():
        assert item.customer_email.endswith(("@example.org", ".test")), item.id
        for message in item.messages:
            for address in re.findall(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", message.html or message.text or ""):
                assert address.rstrip(".").endswith(("@example.org", "@example.com")), item.id
    assert all(user.email.endswith(f"@{cast.DOMAIN}") for user in cast.USERS)


def test_the_cast_has_the_roles_field_types_and_members_it_promises() -> None:
    roles = [user.role for user in cast.USERS]
    assert (roles.count("owner"), roles.count("admin"), roles.count("user")) == (1, 2, 5)
    assert {field.type for field in cast.FIELDS} == {"dropdown", "singleline", "multiline", "number", "date"}
    assert cast.FIELDS[0].type == "dropdown"
    assert cast.FIELDS[0].mailbox == cast.MAILBOXES[0].key
    assert {definition.type for definition in cast.CUSTOMER_PROPERTIES} == {"number", "text", "url", "date", "dropdown"}
    keys = {user.key for user in cast.USERS}
    assert all(set(team.members) <= keys for team in cast.TEAMS)
    assert all(re.fullmatch(r"#[0-9A-F]{6}", tag.color) for tag in cast.TAGS)


def test_twelve_customers_write_themselves_and_have_every_kind_of_entry() -> None:
    writers = {item.customer_email for item in material.conversations()}
    customers = material.customers()
    assert len(customers) == 12
    organizations = {organization.name for organization in cast.ORGANIZATIONS}
    definitions = {definition.slug for definition in cast.CUSTOMER_PROPERTIES}
    for customer in customers:
        assert customer.emails[0].value in writers
        assert all((customer.phones, customer.chats, customer.social_profiles, customer.websites, customer.background))
        assert customer.organization in organizations
        assert set(customer.properties) == definitions
    assert {customer.gender for customer in customers} == {"male", "female", "unknown"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Priya Raman", "PR"),
        ("Quinn West-Francië, van", "QV"),
        ("Wren", "W"),
        ("élise gérard", "ÉG"),
        ("  ", "?"),
        ("42", "?"),
    ],
)
def test_initials_stand_in_for_a_photograph(name: str, expected: str) -> None:
    assert material.initials(name) == expected


def test_an_author_of_the_sources_is_always_played_by_the_same_user_of_the_mailbox() -> None:
    assert material.user_for("Priya Raman").key == "priya"
    assert material.user_for("Almast Korutürk") == material.user_for("Almast Korutürk")
    players = {material.user_for(f"Author {number}", "orders").key for number in range(200)}
    assert players == {user.key for user in cast.USERS if user.role != "owner" and "orders" in user.mailboxes}


def forum_question(number: int, body: str) -> dict[str, Any]:
    def message(sender: str, at: str, html: str) -> dict[str, Any]:
        return {"from": sender, "author": "A B", "at": at, "html": html}

    return {
        "id": f"thunderbird-support-{number}", "source": "thunderbird-support", "channel": "email", "locale": "en-US",
        "subject": "A question about folders", "tags": [], "customer": {"name": "A B", "email": "a.b@example.org"},
        "messages": [
            message("customer", "2023-01-01T10:00:00Z", f"<p>{body}</p>"),
            message("agent", "2023-01-01T11:30:00Z", '<p>See <a href="/en-US/kb/folders">this article</a>.</p>'),
        ],
    }  # fmt: skip


def made_source_dir(folder: Path, questions: list[dict[str, Any]]) -> Path:
    """A source folder with the shipped mails and these forum questions, everything else empty."""
    for name in ("firefox-support", "irc-help-channels", "multidogo-customer-turns", "abcd-retail-samples"):
        (folder / "conversations").mkdir(parents=True, exist_ok=True)
        (folder / "conversations" / f"{name}.jsonl").write_text("")
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    (folder / "conversations" / "thunderbird-support.jsonl").write_text(lines)
    for mail in material.emails():
        source, name = mail.id.split("/")
        path = folder / "mail" / "eml" / ("bounces" if source == "sisimai" else source) / f"{name}.eml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(mail.raw)
    return folder


def rebuild(source: Path, target: Path) -> dict[str, bytes]:
    command = [sys.executable, str(ROOT / "scripts" / "make_demo_data.py"), str(source), str(target)]
    subprocess.run(command, check=True, capture_output=True)
    return {path.name: path.read_bytes() for path in target.iterdir()}


def test_rebuilding_gives_the_same_bytes_and_leaves_out_the_unsuitable(tmp_path: Path) -> None:
    questions = [
        forum_question(1, "How do I move a whole folder to another account, please?"),
        forum_question(2, "You idiots have broken my folders again, what is this?"),
        forum_question(3, "Please ring me on 0160 5550 1234 and move the folders with me."),
        forum_question(4, "Write to jane.roe@private.invalid about all of these folders."),
        forum_question(5, "My folders look like this: https://janes-own-site.invalid/picture"),
    ]
    source = made_source_dir(tmp_path / "source", questions)
    first = rebuild(source, tmp_path / "first")
    assert first == rebuild(source, tmp_path / "second")
    # Unpacked, because another zlib packs the same text into other bytes.
    shipped = (material.data_dir() / "mails.jsonl.gz").read_bytes()
    assert gzip.decompress(first["mails.jsonl.gz"]) == gzip.decompress(shipped)
    assert first["NOTICE.md"] == (material.data_dir() / "NOTICE.md").read_bytes()
    kept = [json.loads(line) for line in gzip.decompress(first["thunderbird-support.jsonl.gz"]).splitlines()]
    assert [record["id"] for record in kept] == ["thunderbird-support-1"]
    ages = [message["age_s"] for message in kept[0]["messages"]]
    assert ages[0] - ages[1] == 5400
    assert 'href="https://support.mozilla.org/en-US/kb/folders"' in kept[0]["messages"][1]["html"]
