"""What the resources of the Docs API look like."""
