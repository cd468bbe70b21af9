"""What people do to topics, and what that makes of cards and bundles."""
