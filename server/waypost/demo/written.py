"""What the demo's staff wrote, invented here: notes, drafts, telephone calls and what customers said on rating forms."""

from __future__ import annotations

from typing import Final, NamedTuple

from waypost.demo.shapes import DemoConversation, DemoMessage, Grade


class Written(NamedTuple):
    """A text by the user with the key `author`, for the conversation with this id."""

    conversation: str
    author: str
    text: str


NOTES: Final = (
    Written(
        "thunderbird-support-1427092",
        "priya",
        "Happens here too at 150 % on a small screen. @tier2 is there a bug for the event window already?",
    ),
    Written(
        "thunderbird-support-1466202",
        "tomas",
        "Antivirus scanning the mail folder, I'm fairly sure. If safe mode is quick, exclude the profile and compare.",
    ),
    Written(
        "thunderbird-support-1464626", "marcus", "Solved by the upgrade. Worth a line in the article on compacting."
    ),
    Written(
        "thunderbird-support-1434953",
        "jonas",
        "Two people in here by now. The second one should get a conversation of their own.",
    ),
    Written(
        "thunderbird-support-1463599",
        "chiara",
        "The account is gone but its saved login isn't. Ask them to look under Saved Passwords.",
    ),
    Written(
        "thunderbird-support-1442970",
        "tomas",
        "Resetting the toolbars did it, so nothing was lost. Good to know for the next one.",
    ),
    Written("thunderbird-support-1401730", "daniel", "permissions.default.image = 1 explains why the bar is missing."),
    Written(
        "thunderbird-support-1471388",
        "marcus",
        "Careful with hopes here: deleted for good and no backup. No compacting until we've looked.",
    ),
    Written("firefox-support-1268755", "chiara", "Third one with that antivirus this month. Shall I write an article?"),
    Written(
        "firefox-support-1272897",
        "jonas",
        "Looks like a filter on their side swaps the certificate. Waiting for the details.",
    ),
    Written("firefox-support-1276602", "priya", "Leaving this open until Friday in case it comes back."),
)

DRAFTS: Final = (
    Written(
        "thunderbird-support-1446163",
        "chiara",
        "Hi,\n\nthank you for trying both computers. Does the second prompt also come in troubleshoot mode? If it doesn't,",
    ),
    Written(
        "thunderbird-support-1431627",
        "jonas",
        "Hello,\n\nit would help to see the source of one such message: open it, then More > View Source. ",
    ),
    Written(
        "thunderbird-support-1416362",
        "daniel",
        "Hi,\n\nyour screen differs because of the view. Right-click the heads of the columns and choose Size, then ",
    ),
    Written(
        "thunderbird-support-1416348",
        "tomas",
        "Hello,\n\nas this is an IMAP account your mail should still be on the server. Let's add the account again: ",
    ),
    Written(
        "thunderbird-support-1448926",
        "marcus",
        "Hello,\n\nI'd rather not leave it at that. One more idea, if you still have the patience: ",
    ),
)

SNOOZES_S: Final = {
    "thunderbird-support-1467081": 3 * 3600,
    "firefox-support-1274021": 20 * 3600,
    "thunderbird-support-1420542": 2 * 86400,
    "thunderbird-support-1454724": 3 * 86400,
    "thunderbird-support-1462533": 7 * 86400,
    "thunderbird-support-1435767": 14 * 86400,
}

RATING_COMMENTS: Final[dict[Grade, tuple[str, ...]]] = {
    "great": (
        "Quick and friendly, thank you.",
        "",
        "Solved in one go!",
        "",
        "Explained so that even I understood it.",
        "",
    ),
    "okay": ("", "Worked in the end.", "", "Took a few days, but it's fixed."),
    "not-good": ("", "I still have to do it by hand.", "I was sent a link and that was it."),
}


def _call(
    number: int, age_s: int, who: tuple[str, str], subject: str, tags: tuple[str, ...], text: str
) -> DemoConversation:
    name, email = who
    return DemoConversation(
        id=f"phone-{number}",
        source="invented",
        mailbox="orders" if "orders" in tags or "payments" in tags else "support",
        channel="phone",
        subject=subject,
        customer_name=name,
        customer_email=email,
        status="closed" if age_s > 86400 else "pending",
        tags=tags,
        locale="en-US",
        messages=(DemoMessage(sender="agent", age_s=age_s, author="Wren Halloway", text=text),),
        assignee="wren",
    )


PHONE_CALLS: Final = (
    _call(
        1,
        5400,
        ("Agnes Thornbury", "agnes@fernwood-books.test"),
        "Call: invoice went to the old address",
        ("orders",),
        "Invoice for this month went to the address of the old shop. Corrected, and sent again while she was on the line.",
    ),
    _call(
        2,
        27000,
        ("Piet Vermaas", "piet@dunes-dental.test"),
        "Call: one seat too many",
        ("payments",),
        "Was charged for six seats, has five. Promised an answer by tomorrow noon; credit needs Helena's nod.",
    ),
    _call(
        3,
        200000,
        ("Rosalind Ames", "rosalind@riverside-choir.test"),
        "Call: cannot send to the whole list",
        ("smtp",),
        "Provider stops her after 100 recipients. Talked her through sending in batches. Happy with that.",
    ),
    _call(
        4,
        610000,
        ("Gianni Bassi", "gianni@cantieri-bassi.test"),
        "Call: new computer on Friday",
        ("import-export",),
        "Wants to move everything himself. Sent the profile article, will ring again if it goes wrong.",
    ),
    _call(
        5,
        1500000,
        ("Declan Hollis", "declan@hollis-partners.test"),
        "Call: how long are backups kept?",
        ("security",),
        "Thirty days. He asked for it in writing, so I mailed him the page.",
    ),
    _call(
        6,
        2900000,
        ("Maren Thiessen", "maren@nordlicht-verlag.test"),
        "Call: yearly instead of monthly",
        ("orders", "payments"),
        "Changed to yearly from the first of next month. She keeps her price.",
    ),
)
