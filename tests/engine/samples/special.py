"""Samples of special functions."""

from tests.engine.sampling import Sample, given, inside, positive, proportion, real, samples

INF, NAN = float("inf"), float("nan")
EDGES = [-INF, -1.5, 0.5, 1.0, 2.0, INF, NAN]

SAMPLES: list[Sample] = [
    *samples("lgamma", "torch.lgamma(x)", "y = x * 1; y.lgamma_(); y", x=positive(2, 3)),
    *samples("digamma", "torch.digamma(x)", "x.digamma().sin()", x=positive(2, 3)),
    *samples(
        "polygamma",
        "torch.polygamma(0, x)",
        "x.polygamma(1)",
        "torch.polygamma(3, x)",
        x=positive(2, 3),
    ),
    *samples("polygamma", "y = x * 1; y.polygamma_(2); y", x=positive(3)),
    *samples("mvlgamma", "torch.mvlgamma(x + 2, 1)", "(x + 2).mvlgamma(3)", x=positive(4)),
    *samples(
        "igamma", "torch.igamma(a, x)", "torch.igammac(a, x)", a=[0.5, 2.0, 3.0], x=[0.3, 1.5, 4.0]
    ),
    *samples(
        "igamma",
        "torch.igamma(a, x)",
        "torch.special.gammaincc(a, x)",
        a=given([0.5, 2.0, 3.0], tracked=False),
        x=positive(3),
    ),
    *samples("erfc", "torch.erfc(x)", "torch.special.erfcx(x)", x=real(2, 3)),
    *samples("erfinv", "torch.erfinv(x)", x=inside(5)),
    *samples("ndtr", "torch.special.ndtr(x)", "torch.special.log_ndtr(x)", x=real(2, 3)),
    *samples("ndtri", "torch.special.ndtri(x)", x=proportion(2, 3)),
    *samples(
        "i0",
        "torch.i0(x)",
        "torch.special.i0e(x)",
        "torch.special.i1(x)",
        "torch.special.i1e(x)",
        x=real(2, 3),
    ),
    *samples(
        "bessel",
        *(
            f"torch.special.{name}(x)"
            for name in (
                "bessel_j0 bessel_j1 bessel_y0 bessel_y1 modified_bessel_i0 modified_bessel_i1 "
                "modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0 scaled_modified_bessel_k1 "
                "spherical_bessel_j0 airy_ai"
            ).split()
        ),
        x=positive(4),
    ),
    *samples("entr", "torch.special.entr(x)", x=positive(2, 3)),
    *samples(
        "xlogy",
        "torch.xlogy(x, y)",
        "x.xlogy(2)",
        "torch.xlogy(2, y)",
        "torch.special.xlog1py(x, y)",
        "torch.special.xlog1py(x, 2)",
        "torch.special.xlog1py(2, y)",
        x=positive(2, 1),
        y=positive(3),
    ),
    *samples(
        "zeta",
        "torch.special.zeta(3.5, y)",
        "torch.special.zeta(a, 2.0)",
        "torch.special.zeta(a, y)",
        a=given([1.5, 2.0, 3.0], tracked=False),
        y=positive(3),
    ),
    *samples(
        "zeta",
        "torch.special.zeta(y + 1, y)",
        "torch.special.zeta(y + 1, 2.0)",
        y=[1.5, 2.5],
        smooth=False,
    ),
    *samples("logit", "torch.logit(x)", "x.logit(0.2)", x=proportion(2, 3)),
    *(
        sample
        for name in (
            "chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v "
            "chebyshev_polynomial_w hermite_polynomial_h hermite_polynomial_he laguerre_polynomial_l "
            "legendre_polynomial_p shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u "
            "shifted_chebyshev_polynomial_v shifted_chebyshev_polynomial_w"
        ).split()
        for sample in samples(name, f"torch.special.{name}(x, n)", x=inside(2, 1), n=[0, 1, 2, 3])
    ),
    *(
        sample
        for name in "lgamma erfc logit".split()
        for sample in samples(name, f"torch.{name}(x)", x=EDGES, smooth=False)
    ),
    *samples("lgamma", "torch.lgamma(x)", "torch.digamma(x)", "torch.special.entr(x)", x=[1, 2, 3]),
    *samples(
        "digamma",
        "torch.digamma(x)",
        "torch.polygamma(2, x)",
        "torch.i0(x)",
        x=[-2.5, -0.5, 0.5, 1.0],
        smooth=False,
    ),
    *samples("erfinv", "torch.erfinv(x)", x=[-1.0, 0.0, 0.5, 1.0], smooth=False),
    *samples(
        "erfinv",
        "torch.erfinv(x)",
        "torch.special.i1(x)",
        "torch.special.i1e(x)",
        "torch.special.log_ndtr(x)",
        "torch.polygamma(2, x)",
        x=EDGES,
        smooth=False,
    ),
    *samples("mvlgamma", "torch.mvlgamma(x, 2)", x=[-INF, 1.5, INF, NAN], smooth=False),
    *samples(
        "igamma",
        "torch.igamma(a, x)",
        "torch.igammac(a, x)",
        "torch.special.zeta(a, x)",
        a=[INF, INF, NAN, NAN, 2.0, 0.0],
        x=[NAN, 1.0, 0.0, INF, INF, 1.0],
        smooth=False,
    ),
    *samples("mvlgamma", "torch.mvlgamma(x, 1)", "torch.polygamma(1, x)", x=[1, 2]),
]
