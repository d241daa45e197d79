"""The explanations, read off the engine's graph: facts in, data out, and no output here."""
