"""From roots to leaves: the traversal, what it is asked, what nodes saved for it."""
