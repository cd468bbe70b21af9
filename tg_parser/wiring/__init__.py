"""Builds all objects from the settings, and opens and closes them in order."""
