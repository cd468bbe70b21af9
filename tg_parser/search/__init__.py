"""Search: the query language, ranking and snippets."""
