"""The database's steps, forward only: `versions/NNNN_what_it_does.sql`, each run by the tiny revision beside it."""
