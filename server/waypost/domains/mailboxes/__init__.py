"""Mailboxes: the addresses that customers write to, with their folders (views over conversations) and custom fields.

`saved_replies` holds the texts that a mailbox is answered with, `fields` looks after the custom fields, and
`routing` says who gets the next conversation. `channel` says how mailboxes are connected to mail, which `store_channel`
keeps.
"""

from waypost.domains.mailboxes import channel, dkim_keys, fields, routing, saved_replies, store_channel
from waypost.domains.mailboxes.channel_changes import (
    ChannelChange,
    ChannelMeans,
    CheckReport,
    DkimChange,
    DomainReport,
    OAuth2Change,
    RenewedToken,
    ServerChange,
    ServerReport,
    Step,
    StepState,
)
from waypost.domains.mailboxes.channel_models import (
    Channel,
    Dkim,
    FromKind,
    IncomingServer,
    OAuth2,
    OutgoingServer,
    Server,
)
from waypost.domains.mailboxes.fields import FieldChange, OptionChange
from waypost.domains.mailboxes.models import (
    AssignmentMethod,
    Candidate,
    CustomField,
    FieldOption,
    FieldType,
    Folder,
    FolderType,
    Mailbox,
    Routing,
    SavedReply,
)
from waypost.domains.mailboxes.routing import RoutingState
from waypost.domains.mailboxes.saved_replies import SavedReplyChange
from waypost.domains.mailboxes.service import (
    create,
    create_field,
    ensure_personal_folders,
    exists,
    find_meant,
    get,
    get_field,
    ids_of,
    list_all_fields,
    list_fields,
    list_folders,
    list_mailboxes,
)
from waypost.domains.mailboxes.store import find_folder, folder_ids

__all__ = [
    "AssignmentMethod",
    "Candidate",
    "Channel",
    "ChannelChange",
    "ChannelMeans",
    "CheckReport",
    "CustomField",
    "Dkim",
    "DkimChange",
    "DomainReport",
    "FieldChange",
    "FieldOption",
    "FieldType",
    "Folder",
    "FolderType",
    "FromKind",
    "IncomingServer",
    "Mailbox",
    "OAuth2",
    "OAuth2Change",
    "OptionChange",
    "OutgoingServer",
    "RenewedToken",
    "Routing",
    "RoutingState",
    "SavedReply",
    "SavedReplyChange",
    "Server",
    "ServerChange",
    "ServerReport",
    "Step",
    "StepState",
    "channel",
    "create",
    "create_field",
    "dkim_keys",
    "ensure_personal_folders",
    "exists",
    "fields",
    "find_folder",
    "find_meant",
    "folder_ids",
    "get",
    "get_field",
    "ids_of",
    "list_all_fields",
    "list_fields",
    "list_folders",
    "list_mailboxes",
    "routing",
    "saved_replies",
    "store_channel",
]
