"""What every request goes through, as plain ASGI, from the outside in."""
