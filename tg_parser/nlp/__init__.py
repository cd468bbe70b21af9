"""Offline text tools: pure functions that several stages share."""
