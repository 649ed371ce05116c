"""Live: what happens in an account, told to those who may see it, as it happens.

The facts are the event log's (see kit.log_stream); this domain says who may see which.
"""

from waypost.domains.live.policy import may_see

__all__ = ["may_see"]
