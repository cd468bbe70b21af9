"""Checks an installation part by part, and says what is wrong."""
