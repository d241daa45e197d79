"""Samples of the further functions element by element."""

from tests.engine.sampling import Sample, positive, real, samples

INF, NAN = float("inf"), float("nan")
EDGES = [-INF, -1.5, -0.0, 0.0, 2.5, INF, NAN]

SAMPLES: list[Sample] = [
    *samples("addcmul", "torch.addcmul(x, y, z)", "x.addcmul(y, z, value=0.5)",
             "w = x * 1; w.addcmul_(y, z, value=2); w", x=real(2, 3), y=real(3), z=real(2, 1)),
    *samples("addcdiv", "torch.addcdiv(x, y, z)", "x.addcdiv(y, z, value=-2)",
             "w = x * 1; w.addcdiv_(y, z); w", x=real(2, 3), y=real(3), z=positive(2, 1)),
    *samples("copysign", "torch.copysign(x, y)", "x.copysign(-1.0)", x=real(4), y=real(4)),
    *samples("hypot", "torch.hypot(x, y)", x=real(2, 3), y=real(3)),
    *samples("fmax", "torch.fmax(x, y)", "torch.fmin(x, y)", x=real(2, 3), y=real(3)),
    *samples("fmax", "torch.fmax(x, y)", "torch.fmin(x, y)", x=[1.0, NAN, 2.0, NAN],
             y=[1.0, 2.0, NAN, NAN], smooth=False),
    *samples("heaviside", "torch.heaviside(x.detach(), y.detach())", x=EDGES, y=[0.5]),
    *samples("heaviside", "torch.heaviside(x, y)", x=[1.0, 0.0], y=[0.5, 0.5], smooth=False),
    *samples("nextafter", "torch.nextafter(x, y)", x=real(3), y=real(3)),
    *samples("signbit", "torch.signbit(x)", "torch.isneginf(x)", "torch.isposinf(x)",
             "torch.isreal(x)", x=EDGES),
    *samples("signbit", "torch.signbit(x)", "torch.isneginf(x)", x=[-1, 0, 2]),
    *samples("deg2rad", "torch.deg2rad(x)", "x.rad2deg()", x=real(2, 3)),
    *samples("deg2rad", "torch.deg2rad(x)", x=[90, 180]),
    *samples("frac", "torch.frac(x)", x=real(5), smooth=False),
    *samples("sinc", "torch.sinc(x)", x=real(2, 3)),
    *samples("sinc", "torch.sinc(x)", x=[0.0, 1.0, -0.5], smooth=False),
    *samples("copysign", "torch.copysign(x, -1.0)", "torch.sinc(x)", "torch.nextafter(x, x)",
             x=EDGES, smooth=False),
    *samples("logaddexp", "torch.view_as_real(torch.complex(x, y).logaddexp(torch.complex(u, v)))",
             x=real(3), y=real(3), u=real(3), v=real(3)),
    *samples("sgn", "torch.sgn(x)", x=[True, False]),
    *samples("sgn", "torch.sgn(x)", "x << 1", "torch.gcd(x, x)", x=[-2, 0, 3]),
    *samples("frexp", "torch.frexp(x)", x=real(5), smooth=False),
    *samples("ldexp", "torch.ldexp(x, y)", x=real(2, 3), y=real(3)),
    *samples("ldexp", "torch.ldexp(x, n)", x=[1.5, 2.5], n=[3, 1]),
    *samples("logaddexp", "torch.logaddexp(x, y)", "x.logaddexp2(y)", x=real(2, 3), y=real(3)),
    *samples("nan_to_num", "torch.nan_to_num(x)", "x.nan_to_num(1.0, 2.0, 3.0)",
             "torch.nan_to_num(x, posinf=9.0)", x=EDGES, smooth=False),
    *samples("float_power", "torch.float_power(x, 2)", "torch.float_power(2, x)",
             "x.float_power(x)", x=positive(3)),
    *samples("float_power", "torch.float_power(x, 3)", x=[1, 2]),
    *samples("gcd", "torch.gcd(x, y)", "x.lcm(y)", x=[4, 6, 0, -9], y=[6, 9, 5, 6]),
    *samples("shift", "x << 2", "x >> 1", "torch.bitwise_left_shift(x, y)", "2 << y",
             "torch.bitwise_right_shift(x, y)", x=[4, 6, -9], y=[1, 2, 3]),
    *samples("erf", "z = x * 1; z.erf_(); z", "torch.exp_(x * 1)", "torch.clamp_(x * 1, -1, 1)",
             x=real(3)),
]  # fmt: skip
