"""PyTorch's CPU random generator, bit for bit, and what is drawn from it."""
