"""Notifications: what users want to be told of by mail, and who is told of what happens."""

from waypost.domains.notifications.listeners import NAME, subscriber
from waypost.domains.notifications.models import BY_DEFAULT, Notice, Occasion, Talk
from waypost.domains.notifications.service import choices_of, choose

__all__ = ["BY_DEFAULT", "NAME", "Notice", "Occasion", "Talk", "choices_of", "choose", "subscriber"]
