"""Webhooks as receivers see them: bodies in two profiles, signatures, requests, and the sending itself."""
