"""The tests of the server; the folders mirror `waypost`."""
