"""torch.nn: first values for parameters, and the utilities of training."""
