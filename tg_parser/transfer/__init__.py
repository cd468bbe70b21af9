"""SQLite files into PostgreSQL or into new files: every row looked at, written once, compared."""
