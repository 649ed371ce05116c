"""Tests of taking in a Docs account."""
