"""PyTorch's names for how several numbers become one: losses, and elements that meet in a place."""

NONE, MEAN, SUM = "none", "mean", "sum"
PROD, AMAX, AMIN = "prod", "amax", "amin"
