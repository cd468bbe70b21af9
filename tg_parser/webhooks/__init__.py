"""Sends webhooks: only to allowed addresses, signed, and never through a redirect or a proxy."""
