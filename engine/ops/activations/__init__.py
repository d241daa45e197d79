"""Activations of neural networks, and dropout."""
