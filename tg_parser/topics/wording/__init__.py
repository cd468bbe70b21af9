"""Titles, summaries and cards of groups, in the words of their messages (pure)."""
