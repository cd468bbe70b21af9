"""What a call will cost, may cost and has cost."""
