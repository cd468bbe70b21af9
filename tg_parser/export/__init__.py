"""Writes topics and documents to files."""
