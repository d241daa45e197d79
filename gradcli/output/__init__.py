"""Outputs on the screen, in colour by rich, which only this package uses."""
