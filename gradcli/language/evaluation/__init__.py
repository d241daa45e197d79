"""Trees to values: one function per kind of node, and what a value may be asked for."""
