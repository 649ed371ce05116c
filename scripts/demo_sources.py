"""What the demo data is taken from: licences of the sources, hosts that links may point to, and the hand-picked mails.

The mails are listed one by one, after a look at each: reserved, replaced or firms' own addresses only, no photographs, nothing
executable. Not taken: the SpamAssassin public corpus (newsletters and mailing lists), whose readme leaves the copyright of
the texts with their senders and which is full of private people's addresses.
"""

from __future__ import annotations

from typing import NamedTuple


class Source(NamedTuple):
    """One source: its id in the data, where it lies in the input folder, who published it and under what terms."""

    id: str
    folder: str
    origin: str
    licence: str
    changes: str


FORUM_CHANGES = (
    "A selection. Links relative to the forum made absolute, tags mapped to the demo's own, times kept as distances. "
    "Names and addresses had been replaced by pseudonyms before."
)
MAIL_CHANGES = "A selection; every message byte for byte as published, only the time of arrival is new."

CONVERSATION_SOURCES = (
    Source(
        "thunderbird-support",
        "conversations/thunderbird-support.jsonl",
        "github.com/thunderbird/github-action-thunderbird-aaq (questions of support.mozilla.org)",
        "CC-BY-SA-3.0",
        FORUM_CHANGES,
    ),
    Source(
        "firefox-support",
        "conversations/firefox-support.jsonl",
        "github.com/rtanglao/rt-kits-api2 (questions of support.mozilla.org)",
        "CC-BY-SA-3.0",
        FORUM_CHANGES,
    ),
    Source(
        "irc-help-channels",
        "conversations/irc-help-channels.jsonl",
        "github.com/jkkummerfeld/irc-disentanglement (help channels, untangled by hand)",
        "CC-BY-4.0",
        "A selection; subjects shortened, tags mapped, times kept as distances. Names are pseudonyms.",
    ),
    Source(
        "multidogo",
        "conversations/multidogo-customer-turns.jsonl",
        "github.com/awslabs/multi-domain-goal-oriented-dialogues-dataset",
        "CDLA-Permissive-1.0",
        "A selection of the customers' turns; a subject, tags and a rhythm of turns added (the source has none).",
    ),
    Source(
        "abcd",
        "conversations/abcd-retail-samples.jsonl",
        "github.com/asappresearch/abcd (ASAPP Research)",
        "MIT",
        "Order records left out; a rhythm of turns added (the source has none).",
    ),
)

MAIL_SOURCES = (
    Source(
        "chatwoot", "mail/eml/chatwoot", "github.com/OnReply/aligned, a fork of chatwoot/chatwoot", "MIT", MAIL_CHANGES
    ),
    Source("cpython", "mail/eml/cpython", "github.com/python/cpython", "PSF-2.0", MAIL_CHANGES),
    Source("enmime", "mail/eml/enmime", "github.com/jhillyerd/enmime", "MIT", MAIL_CHANGES),
    Source("flanker", "mail/eml/flanker", "github.com/mailgun/flanker", "Apache-2.0", MAIL_CHANGES),
    Source("mailpit", "mail/eml/mailpit", "github.com/axllent/mailpit", "MIT", MAIL_CHANGES),
    Source("mimekit", "mail/eml/mimekit", "github.com/jstedfast/MimeKit", "MIT", MAIL_CHANGES),
    Source("mimetreeparser", "mail/eml/mimetreeparser", "github.com/KDE/mimetreeparser", "CC0-1.0", MAIL_CHANGES),
    Source(
        "nodemailer-mailparser",
        "mail/eml/nodemailer-mailparser",
        "github.com/nodemailer/mailparser",
        "MIT-0",
        MAIL_CHANGES,
    ),
    Source("php-imap", "mail/eml/php-imap", "github.com/Webklex/php-imap", "MIT", MAIL_CHANGES),
    Source(
        "php-mime-mail-parser",
        "mail/eml/php-mime-mail-parser",
        "github.com/php-mime-mail-parser/php-mime-mail-parser",
        "MIT",
        MAIL_CHANGES,
    ),
    Source("rspamd", "mail/eml/rspamd", "github.com/rspamd/rspamd", "Apache-2.0", MAIL_CHANGES),
    Source("ruby-mail", "mail/eml/ruby-mail", "github.com/mikel/mail", "MIT", MAIL_CHANGES),
    Source(
        "sa-tests",
        "mail/eml/sa-tests",
        "github.com/apache/spamassassin (its own test messages)",
        "Apache-2.0",
        MAIL_CHANGES,
    ),
    Source("sisimai", "mail/eml/bounces", "github.com/sisimai/set-of-emails", "BSD-2-Clause", MAIL_CHANGES),
    Source("spamscope", "mail/eml/spamscope", "github.com/SpamScope/mail-parser", "Apache-2.0", MAIL_CHANGES),
    Source("stalwart", "mail/eml/stalwart", "github.com/stalwartlabs/mail-parser", "Apache-2.0 OR MIT", MAIL_CHANGES),
    Source("talon", "mail/eml/talon", "github.com/mailgun/talon", "Apache-2.0", MAIL_CHANGES),
)

