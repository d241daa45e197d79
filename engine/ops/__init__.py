"""The rows, by family; importing a family adds its rows to the table."""
