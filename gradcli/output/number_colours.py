"""Colours inside a tensor's text: its numbers stand out, what autograd adds stands back."""

from rich.highlighter import RegexHighlighter


class NumberHighlighter(RegexHighlighter):
    """Numbers, and grad_fn, requires_grad and dtype."""

    base_style = "tensor."
    highlights = [  # noqa: RUF012 - rich's own interface
        r"(?P<number>(?<![\w.])-?(?:\d+\.?\d*(?:e[-+]?\d+)?|inf|nan)j?(?!\w))",
        r"(?P<fact>, (?:grad_fn=<\w+>|requires_grad=True|dtype=torch\.\w+))",
    ]
