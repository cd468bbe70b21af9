"""The three databases, on SQLite and PostgreSQL alike."""
