"""The commands, one module per group; a decorated function is one."""
