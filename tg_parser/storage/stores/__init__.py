"""One store per subject, for SQLite and PostgreSQL alike."""
