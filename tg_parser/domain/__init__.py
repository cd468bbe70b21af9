"""Pure data and rules of the product. Nothing here does I/O or imports another folder."""
