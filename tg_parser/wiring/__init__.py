"""The one place where settings become objects, opened and closed in order."""
