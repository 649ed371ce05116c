"""The Inbox API 2.0 (and its few v3 paths): HAL+JSON over HTTP. Wire shapes by spec/inbox-api.md."""
