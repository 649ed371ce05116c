"""A Docs account of another service, read through its own Docs API and taken in: a client of `docs_v1`'s format."""
