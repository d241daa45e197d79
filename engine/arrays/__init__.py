"""Arrays without tensors: dtypes, array back ends, memory, the row of an operation."""
