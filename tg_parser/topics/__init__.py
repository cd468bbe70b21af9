"""Turns documents into topics with cards and bundles."""
