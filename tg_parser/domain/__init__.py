"""Data types and rules of the product, without I/O and without imports from other packages."""
