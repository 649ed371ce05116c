"""The audit trail: who did what, one entry an event, each chained to the one before so that no change stays unseen."""

from waypost.domains.audit.listeners import NAME, on_facts
from waypost.domains.audit.models import AuditFilter, Entry, Verdict
from waypost.domains.audit.service import entries_before, list_entries, verify

__all__ = ["NAME", "AuditFilter", "Entry", "Verdict", "entries_before", "list_entries", "on_facts", "verify"]
