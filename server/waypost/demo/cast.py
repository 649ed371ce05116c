"""Who works at the demo's firm, Juniper Mail, and how its desk is set up. Every name here is invented."""

from __future__ import annotations

from typing import Final

from waypost.demo.shapes import (
    DemoDay,
    DemoField,
    DemoMailbox,
    DemoOrganization,
    DemoProperty,
    DemoRouting,
    DemoSavedReply,
    DemoStatus,
    DemoTag,
    DemoTeam,
    DemoUser,
    MailboxKey,
)

COMPANY: Final = "Juniper Mail"
# RFC 2606 keeps .test for ever unused, so nothing sent from a demo account can reach anybody.
DOMAIN: Final = "junipermail.test"

MAILBOXES: Final = (
    DemoMailbox("support", "Juniper Mail Support", f"support@{DOMAIN}"),
    DemoMailbox("orders", "Orders & Accounts", f"orders@{DOMAIN}"),
)

_SUPPORT_ONLY: Final[tuple[MailboxKey, ...]] = ("support",)

USERS: Final = (
    DemoUser(
        key="helena",
        first_name="Helena",
        last_name="Voss",
        email=f"helena@{DOMAIN}",
        role="owner",
        job_title="Founder",
        timezone="Europe/Vienna",
        mention="helena",
        phone="+43 1 5550100",
    ),
    DemoUser(
        key="marcus",
        first_name="Marcus",
        last_name="Okafor",
        email=f"marcus@{DOMAIN}",
        role="admin",
        job_title="Head of Support",
        timezone="Europe/London",
        mention="marcus",
        phone="+44 20 5550100",
    ),
    DemoUser(
        key="priya",
        first_name="Priya",
        last_name="Raman",
        email=f"priya@{DOMAIN}",
        role="admin",
        job_title="Support Operations",
        timezone="Asia/Kolkata",
        mention="priya",
    ),
    DemoUser(
        key="jonas",
        first_name="Jonas",
        last_name="Lindqvist",
        email=f"jonas@{DOMAIN}",
        role="user",
        job_title="Support Engineer",
        timezone="Europe/Stockholm",
        mention="jonas",
    ),
    DemoUser(
        key="chiara",
        first_name="Chiara",
        last_name="Bellini",
        email=f"chiara@{DOMAIN}",
        role="user",
        job_title="Support Specialist",
        timezone="Europe/Rome",
        mention="chiara",
    ),
    DemoUser(
        key="daniel",
        first_name="Daniel",
        last_name="Ortega",
        email=f"daniel@{DOMAIN}",
        role="user",
        job_title="Support Specialist",
        timezone="America/Mexico_City",
        mention="daniel",
    ),
    DemoUser(
        key="wren",
        first_name="Wren",
        last_name="Halloway",
        email=f"wren@{DOMAIN}",
        role="user",
        job_title="Orders and Billing",
        timezone="America/Chicago",
        mention="wren",
    ),
    DemoUser(
        key="tomas",
        first_name="Tomáš",
        last_name="Dvořák",
        email=f"tomas@{DOMAIN}",
        role="user",
        job_title="Support Engineer",
        timezone="Europe/Prague",
        mention="tomas",
        mailboxes=_SUPPORT_ONLY,
    ),
)

TEAMS: Final = (
    DemoTeam("tier2", "Tier 2", "tier2", "Europe/Stockholm", ("jonas", "tomas", "priya")),
    DemoTeam("billing", "Billing", "billing", "America/Chicago", ("wren", "daniel", "helena")),
)

FIELDS: Final = (
    DemoField("support", "Platform", "dropdown", options=("Windows", "macOS", "Linux", "Android", "Other")),
    DemoField("support", "Version", "singleline"),
    DemoField("support", "Steps to reproduce", "multiline"),
    DemoField("support", "Accounts affected", "number"),
    DemoField("support", "Started on", "date"),
    DemoField("orders", "Plan", "dropdown", required=True, options=("Free", "Personal", "Family", "Business")),
    DemoField("orders", "Order number", "number"),
    DemoField("orders", "Renewal date", "date"),
)

TAGS: Final = tuple(
    DemoTag(name, color)
    for name, color in (
        ("account", "#3197D6"),
        ("add-ons", "#4B73AA"),
        ("address-book", "#7B6AC9"),
        ("appearance", "#9F2EA2"),
        ("attachments", "#6AB8D9"),
        ("browser", "#E4732A"),
        ("calendar", "#4BC27D"),
        ("crash", "#D22C2C"),
        ("data-loss", "#A61C1C"),
        ("escalated", "#C44B91"),
        ("gmail", "#DB4437"),
        ("imap", "#2F8F83"),
        ("import-export", "#5B8C2A"),
        ("linux", "#929499"),
        ("macos", "#6C7A89"),
        ("needs-info", "#F1C40F"),
        ("orders", "#16A085"),
        ("outlook", "#1C6EA4"),
        ("passwords", "#8E6C3A"),
        ("payments", "#27AE60"),
        ("printing", "#7F8C8D"),
        ("security", "#34495E"),
        ("slow", "#B7950B"),
        ("smtp", "#2874A6"),
        ("sync", "#48A999"),
        ("update", "#5DADE2"),
        ("windows", "#0078D4"),
        ("yahoo-aol", "#6001D2"),
    )
)

