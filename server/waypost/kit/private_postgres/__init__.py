"""A private PostgreSQL in a folder, run from the binaries of a Python package.

It starts with the first Waypost process that claims it and ends with the last one
that releases it; the claim of a killed process vanishes with the process.
"""

from waypost.kit.private_postgres.errors import PostgresInUse, PrivatePostgresError
from waypost.kit.private_postgres.server import PrivatePostgres, Status
from waypost.kit.private_postgres.settings import Options

__all__ = ["Options", "PostgresInUse", "PrivatePostgres", "PrivatePostgresError", "Status"]
