"""The wires: each folder speaks one format, asks who is calling, calls one verb or query and renders."""
