"""torch.nn.functional: layers of neural networks and their losses."""
