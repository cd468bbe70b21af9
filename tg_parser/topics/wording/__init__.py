"""Titles, summaries and cards of groups, in their own words. Pure."""
