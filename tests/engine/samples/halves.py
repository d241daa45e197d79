"""float16 and bfloat16: computed in float32, rounded once, read back in the dtype of the input.

Their gradients are of half precision too, so nothing here is asked of finite differences.
"""

from tests.engine.sampling import Sample, positive, real, samples

_CODES = (
    "(h + 0.1).to(x.dtype)",
    "(h * 0.1).to(x.dtype)",
    "(1 - h).to(x.dtype)",
    "(h / k.detach()).to(x.dtype)",
    "h.exp().to(x.dtype)",
    "(h * k).sum().to(x.dtype)",
    "h.sum(0).to(x.dtype)",
    "h.mean().to(x.dtype)",
    "(h @ k.T).to(x.dtype)",
    "(h + k[0]).to(x.dtype)",
    "(h * x).sum()",
    "h.max().to(x.dtype)",
    "h[1:].to(x.dtype) * 2",
    "(h ** 2).to(x.dtype)",
    "torch.where(h > 0, h, k).to(x.dtype)",
    "torch.cat([h, k]).to(x.dtype)",
)

SAMPLES: list[Sample] = [
    sample
    for dtype in ("half", "bfloat16")
    for sample in samples(
        dtype,
        *(f"h = x.{dtype}(); k = y.{dtype}(); {code}" for code in _CODES),
        x=real(3, 4),
        y=positive(3, 4),
        smooth=False,
    )
]
SAMPLES += samples(
    "halves",
    "(x.half() + x.bfloat16()).to(x.dtype)",
    "(x.half() * torch.tensor(0.1)).to(x.dtype)",
    x=real(5),
    smooth=False,
)
