"""Outputs in colour. Only this package uses rich, and it never changes a character."""
