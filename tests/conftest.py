"""The same examples in every run, so that a failure is a failure everywhere.

`pytest --hypothesis-profile=explore` looks further, at new examples.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile("same")
