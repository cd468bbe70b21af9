"""Exports in HTML, read into the objects that a JSON export would contain."""
