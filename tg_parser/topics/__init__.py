"""Documents to topics with cards and bundles."""
