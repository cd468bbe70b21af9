"""The HTTP API under /api/v1: routes parse a request, call a service and present the result."""
