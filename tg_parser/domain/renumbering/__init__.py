"""Chat numbers that earlier versions stored wrongly, and how to correct what refers to them (pure)."""
