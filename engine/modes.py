"""Whether operations are recorded, and whether they are traced: one context variable of two
bits.
"""

from __future__ import annotations

from contextvars import ContextVar

GRAD, TRACE = 1, 2
mode: ContextVar[int] = ContextVar("mode", default=GRAD)
"""GRAD: nodes are recorded for backward. TRACE: untracked results, names and lines are kept too.

Threads and coroutines have their own, as in PyTorch.
"""
