"""torch.special: gamma, error and Bessel functions, entropies, zeta.

The values come from SciPy (the extra `special`), the rules stand here.
"""

from __future__ import annotations

import math
from typing import Any

from engine.arrays.row import non_differentiable
from engine.dispatch.arguments import wrong_type
from engine.dispatch.errors.kinds import no_kernel, only_for
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.inplace import in_place
from engine.dispatch.operation import IN_PLACE, op
from engine.graph.registry import expose, namespaces, public
from engine.graph.tensor import Tensor
from engine.ops.elementwise.arithmetic import unknown


def of_scipy(name: str) -> Any:
    """A forward that is a function of SciPy's, in its operands' dtype."""

    def forward(xp: Any, *arrays: Any) -> Any:
        return getattr(xp.special, name)(*arrays).astype(arrays[0].dtype)

    return forward


def _unary(name: str, forward: Any, rule: Any, where: str, names: str = "", **options: Any) -> None:
    """The public row of a function of one operand."""
    written = options.pop("written", f"{names or name}(x)")
    op(
        f"{name}(x)",
        forward,
        f"{written.replace('x', 'input')}, element by element.",
        where=where,
        names=names,
        elementwise=True,
        floats=True,
        written=written,
        x=rule,
        **options,
    )


_EVERYWHERE = f"{IN_PLACE} special"

# ---- the gamma function ----------------------------------------------------------------------


def _lgamma(xp: Any, x: Any) -> Any:
    return xp.where(x == -math.inf, x.dtype.type(math.inf), of_scipy("gammaln")(xp, x))


_unary(
    "lgamma",
    _lgamma,
    lambda ns, g, x: g * ns.digamma(x),
    "torch Tensor Tensor_",
    refuses={"c": "lgamma_vml_cpu"},
    latex=r"\ln\Gamma",
)
expose("gammaln", namespaces["torch"]["lgamma"], "special")
_unary(
    "digamma",
    of_scipy("digamma"),
    lambda ns, g, x: g * ns.polygamma(x, 1),
    _EVERYWHERE,
    refuses={"c": "digamma"},
)
expose("psi", namespaces["torch"]["digamma"], "special")


def _trigamma(xp: Any, x: Any) -> Any:
    """The derivative of digamma: reflected to x >= 1/2, moved up by six, then its series."""
    low = x < 0.5
    mirrored = -xp.square(math.pi / xp.sin(math.pi * xp.where(low, x, 0.5)))
    z = xp.where(low, 1 - x, x)
    total = xp.zeros_like(x)
    for _ in range(6):
        total, z = total + 1 / (z * z), z + 1
    square = 1 / (z * z)
    series = (1 + 1 / (2 * z) + square * (1 / 6 - square * (1 / 30 - square / 42))) / z
    total = total + series
    return xp.where(low, -(mirrored + total), total).astype(x.dtype)


def _polygamma(xp: Any, x: Any, n: int) -> Any:
    if x.dtype.kind == "c":
        raise no_kernel(("digamma", "trigamma", "polygamma")[min(n, 2)], x.dtype)
    if n == 0:
        return of_scipy("digamma")(xp, x)
    if n == 1:
        return _trigamma(xp, x)
    sign = 1.0 if n % 2 else -1.0
    values = _zeta(xp, xp.asarray(n + 1, dtype=x.dtype), x)
    return (sign * math.gamma(n + 1) * values).astype(x.dtype)


def _zeta(xp: Any, s: Any, q: Any) -> Any:
    """Hurwitz's zeta function; nan at infinity, where SciPy has the limit."""
    return xp.where((q == math.inf) & (s > 1), q.dtype.type(math.nan), of_scipy("zeta")(xp, s, q))


for _name, _node in (("polygamma", "PolygammaBackward0"), ("polygamma_", "PolygammaBackward1")):
    op(
        f"{_name}(x; n)",
        _polygamma,
        elementwise=True,
        floats=True,
        written="polygamma(n, x)",
        node=_node,
        x=lambda ns, g, x, n: g * ns.polygamma(x, n + 1),
    )


