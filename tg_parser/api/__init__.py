"""The HTTP API under /api/v1: routes that parse, call a service and present."""
