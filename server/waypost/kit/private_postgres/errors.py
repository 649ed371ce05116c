"""What can go wrong with the private PostgreSQL; each message says what to do."""

OTHER_WAY = "Or set WAYPOST_DATABASE_URL to use a PostgreSQL server of your own (15 or newer)."


class PrivatePostgresError(RuntimeError):
    """The private PostgreSQL can't be started, reached or stopped."""


class PostgresInUse(PrivatePostgresError):
    """A live Waypost process still uses the server, so it was not stopped."""
