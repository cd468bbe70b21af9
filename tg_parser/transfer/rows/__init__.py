"""Makes values and rows fit their columns, and says in words what does not fit."""
