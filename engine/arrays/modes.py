"""Whether operations are recorded, traced and watched: one context variable of a few bits.

Threads and coroutines have their own, as in PyTorch. The short ways (fast_path.py) know GRAD
alone: any other bit sends an operation the long way, through `apply`.
"""

from __future__ import annotations

from contextvars import ContextVar

GRAD, TRACE, ANOMALY, NAN_PASSES, PACK, INFERENCE = 1, 2, 4, 8, 16, 32
"""GRAD: nodes are recorded for backward. TRACE: untracked results, names and lines are kept too.
ANOMALY: nodes remember where they were made, and backward looks for nan, unless NAN_PASSES. PACK:
saved values go through a user's hooks. INFERENCE: results can never be recorded.
"""
WATCH = ANOMALY | PACK
"""A new node is looked at."""
mode: ContextVar[int] = ContextVar("mode", default=GRAD)
