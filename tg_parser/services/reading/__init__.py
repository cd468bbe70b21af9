"""Reads stored data without full-text search: one item, a page, or a stream."""
