"""Corrects chat numbers that earlier versions stored wrongly, and everything that refers to them (pure)."""
