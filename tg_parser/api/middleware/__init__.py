"""Middleware of all requests, as plain ASGI, from the outside in."""
