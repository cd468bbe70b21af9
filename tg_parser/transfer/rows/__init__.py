"""Single values and rows made to fit their column, and the words for what does not fit."""
