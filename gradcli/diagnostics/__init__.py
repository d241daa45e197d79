"""Why an error happened and what to type instead, in the user's own names.

A table: the message it is about → a function that fills in fact, why and fixes. One entry per
mistake, in the module about its subject; whoever meets a new one adds it.
"""

from gradcli.diagnostics import gradients, names, plain_python, shapes, wrong_types, wrong_values
from gradcli.diagnostics.error_case import Case, explain

__all__ = [
    "Case",
    "explain",
    "gradients",
    "names",
    "plain_python",
    "shapes",
    "wrong_types",
    "wrong_values",
]
