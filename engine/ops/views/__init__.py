"""The same memory in another shape; tensors taken apart, put together and rearranged."""
