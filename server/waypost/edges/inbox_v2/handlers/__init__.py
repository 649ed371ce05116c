"""The routes of the Inbox API: parse, call one verb, render."""
