"""A value and its history: tensors, the nodes that made them, and the registry of names."""
