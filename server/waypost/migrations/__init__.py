"""The database's steps: `versions/NNNN_what_it_does.sql`, each run by the tiny Alembic revision beside it. Forward only."""
