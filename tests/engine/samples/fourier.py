"""Fourier transforms, one-dimensional and over several dimensions, and those of short frames.

What comes out complex is read as pairs of real numbers, so that finite differences can judge.
"""

from tests.engine.sampling import Sample, real, samples

_Z = "z = torch.complex(x, y); "
_WINDOW = "w = torch.hann_window(4, dtype=torch.float64).to(x.dtype) + 0.1; "
_OPTIONS = ("", ", n=3", ", n=6, norm='ortho'", ", dim=0, norm='forward'")
_SEVERAL = ("", ", s=(3, 2), dim=(1, 0)", ", norm='ortho'")


def _parts(code: str) -> str:
    return f"torch.view_as_real({code}.resolve_conj())"


SAMPLES: list[Sample] = [
    *[
        sample
        for name in ("fft", "ifft", "rfft", "ihfft")
        for sample in samples(
            f"{name} of real numbers",
            *(_parts(f"torch.fft.{name}(x{more})") for more in _OPTIONS),
            x=real(3, 4),
        )
    ],
    *[
        sample
        for name in ("fft", "ifft")
        for sample in samples(
            name,
            *(f"{_Z}torch.view_as_real(torch.fft.{name}(z{more}))" for more in _OPTIONS),
            x=real(3, 5),
            y=real(3, 5),
        )
    ],
    *[
        sample
        for name in ("irfft", "hfft")
        for sample in samples(
            name,
            *(f"{_Z}torch.fft.{name}(z{more})" for more in _OPTIONS),
            x=real(3, 4),
            y=real(3, 4),
        )
    ],
    *[
        sample
        for name in ("fftn", "ifftn", "ihfftn")
        for sample in samples(
            name, *(_parts(f"torch.fft.{name}(x{more})") for more in _SEVERAL), x=real(3, 4)
        )
    ],
    *samples(
        "rfft2",
        _parts("torch.fft.rfft2(x)"),
        _parts("torch.fft.fft2(x)"),
        _parts("torch.fft.ihfft2(x)"),
        "torch.fft.rfftn(x).abs()",
        x=real(3, 4),
    ),
    *[
        sample
        for name in ("irfftn", "hfftn", "irfft2", "hfft2")
        for sample in samples(
            name,
            *(f"{_Z}torch.fft.{name}(z{more})" for more in _SEVERAL),
            x=real(3, 4),
            y=real(3, 4),
        )
    ],
    *samples(
        "convolution by transforms",
        "torch.fft.irfft(torch.fft.rfft(x) * torch.fft.rfft(y), n=5)",
        x=real(5),
        y=real(5),
    ),
    *samples("fftshift", "torch.fft.fftshift(x)", "torch.fft.ifftshift(x, 1)", x=real(3, 4)),
    *samples(
        "stft",
        _WINDOW + "torch.view_as_real(torch.stft(x, 4, 2, window=w, center=False, "
        "return_complex=True))",
        _WINDOW + "torch.stft(x, 5, 2, 4, w, center=False, "
        "normalized=True, onesided=False, return_complex=True).abs()",
        x=real(12),
    ),
    *samples(
        "istft",
        _WINDOW + "torch.istft(torch.complex(x, y), 4, 2, window=w)",
        x=real(3, 5),
        y=real(3, 5),
    ),
    *samples(
        "frequencies",
        "torch.fft.fftfreq(5) + 0 * x",
        "torch.fft.rfftfreq(6, 0.5) * x[:4]",
        "torch.fft.fftfreq(6, 0.2, dtype=torch.float64)[:5] * x",
        x=real(5),
    ),
]
