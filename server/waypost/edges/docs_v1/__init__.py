"""The Docs API, version 1 (spec: docs-api): JSON in envelopes, HTTP Basic with a Docs key."""
