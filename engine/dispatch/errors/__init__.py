"""PyTorch's answers to calls that fit nothing: its forms of each function, its messages."""
