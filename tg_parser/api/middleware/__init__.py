"""What every request passes through, as plain ASGI: it costs microseconds and lets streams be."""
