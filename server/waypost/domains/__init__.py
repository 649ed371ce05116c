"""The core: what a help desk is and does. No wire format and no web framework in here."""
