"""What no other tool shows: facts read off the engine's graph. Facts in, data out; no output
here.
"""
