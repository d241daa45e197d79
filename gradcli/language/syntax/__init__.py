"""Text to trees: tokens, command lines, what of Python there is, and limits on its size."""
