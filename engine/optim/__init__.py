"""Optimizers, as torch.optim: what moves parameters along their gradients.

The arithmetic is that of PyTorch's own, in its order and with its roundings (kernels.py).
"""
