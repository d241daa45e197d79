"""Complex numbers. Inputs and results are real, so that finite differences can judge gradients:
z is x + iy, w is u + iv, and what comes out is read as pairs of real numbers.
"""

from collections.abc import Iterator

from tests.engine.sampling import Sample, given, positive, real, samples


def _of(op: str, *codes: str, smooth: bool = True) -> Iterator[Sample]:
    """Samples of complex results."""
    yield from _read(op, *(f"torch.view_as_real({code})" for code in codes), smooth=smooth)


def _read(op: str, *codes: str, smooth: bool = True) -> Iterator[Sample]:
    """Samples of real results of z and w."""
    before = "z = torch.complex(x, y); "
    further = "w = torch.complex(u, v); "
    for code in codes:
        yield from samples(
            op,
            before + (further if "w" in code else "") + code,
            smooth=smooth,
            x=real(2, 3),
            y=real(2, 3),
            u=real(2, 3),
            v=real(2, 3),
        )


SAMPLES: list[Sample] = [
    *_of(
        "complex exp",
        "z.exp()",
        "z.expm1()",
        "z.exp2()",
        "z.log()",
        "z.log1p()",
        "z.log2()",
        "z.log10()",
        "z.sqrt()",
        "z.rsqrt()",
        "z.reciprocal()",
        "z.sigmoid()",
    ),
    *_of(
        "complex sin",
        "z.sin()",
        "z.cos()",
        "z.tan()",
        "z.asin()",
        "z.acos()",
        "z.atan()",
        "z.sinh()",
        "z.cosh()",
        "z.tanh()",
        "z.asinh()",
        "z.acosh()",
        "z.atanh()",
    ),
    *_of(
        "complex arithmetic",
        "z + w",
        "z - 2j * w",
        "z * w",
        "z / w",
        "x * w",
        "z / u",
        "u / z",
        "1j / z",
        "(1 - 2j) - z",
        "z.lerp(w, 0.3)",
        "torch.where(x > 0, z, w)",
    ),
    *_of(
        "complex pow",
        "z ** 2",
        "z ** -1.5",
        "z ** (1 + 2j)",
        "z ** w",
        "z ** u",
        "2 ** z",
        "(-2) ** z",
        "(1 + 1j) ** z",
        "(1 + 1j) ** x",
    ),
    *_of(
        "complex sums",
        "z.sum()",
        "z.sum(1)",
        "z.mean()",
        "z.prod(0)",
        "z.cumsum(1)",
        "z.cumprod(1)",
        "z.logsumexp(1)",
    ),
    *_read(
        "complex spread",
        "z.var()",
        "z.std(1)",
        "z.norm()",
        "z.norm(1)",
        "z.norm(3, 0)",
        "z.norm(float('inf'))",
        "torch.dist(z, w)",
        "torch.var_mean(z, 0)[0]",
    ),
    *_of("complex var_mean", "torch.var_mean(z, 0)[1]", "torch.std_mean(z)[1]"),
    *_of(
        "complex products",
        "z @ w.T",
        "z @ w[0]",
        "z.mm(w.mH)",
        "torch.dot(z[0], w[0])",
        "torch.vdot(z[0], w[0])",
        "torch.einsum('ij,kj->ik', z, w)",
        "z.unsqueeze(0).bmm(w.mT.unsqueeze(0))",
        "torch.addmm(w[:, :2], z, w.T, alpha=0.5)",
    ),
    *samples("vdot", "torch.vdot(x, y)", x=real(3), y=real(3)),
    *_of(
        "complex parts",
        "z[0]",
        "z[:, 1:]",
        "torch.cat([z, w])",
        "torch.stack([z, w], 1)",
        "z.reshape(6).flip(0)",
        "z.masked_fill(x > 0, 1j)",
        "z.T.clone()",
        "z.expand(2, 2, 3)",
        "z.gather(1, torch.tensor([[0], [2]]))",
    ),
    *_of("conj", "z.conj() * 1", "torch.conj_physical(z)", "z.mH * 1", "z.H * z.mT"),
    *_read(
        "real",
        "z.real",
        "z.imag",
        "z.real * z.sin().imag",
        "torch.real(z.exp()) ** 2",
        "torch.imag(z * z).sum()",
        "z.abs()",
        "z.angle()",
        "z.abs().log() * z.angle()",
        "(z * z.conj()).real",
    ),
    *samples("real", "x.angle()", "x.sgn()", "x.real", "x.conj()", x=real(3), smooth=False),
    *_of("sgn", "z.sgn()", "z.sgn() * z"),
    *_of("polar", "torch.polar(x.abs(), y)", "torch.polar(u.exp(), v) * z"),
    *samples(
        "view_as_complex",
        "torch.view_as_complex(x).abs()",
        "torch.view_as_real(torch.view_as_complex(x) ** 2)",
        x=positive(3, 2),
    ),
    *_of("in place", "z.mul_(w)", "(z * 1).conj_physical_()", "(z * 1).sgn_()"),
    *_read(
        "zero",
        "(x * 0 + z * 0).abs()",
        "(z * 0).sgn().real",
        "(z * 0).angle()",
        "(z * 0).norm()",
        smooth=False,
    ),
    *samples(
        "to complex",
        "(x.to(torch.complex128) * 1j).imag",
        "(x.cdouble() ** 2).real",
        "x.cdouble().abs()",
        "(x * 1j).to(torch.float32)",
        x=real(3),
    ),
    *samples("isreal", "torch.isreal(z)", "z.isreal()", z=given([1 + 0j, 2j], "complex64")),
]
