"""How tightly a written piece binds, the loosest first: brackets go around what binds less."""

LOGIC, TERM, BIG_SUM, PRODUCT, FACTOR, SIGN, POWER, ATOM = range(8)
"""a & b or a < b; a + b; \\sum a, which takes all to its right; a \\odot b; a*b, a/b or a @ b;
-a in text (in LaTeX it is a term); a**b; and whatever needs no brackets."""

Piece = tuple[str, int]
"""A text, and how tightly it binds."""


def within(piece: Piece, level: int, brackets: str = "({})") -> str:
    """A piece's text, in brackets where it binds less tightly than `level`."""
    text, binds = piece
    return text if binds >= level else brackets.format(text)
