"""Which messages belong together. Pure."""
