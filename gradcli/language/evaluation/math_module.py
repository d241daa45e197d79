"""The module `math`: Python's functions, those that could run long or large within the limits."""

from __future__ import annotations

import ast
import math
from typing import Any

from gradcli.language.evaluation import operators
from gradcli.language.evaluation.objects import Builtin, Namespace
from gradcli.language.evaluation.walker import Walker


def _factorial(walker: Walker, number: int) -> int:
    if type(number) is int and number > 2:
        walker.limits.check_bits(
            int(number * math.log2(number / math.e)) if number < 10**9 else number
        )
    return math.factorial(number)


def _fsum(walker: Walker, values: Any) -> float:
    return math.fsum(walker.listed(values))


def _prod(walker: Walker, values: Any) -> Any:
    total: Any = 1
    for value in walker.listed(values):
        total = operators.binary(walker, ast.Mult, total, value)
    return total


_NAMES = (
    "pi e tau inf nan sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh exp expm1 "
    "log log1p log2 log10 sqrt pow fabs floor ceil trunc fmod hypot degrees radians isnan isinf "
    "isfinite isclose copysign erf erfc gamma lgamma gcd isqrt"
)
_BOUNDED = {"factorial": _factorial, "fsum": _fsum, "prod": _prod}
MATH = Namespace(
    "math",
    {name: getattr(math, name) for name in _NAMES.split()}
    | {name: Builtin(name, run) for name, run in _BOUNDED.items()},
)
