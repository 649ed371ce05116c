"""Names under which the parts of the edge leave things in a request's scope for each other."""

from __future__ import annotations

#: What the request's host is (`kept.Place`).
PLACE = "waypost.docs_site.place"
#: Who reads (`reader.Reader`).
READER = "waypost.docs_site.reader"
#: The generation of what is kept when the request began.
GENERATION = "waypost.docs_site.generation"
#: (account, article) that the answer shows, or None.
VIEWED = "waypost.docs_site.viewed"
#: There where a HEAD is answered as the GET that it asks about.
IS_HEAD = "waypost.is_head"
