"""One store a subject, on SQLite and PostgreSQL alike."""
