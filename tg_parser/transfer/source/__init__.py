"""Reads the SQLite files as of one moment."""
