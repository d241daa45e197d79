"""Vectors and matrices: products, decompositions, systems, norms, distances."""
