"""Tests of the knowledge base beneath its wires."""
