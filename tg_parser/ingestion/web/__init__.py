"""Public channels through their web preview."""
