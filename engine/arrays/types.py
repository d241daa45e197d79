"""The types that signatures name."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
"""A NumPy array of any shape and dtype."""
DType = np.dtype[Any]
"""NumPy's dtype; torch's is `dtypes.dtype`."""
Shape = tuple[int, ...]
"""The sizes of the dimensions, or some dimensions."""
Params = tuple[Any, ...]
"""A row's parameters: numbers, shapes, dtypes, in the order its signature names them."""
Number = bool | int | float | complex
"""A Python number, which takes part in promotion by its kind alone."""
