"""Files of the earlier version: which table and column of this version each value goes to."""
