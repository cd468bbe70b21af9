"""Backups of the three databases: create, list, verify, restore."""