CUSTOMER_PROPERTIES: Final = (
    DemoProperty("plan", "Plan", "dropdown", ("Free", "Personal", "Family", "Business")),
    DemoProperty("seats", "Seats", "number"),
    DemoProperty("mail-provider", "Mail provider", "text"),
    DemoProperty("account-page", "Account page", "url"),
    DemoProperty("customer-since", "Customer since", "date"),
)

ORGANIZATION_PROPERTIES: Final = (
    DemoProperty("tier", "Tier", "dropdown", ("Standard", "Priority")),
    DemoProperty("seats", "Seats", "number"),
    DemoProperty("renewal", "Renewal", "date"),
)

ORGANIZATIONS: Final = tuple(
    DemoOrganization(
        name=name,
        domains=(f"{key}.test",),
        website=f"https://www.{key}.test",
        location=location,
        description=description,
        note=note,
        phones=(f"+1 555-01{index + 30}",),
        brand_color=color,
        properties={"tier": tier, "seats": str(seats), "renewal": DemoDay(30 + 23 * index)},
    )
    for index, (key, name, location, description, note, color, tier, seats) in enumerate(
        (
            ("alderbrook-primary", "Alderbrook Primary School", "GB", "A school in Leeds.",
             "Forty staff, one volunteer for everything with a plug.", "#2E7D32", "Standard", 40),
            ("cantieri-bassi", "Cantieri Bassi", "IT", "A boatyard in Livorno.",
             "Prefers to be answered in Italian.", "#1565C0", "Standard", 12),
            ("dunes-dental", "Dunes Dental", "NL", "A dentists' practice in Haarlem.",
             "Shared mailbox at the front desk.", "#00838F", "Standard", 6),
            ("fernwood-books", "Fernwood Books", "US", "A bookshop in Portland.",
             "Orders come from the shop's own address.", "#6D4C41", "Standard", 4),
            ("hollis-partners", "Hollis & Partners", "IE", "Solicitors in Dublin.",
             "Keeps mail for ten years; ask before anything that deletes.", "#283593", "Priority", 55),
            ("lumen-architects", "Lumen Architects", "DK", "Architects in Copenhagen.",
             "Large attachments every day.", "#F9A825", "Priority", 23),
            ("nordlicht-verlag", "Nordlicht Verlag", "DE", "A publisher in Hamburg.",
             "Business plan since the first beta.", "#4527A0", "Priority", 31),
            ("papelaria-sol", "Papelaria Sol", "PT", "A stationer's in Porto.",
             "Two shops, one calendar.", "#EF6C00", "Standard", 5),
            ("riverside-choir", "Riverside Choir", "GB", "A choir in Bristol.",
             "A mailing list of three hundred singers.", "#AD1457", "Standard", 2),
            ("tallgrass-farms", "Tallgrass Farms", "US", "A farm near Wichita.",
             "Slow line; send small files.", "#558B2F", "Standard", 9),
        )
    )
)  # fmt: skip

SAVED_REPLIES: Final = (
    DemoSavedReply(
        "support",
        "Ask for version and system",
        "Could you tell us which version you use (Help > About) and on what system? That narrows it down a lot.",
        "Which version do you use, and on what system?",
    ),
    DemoSavedReply(
        "support",
        "Start without add-ons",
        "Please start once in troubleshoot mode (Help > Troubleshoot Mode). If it works there, an add-on is the cause.",
    ),
    DemoSavedReply(
        "support",
        "Where the profile lies",
        "Your mail lives in the profile folder: Help > Troubleshooting Information > Profile Folder. Please copy it first.",
    ),
    DemoSavedReply(
        "support",
        "App password needed",
        "Your provider no longer takes the normal password from mail programs. Make an app password there and use it here.",
    ),
    DemoSavedReply(
        "orders",
        "Where is my invoice",
        "Every invoice is on your account page under Billing. Shall we send this one by mail as well?",
        "Your invoices are on your account page, under Billing.",
    ),
    DemoSavedReply(
        "orders",
        "Change of plan",
        "You can change plans at any time; what you paid for the rest of the month is credited.",
    ),
)

STATUSES: Final = (
    DemoStatus("chiara", "away", "Lunch", "🍕", "pizza"),
    DemoStatus("priya", "active", "Working from Pune this week", "🏡", "house_with_garden"),
)

ROUTING: Final = (DemoRouting("orders", "balanced", 25, ("wren", "daniel", "jonas")),)
