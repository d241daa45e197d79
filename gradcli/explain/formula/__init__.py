"""A traced value as a formula in the user's names: read, simplified, written."""
