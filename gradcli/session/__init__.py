"""The session: names, transactions, undo, what was run, and what is kept in files."""
