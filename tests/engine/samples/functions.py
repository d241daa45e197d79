"""Samples of functions beyond the everyday ones: activations, losses, statistics."""

from tests.engine.sampling import Sample, positive, real, samples

SAMPLES: list[Sample] = [
    *samples("hyperbolic", "torch.asinh(x)", "x.asinh().sin()", x=real(2, 3)),
    *samples("hyperbolic", "torch.acosh(x + 1)", "torch.atanh(x / 4)", x=positive(2, 3)),
    *samples("fmod", "torch.fmod(x, y)", "x.fmod(0.7)", "z = x * 1; z.fmod_(y); z", x=real(5),
             y=positive(5)),
    *samples("exp2", "torch.exp2(x)", "x.exp2() * x", x=real(2, 3)),
    *samples("erf", "torch.erf(x)", "x.erf() * x", x=real(2, 3)),
    *samples("rounding", "x.floor() * x", "x.ceil() * x", "x.trunc() * x", "x.round() * x",
             "torch.ceil(x)", "torch.trunc(x)", "torch.round(x)", x=real(2, 3), smooth=False),
    *samples("activation", "F.elu(x)", "F.elu(x, 0.5)", "F.leaky_relu(x)", "F.leaky_relu(x, 0.2)",
             "F.silu(x)", "F.gelu(x)", x=real(2, 3)),
    *samples("smooth_l1_loss", "F.smooth_l1_loss(x, y)", "F.smooth_l1_loss(x, y, beta=0.5)",
             "F.huber_loss(x, y)", "F.huber_loss(x, y, reduction='none', delta=0.5)",
             x=real(2, 3), y=real(2, 3)),
    *samples("dist", "torch.dist(x, y)", "torch.dist(x, y, 3)", x=real(3), y=real(3)),
    *samples("var_mean", "torch.var_mean(x, 1)", "torch.std_mean(x, 0)", "torch.var_mean(x)",
             x=real(3, 4)),
    *samples("count_nonzero", "torch.count_nonzero(x)", "x.count_nonzero(0)", x=real(2, 3)),
    *samples("cumprod", "torch.cumprod(x, 0)", "x.cumprod(-1) * x", x=real(2, 3)),
    *samples("cumprod", "x.cumprod(0)", "x.prod()", "x.prod(0, True)", x=[0.0, 2.0, 0.0, -3.0]),
    *samples("cumprod", "x.cumprod(0)", x=real()),
    *samples("gelu", "F.gelu(x, approximate='tanh')", "F.logsigmoid(x)", x=real(2, 3)),
    *samples("addmv", "torch.addmv(b, x, v)", "torch.addmv(b, x, v, beta=2, alpha=0.5)",
             x=real(2, 3), v=real(3), b=real(2)),
]  # fmt: skip