@public("torch special")
def polygamma(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of digamma, element by element."""
    _check_order(n)
    return ops.polygamma(input, n)


@public("Tensor", "polygamma")
def _polygamma_method(self: Tensor, n: int) -> Tensor:
    """The n-th derivative of digamma, element by element."""
    _check_order(n)
    return ops.polygamma(self, n)


def _polygamma_in_place(self: Tensor, n: int) -> Tensor:
    """The n-th derivative of digamma, element by element."""
    _check_order(n)
    return ops.polygamma_(self, n)


expose("polygamma_", in_place("polygamma_", _polygamma_in_place), "Tensor")


def _check_order(n: Any) -> None:
    if not isinstance(n, int) or isinstance(n, bool):
        raise wrong_type("polygamma", "n", 1, "int", n)
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")


def _down(p: int) -> list[float]:
    """0, -1/2, ..., what is added to x."""
    return [0.0 - i / 2 for i in range(p)]


def _mvlgamma(xp: Any, x: Any, p: int) -> Any:
    total = p * (p - 1) / 4 * math.log(math.pi)
    for step in _down(p):
        total = total + _lgamma(xp, x + x.dtype.type(step))
    return total


def _mvlgamma_rule(ns: Any, g: Any, x: Any, p: int) -> Any:
    first, *steps = _down(p)
    total = ns.digamma(x + first)
    for step in steps:
        total = total + ns.digamma(x + step)
    return g * total


op(
    "mvlgamma(x; p)",
    _mvlgamma,
    elementwise=True,
    floats=True,
    x=_mvlgamma_rule,
    refuses={"c": "arange_cpu"},
)


@public("torch Tensor Tensor_ special", "mvlgamma", "multigammaln")
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension p."""
    array = input.array
    if not isinstance(p, int) or isinstance(p, bool):
        raise wrong_type("mvlgamma", "p", 2, "int", p)
    if array.dtype.kind == "b":
        raise RuntimeError("The input tensor may not be a boolean tensor.")
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    return ops.mvlgamma(input, p)


def _gamma_density(ns: Any, a: Any, x: Any) -> Any:
    return ns.exp((a - 1) * ns.log(x) - x - ns.lgamma(a))


def _incomplete(name: str, low: float, high: float) -> Any:
    """The part of the gamma function up to x, or from it; at nan with infinity as PyTorch."""

    def forward(xp: Any, a: Any, x: Any) -> Any:
        nowhere = xp.isnan(a) & (x == 0) | xp.isnan(x) & (a == math.inf)
        everywhere = xp.isnan(a) & (x == math.inf)
        inside = of_scipy(name)(xp, a, x)
        kind = inside.dtype.type
        return xp.where(nowhere, kind(low), xp.where(everywhere, kind(high), inside))

    return forward


# fmt: off
op("igamma(a, x)", only_for("fV", "igamma_cpu", _incomplete("gammainc", 0, 1)), elementwise=True,
   a=unknown("igamma: input"), x=lambda ns, g, a, x: g * _gamma_density(ns, a, x))
op("igammac(a, x)", only_for("fV", "igammac_cpu", _incomplete("gammaincc", 1, 0)),
   elementwise=True, a=unknown("igammac: input"),
   x=lambda ns, g, a, x: -g * _gamma_density(ns, a, x))
# fmt: on


def _binary(row: str, doc: str) -> Any:
    """A function of two operands; either may be a number, but not both."""

    def function(input: Any, other: Any) -> Tensor:
        kinds = (Tensor, bool, int, float, complex)
        if not (isinstance(input, kinds) and isinstance(other, kinds)) or not (
            isinstance(input, Tensor) or isinstance(other, Tensor)
        ):
            raise TypeError("one of them is no Tensor")
        name = row
        if not isinstance(input, Tensor):
            name = f"{row}_base"
        elif not isinstance(other, Tensor):
            name = f"{row}_number"
        return getattr(ops, name)(input, other)

    function.__name__ = function.__qualname__ = row
    function.__doc__ = doc
    return function


def _binary_rows(
    name: str, node: str, forward: Any, a: Any, b: Any, written: str, **options: Any
) -> None:
    """The three rows of a function of two operands: of tensors, or with a number on one side."""
    tail = node.removesuffix("0")
    for row, which, first, second in (
        (name, 0, a, b),
        (f"{name}_base", 1, non_differentiable, b),
        (f"{name}_number", 2, a, non_differentiable),
    ):
        op(
            f"{row}(a, b)",
            forward,
            elementwise=True,
            floats=True,
            numbers=True,
            written=written,
            node=f"{tail}{which}",
            a=first,
            b=second,
            **options,
        )


@public("torch Tensor Tensor_", "igamma")
def _igamma(input: Tensor, other: Tensor) -> Tensor:
    """The regularized lower incomplete gamma function."""
    return ops.igamma(input, other)


@public("torch Tensor Tensor_", "igammac")
def _igammac(input: Tensor, other: Tensor) -> Tensor:
    """The regularized upper incomplete gamma function."""
    return ops.igammac(input, other)


public("special", "gammainc")(namespaces["torch"]["igamma"])
public("special", "gammaincc")(namespaces["torch"]["igammac"])

# ---- error functions -------------------------------------------------------------------------

_ROOT_PI, _ROOT_2, _ROOT_2PI = math.sqrt(math.pi), math.sqrt(2), math.sqrt(2 * math.pi)

# fmt: off
_unary("erfc", of_scipy("erfc"), lambda ns, g, x: g * (-2 / _ROOT_PI) * ns.exp(-x * x),
       _EVERYWHERE + " torch_", refuses={"c": "erfc_vml_cpu"})
_unary("erfinv", of_scipy("erfinv"), lambda ns, g, out: g * (_ROOT_PI / 2) * ns.exp(out * out),
       _EVERYWHERE, refuses={"c": "erfinv_vml_cpu"})
_unary("special_erfcx", of_scipy("erfcx"), lambda ns, g, x, out: g * (2 * x * out - 2 / _ROOT_PI),
       "special", "erfcx", refuses={"ch": "erfcx_cpu"})
_unary("special_ndtr", lambda xp, x: of_scipy("ndtr")(xp, x),
       lambda ns, g, x: g * ns.exp(-x * x / 2) / _ROOT_2PI, "special", "ndtr", node="MulBackward1",
       refuses={"c": "erf_vml_cpu"})
_unary("special_ndtri", of_scipy("ndtri"),
       lambda ns, g, out: g * _ROOT_2PI * ns.exp(out * out / 2), "special", "ndtri",
       refuses={"h": "ndtri_cpu"})
_unary("special_log_ndtr", of_scipy("log_ndtr"),
       lambda ns, g, x, out: g / _ROOT_2PI * ns.exp(-(out + x**2 / 2)), "special", "log_ndtr",
       refuses={"ch": "log_ndtr_cpu"})
# fmt: on

# ---- Bessel functions ------------------------------------------------------------------------


def _away_from_0(ns: Any, x: Any) -> Any:
    """Where x can be divided by (not where it is nan, either), and x made so elsewhere."""
    smallest = 2.0**-52 if x.dtype.itemsize == 8 else 2.0**-23
    far = ns.abs(x) > smallest
    return far, ns.where(far, x, smallest)


def _i1_rule(ns: Any, g: Any, x: Any, out: Any) -> Any:
    far, safe = _away_from_0(ns, x)
    return g * ns.where(far, ns.i0(safe) - out / safe, 0.5)


def _i1e_rule(ns: Any, g: Any, x: Any, out: Any) -> Any:
    far, safe = _away_from_0(ns, x)
    return g * ns.where(far, ns.special_i0e(safe) - out * (ns.sign(safe) + 1 / safe), 0.5)


# fmt: off
_unary("i0", of_scipy("i0"), lambda ns, g, x: g * ns.special_i1(x), _EVERYWHERE + " torch_",
       refuses={"c": "i0_vml_cpu"})
_unary("special_i0e", of_scipy("i0e"),
       lambda ns, g, x, out: g * (ns.special_i1e(x) - ns.sign(x) * out), "special", "i0e",
       node="SpecialI0EBackward0")
_unary("special_i1", of_scipy("i1"), _i1_rule, "special", "i1")
_unary("special_i1e", of_scipy("i1e"), _i1e_rule, "special", "i1e", node="SpecialI1EBackward0")
# fmt: on


def _airy(xp: Any, x: Any) -> Any:
    return xp.special.airy(x)[0].astype(x.dtype)


def _spherical_j0(xp: Any, x: Any) -> Any:
    return xp.where(abs(x) == math.inf, x.dtype.type(0), xp.sinc(x / x.dtype.type(math.pi)))


# fmt: off
for _name, _forward, _operand, _kinds in (
    ("airy_ai", _airy, "x", "ch"),
    ("spherical_bessel_j0", _spherical_j0, "x", "ch"),
    ("bessel_j0", of_scipy("j0"), "input", "h"),
    ("bessel_j1", of_scipy("j1"), "input", "h"),
    ("bessel_y0", of_scipy("y0"), "input", "h"),
    ("bessel_y1", of_scipy("y1"), "input", "h"),
    ("modified_bessel_i0", of_scipy("i0"), "input", "h"),
    ("modified_bessel_i1", of_scipy("i1"), "input", "h"),
    ("modified_bessel_k0", of_scipy("k0"), "input", "h"),
    ("modified_bessel_k1", of_scipy("k1"), "input", "h"),
    ("scaled_modified_bessel_k0", of_scipy("k0e"), "x", "h"),
    ("scaled_modified_bessel_k1", of_scipy("k1e"), "x", "h"),
):
    _unary(f"special_{_name}", _forward, non_differentiable, "special", _name, called=(_operand,),
           refuses={_kinds: f"{_name}_cpu"})
# fmt: on

# ---- entropies, logarithms, zeta -------------------------------------------------------------


def _entr(xp: Any, x: Any) -> Any:
    inside = -x * xp.log(xp.where(x > 0, x, x.dtype.type(1)))
    return xp.where(x > 0, inside, xp.where(x == 0, x * 0, xp.where(x < 0, -math.inf, x))).astype(
        x.dtype
    )


_unary(
    "special_entr",
    _entr,
    lambda ns, g, x: g * (-(1 + ns.log(x))),
    "special",
    "entr",
    refuses={"c": "entr_cpu"},
)


def _xlogy(xp: Any, a: Any, b: Any) -> Any:
    return xp.where(xp.isnan(b), b, xp.where(a == 0, a.dtype.type(0), a * xp.log(b)))


def _xlog1py(xp: Any, a: Any, b: Any) -> Any:
    return xp.where(xp.isnan(b), b, xp.where(a == 0, a.dtype.type(0), a * xp.log1p(b)))


def _xlogy_slope(ns: Any, g: Any, a: Any, b: Any) -> Any:
    return g * ns.where((a == 0) & (b <= 0), 0, ns.log(b))


def _xlog1py_slope(ns: Any, g: Any, a: Any, b: Any) -> Any:
    return g * ns.where((a == 0) & (b <= -1), 0, ns.log1p(b))


# fmt: off
_binary_rows("xlogy", "XlogyBackward0", _xlogy, _xlogy_slope, lambda ns, g, a, b: g * a / b,
             "xlogy(a, b)", refuses={"c": "xlogy_cpu"})
_binary_rows("special_xlog1py", "SpecialXlog1PyBackward0", _xlog1py, _xlog1py_slope,
             lambda ns, g, a, b: g * a / (b + 1), "xlog1py(a, b)", refuses={"c": "xlog1py_cpu"})
_binary_rows("special_zeta", "SpecialZetaBackward0", _zeta, unknown("zeta"),
             lambda ns, g, a, b: g * -a * ns.special_zeta(a + 1, b), "zeta(a, b)",
             refuses={"h": "zeta_cpu"})
# fmt: on
public("torch Tensor Tensor_ torch_ special", "xlogy")(
    _binary("xlogy", "input * log(other), and 0 where input is 0.")
)
public("special", "xlog1py")(
    _binary("special_xlog1py", "input * log(1 + other), and 0 where input is 0.")
)
public("special", "zeta")(_binary("special_zeta", "The Hurwitz zeta function."))


def _logit(xp: Any, x: Any, eps: float | None) -> Any:
    if eps is not None:
        low, high = x.dtype.type(eps), x.dtype.type(1 - eps)
        x = xp.where(x < low, low, xp.where(x > high, high, x))
    return xp.log(x / (1 - x))


def _logit_rule(ns: Any, g: Any, x: Any, eps: float | None) -> Any:
    low, high, outside = (0.0, 1.0, math.nan) if eps is None else (eps, 1 - eps, 0)
    return ns.where((x >= low) & (x <= high), g / (x * (1 - x)), outside)


op(
    "logit(x; eps)",
    _logit,
    elementwise=True,
    floats=True,
    x=_logit_rule,
    refuses={"c": "logit_cpu"},
)


@public("torch Tensor Tensor_ torch_ special")
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(input / (1 - input)); with eps, of input kept between eps and 1 - eps."""
    return ops.logit(input, eps)


expose("expit", namespaces["torch"]["sigmoid"], "special")

# ---- orthogonal polynomials ------------------------------------------------------------------

_POLYNOMIALS: dict[str, tuple[Any, Any]] = {
    "chebyshev_polynomial_t": (lambda x: x, lambda x, p, q, k: 2 * x * q - p),
    "chebyshev_polynomial_u": (lambda x: 2 * x, lambda x, p, q, k: 2 * x * q - p),
    "chebyshev_polynomial_v": (lambda x: 2 * x - 1, lambda x, p, q, k: 2 * x * q - p),
    "chebyshev_polynomial_w": (lambda x: 2 * x + 1, lambda x, p, q, k: 2 * x * q - p),
    "hermite_polynomial_h": (lambda x: 2 * x, lambda x, p, q, k: 2 * x * q - 2 * k * p),
    "hermite_polynomial_he": (lambda x: x, lambda x, p, q, k: x * q - k * p),
    "laguerre_polynomial_l": (
        lambda x: 1 - x,
        lambda x, p, q, k: ((2 * k + 1 - x) * q - k * p) / (k + 1),
    ),
    "legendre_polynomial_p": (
        lambda x: x,
        lambda x, p, q, k: ((2 * k + 1) * x * q - k * p) / (k + 1),
    ),
    "shifted_chebyshev_polynomial_t": (lambda x: 2 * x - 1, lambda x, p, q, k: (4 * x - 2) * q - p),
    "shifted_chebyshev_polynomial_u": (lambda x: 4 * x - 2, lambda x, p, q, k: (4 * x - 2) * q - p),
    "shifted_chebyshev_polynomial_v": (lambda x: 4 * x - 3, lambda x, p, q, k: (4 * x - 2) * q - p),
    "shifted_chebyshev_polynomial_w": (lambda x: 4 * x - 1, lambda x, p, q, k: (4 * x - 2) * q - p),
}
"""Name → the polynomial of degree 1, and that of degree k + 1 from those of k - 1 and k."""


def _polynomial(first: Any, further: Any) -> Any:
    def forward(xp: Any, x: Any, n: Any) -> Any:
        x, degree = xp.broadcast_arrays(x, n)
        degree = xp.trunc(degree)
        before, now = xp.ones_like(x), first(x)
        out = xp.where(degree < 0, 0 * x, xp.where(degree == 0, before, now))
        for k in range(1, int(degree.max(initial=0))):
            before, now = now, further(x, before, now, k)
            out = xp.where(degree == k + 1, now, out)
        return out.astype(x.dtype)

    return forward


def _of_degree(name: str) -> Any:
    """The function of a polynomial; of x and n one may be a number."""

    def function(input: Any, n: Any) -> Tensor:
        if not (isinstance(input, Tensor) or isinstance(n, Tensor)):
            raise TypeError("one of them is no Tensor")
        return getattr(ops, name)(input, n)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The {name.replace('_', ' ')} of degree n, element by element."
    return function


for _name, (_first, _further) in _POLYNOMIALS.items():
    op(
        f"{_name}(x, n)",
        _polynomial(_first, _further),
        elementwise=True,
        floats=True,
        numbers=True,
        refuses={"h": f"{_name}_cpu"},
        x=non_differentiable,
        n=non_differentiable,
    )

    public("special", _name)(_of_degree(_name))
