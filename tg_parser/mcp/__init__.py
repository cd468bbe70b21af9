"""MCP: read-only tools with which an assistant uses the knowledge base, over stdio and HTTP."""
