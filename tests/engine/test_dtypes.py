"""Dtypes: PyTorch's names for NumPy's, and the default one."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import engine
from engine.arrays import dtypes, journal
from engine.arrays.state import current


@pytest.mark.parametrize("name", sorted({*dtypes.names} - {"complex32", "chalf"}))
def test_every_name_leads_to_numpys_type_and_back(name: str) -> None:
    if name == "bfloat16":
        pytest.importorskip("ml_dtypes")
    dtype = dtypes.names[name]
    assert dtypes.of(dtype.numpy) is dtype
    assert repr(dtype) == f"torch.{dtype.numpy.name}"
    assert dtype.itemsize == dtype.numpy.itemsize
    assert (dtype.is_floating_point, dtype.is_complex) == (
        dtype.numpy.kind in "fV",
        dtype.numpy.kind == "c",
    )


def test_bfloat16_is_one_dtype_however_it_is_met() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    found = dtypes.of(np.dtype(ml_dtypes.bfloat16))
    assert found is dtypes.bfloat16
    assert (repr(found), found.is_floating_point, found.itemsize) == ("torch.bfloat16", True, 2)


def test_bfloat16_costs_nothing_until_it_is_met() -> None:
    program = "import sys; import engine; sys.exit('ml_dtypes' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_without_ml_dtypes_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    monkeypatch.setattr(dtypes.bfloat16, "_numpy", None)
    with pytest.raises(RuntimeError, match=r"pip install 'gradcli\[bfloat16\]'$"):
        engine.zeros(1, dtype=dtypes.bfloat16)  # type: ignore[attr-defined]


def test_there_is_no_complex32() -> None:
    with pytest.raises(TypeError, match=r"^complex32 is not supported"):
        engine.zeros(1).chalf()  # type: ignore[attr-defined]


def test_types_pytorch_has_no_name_for_are_refused() -> None:
    with pytest.raises(TypeError, match=r"^can't convert np.ndarray of type"):
        dtypes.of(np.dtype("datetime64[s]"))


@pytest.mark.parametrize(
    ("dtype", "message"),
    [
        (dtypes.names["int32"], "only floating-point types are supported as the default type"),
        (dtypes.names["complex64"], "only floating-point types are supported as the default type"),
        (
            "float32",
            "invalid dtype object: only floating-point types are supported as the default type",
        ),
    ],
)
def test_only_floating_dtypes_can_be_the_default(dtype: Any, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        dtypes.set_default_dtype(dtype)
    assert str(caught.value) == message
    assert dtypes.get_default_dtype() is dtypes.float32


def test_the_default_can_be_taken_back() -> None:
    current().journal = noted = journal.Journal()
    try:
        dtypes.set_default_dtype(dtypes.float64)
    finally:
        current().journal = None
    assert dtypes.default_complex() is dtypes.names["complex128"]
    noted.rollback()
    assert dtypes.get_default_dtype() is dtypes.float32
    assert dtypes.default_complex() is dtypes.names["complex64"]
