"""One file for each resource of the Docs API."""
