"""Services that all interfaces call. They neither print nor speak HTTP."""
