"""Mailboxes: the addresses that customers write to, with their folders (views over conversations) and custom fields.

`saved_replies` holds the texts that a mailbox is answered with.
"""

from waypost.domains.mailboxes import saved_replies
from waypost.domains.mailboxes.models import (
    CustomField,
    FieldOption,
    FieldType,
    Folder,
    FolderType,
    Mailbox,
    SavedReply,
)
from waypost.domains.mailboxes.saved_replies import SavedReplyChange
from waypost.domains.mailboxes.service import (
    create,
    create_field,
    ensure_personal_folders,
    exists,
    get,
    ids_of,
    list_fields,
    list_folders,
    list_mailboxes,
)
from waypost.domains.mailboxes.store import find_folder, folder_ids
from waypost.domains.mailboxes.store import list_fields as fields_of

__all__ = [
    "CustomField",
    "FieldOption",
    "FieldType",
    "Folder",
    "FolderType",
    "Mailbox",
    "SavedReply",
    "SavedReplyChange",
    "create",
    "create_field",
    "ensure_personal_folders",
    "exists",
    "fields_of",
    "find_folder",
    "folder_ids",
    "get",
    "ids_of",
    "list_fields",
    "list_folders",
    "list_mailboxes",
    "saved_replies",
]
