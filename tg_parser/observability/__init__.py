"""Metrics and traces of a running process; off by default."""
