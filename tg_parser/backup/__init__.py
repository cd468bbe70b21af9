"""Backups of the three databases: made, listed, checked, restored."""
