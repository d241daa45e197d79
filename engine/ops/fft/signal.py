"""Signals in short pieces: windows, and the Fourier transforms of overlapping frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arrays import dtypes
from engine.arrays.state import warn
from engine.dispatch.arguments import dtype_of, on_cpu
from engine.dispatch.fast_path import TENSORS as ops
from engine.dispatch.operation import op
from engine.dispatch.spelling import parameters_of, spelled
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.ops.creation.data import requiring
from engine.ops.fft.transforms import padded
from engine.ops.nn import padding

# ---- windows ---------------------------------------------------------------------------------


def _window(function: Callable[..., Any]) -> None:
    """Make a window of torch of a function of the places x = 0, ..., last and of `last`."""
    name, own = function.__name__, parameters_of(function)
    arguments = ", ".join(own)
    del own["x"], own["last"]
    parameters = {"length": "window_length", "periodic": "periodic=True", **own}
    parameters["*"] = "*, dtype=None, device=None, requires_grad=False"
    body = (
        f"made('{name}', window_length, periodic, dtype, device, requires_grad, "
        f"lambda x, last: function({arguments}))"
    )
    text = function.__doc__
    public("torch")(spelled(name, text, parameters, body, made=_made, function=function))


def _made(
    name: str,
    length: Any,
    periodic: bool,
    dtype: Any,
    device: Any,
    requires_grad: bool,
    function: Callable[[Any, int], Any],
) -> Tensor:
    """A window; a periodic one is one longer by 1, without its last number."""
    on_cpu(device)
    if isinstance(length, bool) or not hasattr(length, "__index__"):
        raise TypeError("a length is a whole number")
    wanted = dtype_of(name, dtype) or dtypes.get_default_dtype().numpy
    kind = dtypes.of(wanted)
    if wanted.kind not in "fcV":
        raise RuntimeError(
            f"{name} expects floating point dtypes, got: TensorOptions(dtype={kind.c_name}, "
            "device=cpu, layout=Strided (default), requires_grad=false (default), "
            "pinned_memory=false, memory_format=(nullopt))"
        )
    if length < 0:
        raise RuntimeError(
            f"{name} requires non-negative window_length, got window_length={length}"
        )
    if wanted.kind == "c":
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{kind.scalar_name}'")
    if length < 2:
        return requiring(wrap(np.ones(length, wanted)), requires_grad)
    last = length if periodic else length - 1
    array = function(np.arange(last + 1).astype(wanted), last).astype(wanted, copy=False)
    return requiring(wrap(array[:length].copy()), requires_grad)


@_window
def hamming_window(x: Any, last: int, alpha: float = 0.54, beta: float = 0.46) -> Any:
    """alpha - beta * cos(2 pi n / (N - 1)); periodic ones are cut from one that is longer by 1."""
    return _cosine(x, 2 * np.pi / last, -beta) + x.dtype.type(alpha)


@_window
def hann_window(x: Any, last: int) -> Any:
    """(1 - cos(2 pi n / (N - 1))) / 2."""
    return _cosine(x, 2 * np.pi / last, -0.5) + x.dtype.type(0.5)


@_window
def blackman_window(x: Any, last: int) -> Any:
    """0.42 - 0.5 * cos(2 pi n / (N - 1)) + 0.08 * cos(4 pi n / (N - 1))."""
    turns = x * x.dtype.type(np.pi / last)
    return _cosine(turns, 4, 0.08) - _cosine(turns, 2, 0.5) + x.dtype.type(0.42)


def _cosine(x: Any, speed: float, height: float) -> Any:
    return np.cos(x * x.dtype.type(speed)) * x.dtype.type(height)


@_window
def bartlett_window(x: Any, last: int) -> Any:
    """1 - |2 n / (N - 1) - 1|."""
    rising = x * x.dtype.type(2 / last)
    return np.where(np.arange(last + 1) <= last // 2, rising, x.dtype.type(2) - rising)


@_window
def kaiser_window(x: Any, last: int, beta: float = 12.0) -> Any:
    """i0(beta * sqrt(1 - (2 n / (N - 1) - 1)**2)) / i0(beta), i0 being the Bessel function."""
    place = x.astype(np.float64) * 2 / last - 1
    return np.i0(beta * np.sqrt(np.maximum(0, 1 - place * place))) / np.i0(beta)


# ---- rows ------------------------------------------------------------------------------------

op(
    "transposed(x; dim0, dim1)",
    lambda xp, x, dim0, dim1: x.swapaxes(dim0, dim1),
    written="x.transpose(dim0, dim1)",
    node="TransposeBackward1",
    x=lambda ns, g, dim0, dim1: ns.transpose(g, dim0, dim1),
)

# ---- frames ----------------------------------------------------------------------------------


def _kind(tensor: Tensor) -> str:
    return f"torch.{dtypes.of(tensor.array.dtype).tensor_type}"


def _shown_window(window: Tensor | None) -> str:
    return "None" if window is None else f"{_kind(window)}{{{list(window.shape)}}}"


def _shown(flag: bool | None) -> str:
    return "None" if flag is None else str(int(flag))


def _whole_window(window: Tensor | None, n_fft: int, length: int, dtype: Any) -> Tensor | None:
    """The window in the middle of n_fft places; None where it is 1 everywhere."""
    if length == n_fft:
        return window
    if window is None:
        window = wrap(np.ones(length, dtype))
    return padded(window, 0, (n_fft - length) // 2, n_fft)


@public()
def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Tensor:
    """The Fourier transforms of overlapping frames: (batch, frequency, frame)."""
    if window is None:
        warn(_NO_WINDOW, UserWarning)
    if center:
        input = _centred(input, n_fft // 2, pad_mode)
    array = input.array
    hop = n_fft // 4 if hop_length is None else hop_length
    length = n_fft if win_length is None else win_length
    is_complex = array.dtype.kind == "c" or (window is not None and window.array.dtype.kind == "c")
    if return_complex is None:
        if not is_complex:
            raise RuntimeError(
                "stft requires the return_complex parameter be given for real inputs, and will "
                "further require that return_complex=True in a future PyTorch release."
            )
        return_complex = True
    call = (
        f"stft({_kind(input)}{list(array.shape)}, n_fft={n_fft}, hop_length={hop}, "
        f"win_length={length}, window={_shown_window(window)}, normalized={int(normalized)}, "
        f"onesided={_shown(onesided)}, return_complex={int(return_complex)}, "
        f"align_to_window={_shown(align_to_window)}) "
    )
    _check_stft(call, array, n_fft, hop, length, window)
    if not return_complex:
        warn(_NOT_COMPLEX, UserWarning)
    if onesided is None:
        onesided = not is_complex
    if onesided and is_complex:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    signal = input if array.ndim == 2 else ops.unsqueeze(input, 0)
    frames = ops.unfold(signal, 1, n_fft, hop)
    whole = _whole_window(window, n_fft, length, array.dtype)
    if whole is not None:
        frames = ops.mul(frames, whole)
    if is_complex:
        found = ops.fft_c2c(frames, (2,), int(normalized), True)
    else:
        found = ops.fft_r2c(frames, (2,), int(normalized), onesided)
    found = ops.transposed(found, 1, 2)
    if array.ndim == 1:
        found = ops.squeezed(found, 0)
    return found if return_complex else ops.view_as_real(found)


_NO_WINDOW = (
    "A window was not provided. A rectangular window will be applied,which is known to cause "
    "spectral leakage. Other windows such as torch.hann_window or torch.hamming_window are "
    "recommended to reduce spectral leakage.To suppress this warning and use a rectangular "
    "window, explicitly set `window=torch.ones(n_fft, device=<device>)`."
)
_NOT_COMPLEX = (
    "stft with return_complex=False is deprecated. In a future pytorch release, stft will return "
    "complex tensors for all inputs, and return_complex=False will raise an error.\nNote: you can "
    "still call torch.view_as_real on the complex output to recover the old return format."
)
_NO_INVERSE_WINDOW = (
    "A window was not provided. A rectangular window will be applied.Please provide the same "
    "window used by stft to make the inversion lossless.To suppress this warning and use a "
    "rectangular window, explicitly set `window=torch.ones(n_fft, device=<device>)`."
)


def _centred(x: Tensor, pad: int, mode: str) -> Tensor:
    shape = x.array.shape
    view = ops.view(x, (1,) * (3 - len(shape)) + shape)
    wide = padding.pad(view, [pad, pad], mode)
    return ops.view(wide, wide.array.shape[3 - len(shape) :])


def _check_stft(
    call: str, array: Any, n_fft: int, hop: int, length: int, window: Tensor | None
) -> None:
    if array.dtype.kind not in "fcV":
        raise RuntimeError(f"{call}: expected a tensor of floating point or complex values")
    if array.ndim not in (1, 2):
        raise RuntimeError(f"{call}: expected a 1D or 2D tensor")
    most = array.shape[-1]
    if not 0 < n_fft <= most:
        raise RuntimeError(f"{call}: expected 0 < n_fft < {most}, but got n_fft={n_fft}")
    if hop <= 0:
        raise RuntimeError(f"{call}: expected hop_length > 0, but got hop_length={hop}")
    if not 0 < length <= n_fft:
        raise RuntimeError(f"{call}: expected 0 < win_length <= n_fft, but got win_length={length}")
    if window is not None and window.array.shape != (length,):
        raise RuntimeError(
            f"{call}: expected a 1D window tensor of size equal to win_length={length}, but got "
            f"window with size {list(window.shape)}"
        )


@public()
def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """The signal whose stft is input: frames are laid over each other, and the windows divided out.

    Raises:
        RuntimeError: somewhere all windows are 0, or the arguments do not fit the input.
    """
    array = input.array
    if window is None:
        warn(_NO_INVERSE_WINDOW, UserWarning)
    if array.dtype.kind != "c":
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with "
            "return_complex=True."
        )
    hop = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    call = (
        f"istft(CPU{dtypes.of(array.dtype).scalar_name}Type{list(array.shape)}, n_fft={n_fft}, "
        f"hop_length={hop}, win_length={width}, window={_shown_window(window)}, "
        f"center={int(center)}, normalized={int(normalized)}, onesided={_shown(onesided)}, "
        f"length={length}, return_complex={int(return_complex)}) "
    )
    one = onesided
    if onesided is None and array.ndim > 1:
        one = array.shape[-2] == n_fft // 2 + 1 or array.shape[-2] != n_fft
    _check_istft(call, array, n_fft, hop, width, window, bool(one))
    if return_complex and one:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    frames = input if array.ndim == 3 else ops.unsqueeze(input, 0)
    frames = ops.transpose(frames, 1, 2)
    divided = 1 if normalized else 2
    if return_complex:
        pieces = ops.fft_c2c(frames, (2,), divided, False)
    else:
        if not one:
            frames = ops.slice(frames, 2, 0, n_fft // 2 + 1, 1)
        pieces = ops.fft_c2r(frames, (2,), divided, n_fft)
    whole = _whole_window(window, n_fft, width, pieces.array.real.dtype)
    if whole is None:
        whole = wrap(np.ones(n_fft, pieces.array.real.dtype))
    found = _overlaid(call, ops.mul(pieces, whole), whole, n_fft, hop, center, length)
    return found if array.ndim == 3 else ops.squeeze_dim(found, 0)


def _overlaid(
    call: str,
    pieces: Tensor,
    window: Tensor,
    n_fft: int,
    hop: int,
    center: bool,
    length: int | None,
) -> Tensor:
    """The pieces added up where they overlap, divided by the sum of the windows' squares."""
    batch, count, _ = pieces.array.shape
    total = n_fft + hop * (count - 1)
    squares = ops.expand(ops.pow(window, 2), (1, count, n_fft))
    start = n_fft // 2 if center else 0
    end = total - start if length is None else start + length
    signal, envelope = (
        ops.slice(
            ops.unfold_backward(part, (size, total), 1, n_fft, hop), 1, start, min(end, total), 1
        )
        for part, size in ((pieces, batch), (squares, 1))
    )
    if envelope.array.size and not abs(envelope.array).min() > 1e-11:
        raise RuntimeError(f"{call}window overlap add min: 1\n[ CPUBoolType{{}} ]")
    found = ops.div(signal, envelope)
    if end > total:
        warn(
            "The length of signal is shorter than the length parameter. Result is being padded "
            "with zeros in the tail. Please check your center and hop_length settings.",
            UserWarning,
        )
        found = padded(found, 1, 0, end - start)
    return found


def _check_istft(
    call: str, array: Any, n_fft: int, hop: int, width: int, window: Tensor | None, onesided: bool
) -> None:
    if not array.size:
        raise RuntimeError(f"{call}: input tensor cannot be empty.")
    if array.ndim not in (2, 3):
        raise RuntimeError(
            f"{call}: expected a tensor with 3 or 4 dimensions, but got {array.ndim + 1}"
        )
    sizes = ("n_fft / 2 + 1 when onesided=True", n_fft // 2 + 1)
    if not onesided:
        sizes = ("n_fft when onesided=False", n_fft)
    if array.shape[-2] != sizes[1]:
        raise RuntimeError(
            f"{call}: expected the frequency dimension (3rd to the last) of the input tensor to "
            f"match {sizes[0]}, but got {array.shape[-2]}"
        )
    if not 0 < hop <= width:
        raise RuntimeError(f"{call}: expected 0 < hop_length <= win_length")
    if not 0 < width <= n_fft:
        raise RuntimeError(f"{call}: expected 0 < win_length <= n_fft")
    if window is not None and window.array.shape != (width,):
        raise RuntimeError(
            f"{call}: Invalid window shape. window has to be 1D and length of `win_length`"
        )
