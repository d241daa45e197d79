"""Functions of functions and of graphs: derivatives, batches, custom operations, programs."""
