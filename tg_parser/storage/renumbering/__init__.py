"""Corrects chat numbers that earlier versions stored wrongly; run by the revisions of each database."""
