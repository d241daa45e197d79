"""Text to trees: tokens, command lines, and limits on their size."""
