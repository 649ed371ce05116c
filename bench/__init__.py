"""How fast Waypost is, beside the barest program that does the same work: `python -m bench`."""
