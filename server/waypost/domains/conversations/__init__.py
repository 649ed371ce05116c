"""Conversations: what customers and agents say to each other, with threads, files, tags, custom fields and plans.

Verbs take a transaction and an actor; those that take files take the file store too. Every change leaves a fact in the
log (`convo.…`), from which the timeline, webhooks and mail follow.
"""

from waypost.domains import customers, mailboxes
from waypost.domains.conversations import routing, timeline, variables
from waypost.domains.conversations.bounces import note_bounce
from waypost.domains.conversations.customers_merged import ConversationsOfCustomers
from waypost.domains.conversations.editing import (
    assign,
    change_customer,
    change_status,
    change_subject,
    delete,
    delete_of_customer,
    move,
    publish,
    put_in_folder,
    refuse_unpublishing,
)
from waypost.domains.conversations.fields import check as check_field_value
from waypost.domains.conversations.forwarding import CreatedForward, NewForward, forward
from waypost.domains.conversations.indexing import (
    choose_search_language,
    documents_left,
    make_documents_anew,
    rebuild_documents,
    rebuild_some_documents,
    search_language,
    search_languages,
)
from waypost.domains.conversations.jobs import jobs
from waypost.domains.conversations.labels import (
    add_tags,
    clean_tags,
    forget_values,
    get_tag,
    list_tags,
    put_fields,
    put_tags,
    set_tag_color,
    take_tags,
)
from waypost.domains.conversations.locking import thread_version, version
from waypost.domains.conversations.merging import MOST_MERGED_AT_ONCE, merge
from waypost.domains.conversations.models import (
    Answer,
    Attachment,
    Conversation,
    ConversationType,
    CreatedConversation,
    CreatedThread,
    CustomerReference,
    FieldValue,
    Filter,
    Grade,
    NewAttachment,
    NewConversation,
    NewThread,
    Person,
    Rating,
    Sort,
    State,
    Status,
    Tag,
    TagSummary,
    Thread,
    ThreadState,
    ThreadType,
    UsedAttachment,
)
from waypost.domains.conversations.planning import (
    schedule,
    send_due,
    send_scheduled,
    snooze,
    unschedule,
    unsnooze,
    wake_due,
)
from waypost.domains.conversations.rating import (
    COMMENTS_LIMIT,
    RatingFinal,
    find_own_rating,
    get_answer,
    get_rating,
    may_change,
    rate,
)
from waypost.domains.conversations.reading import (
    get,
    get_thread,
    list_conversations,
    list_of_customer,
    list_of_organization,
    list_threads,
    load,
    load_threads,
    threads_of,
)
from waypost.domains.conversations.replying import add_thread
from waypost.domains.conversations.starting import create
from waypost.domains.conversations.tags import create_tag, delete_tag, merge_tags, tag_version, update_tag
from waypost.domains.conversations.taking_back import (
    hold_reply,
    note_auto_reply,
    note_failed_reply,
    note_retried_reply,
    take_back,
)
from waypost.domains.conversations.thread_edits import (
    add_attachment,
    delete_attachment,
    edit_text,
    get_attachment,
    original_source,
    readable_attachment,
    set_hidden,
)
from waypost.domains.conversations.threads_in import MOST_ATTACHMENT_BYTES
from waypost.domains.conversations.viewing import view_attachment, view_thread

# A customer who goes takes their conversations along, in the same transaction (spec: 8.6).
customers.before_delete.append(delete_of_customer)
# What conversations have in a custom field goes with the field.
mailboxes.fields.before_loss.append(forget_values)
# And who turns out to be somebody else brings them along (spec: 8.4).
customers.belongings.append(ConversationsOfCustomers())

__all__ = [
    "COMMENTS_LIMIT",
    "MOST_ATTACHMENT_BYTES",
    "MOST_MERGED_AT_ONCE",
    "Answer",
    "Attachment",
    "Conversation",
    "ConversationType",
    "CreatedConversation",
    "CreatedForward",
    "CreatedThread",
    "CustomerReference",
    "FieldValue",
    "Filter",
    "Grade",
    "NewAttachment",
    "NewConversation",
    "NewForward",
    "NewThread",
    "Person",
    "Rating",
    "RatingFinal",
    "Sort",
    "State",
    "Status",
    "Tag",
    "TagSummary",
    "Thread",
    "ThreadState",
    "ThreadType",
    "UsedAttachment",
    "add_attachment",
    "add_tags",
    "add_thread",
    "assign",
    "change_customer",
    "change_status",
    "change_subject",
    "check_field_value",
    "choose_search_language",
    "clean_tags",
    "create",
    "create_tag",
    "delete",
    "delete_attachment",
    "delete_of_customer",
    "delete_tag",
    "documents_left",
    "edit_text",
    "find_own_rating",
    "forget_values",
    "forward",
    "get",
    "get_answer",
    "get_attachment",
    "get_rating",
    "get_tag",
    "get_thread",
    "hold_reply",
    "jobs",
    "list_conversations",
    "list_of_customer",
    "list_of_organization",
    "list_tags",
    "list_threads",
    "load",
    "load_threads",
    "make_documents_anew",
    "may_change",
    "merge",
    "merge_tags",
    "move",
    "note_auto_reply",
    "note_bounce",
    "note_failed_reply",
    "note_retried_reply",
    "original_source",
    "publish",
    "put_fields",
    "put_in_folder",
    "put_tags",
    "rate",
    "readable_attachment",
    "rebuild_documents",
    "rebuild_some_documents",
    "refuse_unpublishing",
    "routing",
    "schedule",
    "search_language",
    "search_languages",
    "send_due",
    "send_scheduled",
    "set_hidden",
    "set_tag_color",
    "snooze",
    "tag_version",
    "take_back",
    "take_tags",
    "thread_version",
    "threads_of",
    "timeline",
    "unschedule",
    "unsnooze",
    "update_tag",
    "variables",
    "version",
    "view_attachment",
    "view_thread",
    "wake_due",
]
