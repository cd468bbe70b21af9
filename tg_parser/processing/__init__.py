"""Raw messages to documents."""
