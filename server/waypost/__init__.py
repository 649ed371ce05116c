"""Waypost: an open help desk that speaks Help Scout's developer platform on the wire."""

__version__ = "0.1.0"
