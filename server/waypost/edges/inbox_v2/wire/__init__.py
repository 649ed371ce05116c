"""The shapes of the Inbox API: one file a resource; `of(model)` renders, `to_command()` reads."""
