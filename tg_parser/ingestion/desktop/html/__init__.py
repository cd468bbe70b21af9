"""Reads exports in HTML into the objects that a JSON export would contain."""
