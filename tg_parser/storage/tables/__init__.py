"""Table definitions: one MetaData for each of the three databases."""
