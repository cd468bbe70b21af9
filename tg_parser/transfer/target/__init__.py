"""Writes rows to PostgreSQL or to new SQLite files."""
