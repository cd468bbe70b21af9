"""Search as a service: queries, results with links and snippets, and the upkeep of the index."""
