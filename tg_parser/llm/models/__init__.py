"""Models, and the wrappers around them that are models themselves."""
