"""Fourier transforms, and signals in short pieces."""
