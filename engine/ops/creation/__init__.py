"""Tensors made from data or of given sizes, and turned into other dtypes."""