# Threads first: a message answers the one before it in the same group, so the order within a line matters.
MAILS: dict[str, dict[str, tuple[str, ...]]] = {
    "support": {
        "ruby-mail": (
            "rfc2822__example01",
            "rfc2822__example06",
            "rfc2822__example07",
            "attachment_emails__attachment_pdf",
            "attachment_emails__attachment_nonascii_filename",
            "attachment_emails__attachment_message_rfc822_inline_image",
            "mime_emails__two_from_in_message",
            "mime_emails__raw_email_with_quoted_illegal_boundary",
            "multi_charset__ks_c_5601-1987",
        ),
        "stalwart": (
            "legacy__001",
            "legacy__002",
            "legacy__008",
            "legacy__010",
            "legacy__014",
            "legacy__015",
            "legacy__023",
            "legacy__026",
            "legacy__043",
            "legacy__004",
            "rfc__006",
            "thirdparty__016",
            "thirdparty__017",
            "thirdparty__019",
        ),
        "talon": (
            "standard_replies__gmail",
            "standard_replies__apple_mail",
            "standard_replies__iphone",
            "standard_replies__sparrow",
            "standard_replies__thunderbird",
        ),
        "chatwoot": ("mail_with_quote", "references", "multiple_in_reply_to", "reply_cc", "non_utf_encoded_mail"),
        "enmime": (
            "testdata__mail__html-mime-inline",
            "testdata__mail__other-multi-related",
            "testdata__mail__attachment",
            "testdata__mail__inlinemultipart",
            "testdata__mail__quoted-printable",
            "testdata__low-quality__incorrect-charset",
            "testdata__mail__malformed-multiple-address-header-values",
        ),
        "cpython": ("msg_14", "msg_32", "msg_45", "msg_46"),
        "flanker": ("attached-pdf", "bilingual-simple", "long-links", "mailgun-pic"),
        "mailpit": ("tags",),
        "mimetreeparser": (
            "openpgp-signed-and-unsigned-attachments-and-parts",
            "listmessage",
            "smime-signed-encrypted",
        ),
        "php-imap": ("issue-410", "plain_text_attachment"),
        "php-mime-mail-parser": ("issue115", "m0129"),
        "rspamd": ("ics",),
        "spamscope": ("mail_test_18",),
        "mimekit": ("messages__disposition-notification",),
        "nodemailer-mailparser": ("delivery-status",),
        "sisimai": (
            "bsd__lhost-postfix-48",
            "bsd__lhost-exim-43",
            "bsd__lhost-exchange2007-01",
            "bsd__rfc3834-02",
            "bsd__rfc3834-04",
        ),
    },
    "orders": {
        "enmime": ("testdata__mail__mime-bad-content-type",),
        "php-mime-mail-parser": ("m0003", "issue149", "issue182"),
        "ruby-mail": (
            "error_emails__encoding_madness",
            "error_emails__trademark_character_in_subject",
            "plain_emails__raw_email_quoted_with_0d0a",
        ),
        "sisimai": ("bsd__lhost-sendmail-43", "bsd__rfc3834-01"),
    },
}

SPAM_MAILS: dict[str, tuple[str, ...]] = {
    "chatwoot": ("support_1",),
    "php-mime-mail-parser": ("issue230",),
    "rspamd": ("advance_fee_fraud", "sa_display_name_spoof", "gtube"),
    "ruby-mail": ("error_emails__bad_date_header2", "error_emails__bad_subject", "error_emails__bad_date_header"),
    "sa-tests": ("spam__utf16",),
}

# A link elsewhere may lead to somebody's own site, which is personal data; conversations with one are not taken.
KNOWN_HOSTS = (
    "mozilla.org",
    "mozillazine.org",
    "thunderbird.net",
    "mozilla.com",
    "mzl.la",
    "firefox.com",
    "microsoft.com",
    "office365.com",
    "outlook.com",
    "live.com",
    "office.com",
    "apple.com",
    "google.com",
    "gmail.com",
    "yahoo.com",
    "aol.com",
    "ubuntu.com",
    "launchpad.net",
    "askubuntu.com",
    "ubuntuforums.org",
    "debian.org",
    "gnome.org",
    "wikipedia.org",
    "mediawiki.org",
    "stripe.com",
    "rust-lang.org",
    "crates.io",
    "mozillaitalia.org",
    "att.net",
    "comcast.net",
    "gmx.net",
    "malwarebytes.com",
    "adobe.com",
    "example.com",
    "example.org",
    "w3.org",
    "kernel.org",
    "python.org",
    "sourceforge.net",
)
