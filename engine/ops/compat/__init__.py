"""What PyTorch has for other layouts, devices and days, as far as one dense CPU tensor goes."""
