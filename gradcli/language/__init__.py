"""Text to values: Python's grammar read with `ast`, restricted, and walked; never executed."""
