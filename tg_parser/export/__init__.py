"""Topics and documents to files."""
