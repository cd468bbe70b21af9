"""The SQLite files that are read, at one moment."""
