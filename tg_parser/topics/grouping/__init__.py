"""Decides which messages belong together (pure)."""
