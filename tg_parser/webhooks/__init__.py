"""Sending webhooks: only to where this installation may send, signed, and never through a redirect or a proxy."""
