"""Reading what is stored, without search: one, by page, and as a stream."""
