"""Migrates SQLite files into PostgreSQL or new files: every row is checked, written once and compared."""
