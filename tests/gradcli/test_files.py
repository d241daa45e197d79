"""save and load: what goes out comes back, and what is damaged is an error, never worse."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gradcli.base.faults import Fault
from tests.gradcli.prompt import Prompt, facts

VALUES = """\
3
2.5
float('nan')
-float('inf')
1e300
10**30
2 + 3j
True
None
'text with "quotes" and \\u00e9'
[1, [2., 'x'], (3, None)]
{'a': 1, 2: [3]}
(1,)
range(2, 9, 3)
torch.float64
ones(2, 3).shape
tensor(3)
tensor([1.5, 2.5], dtype=torch.float64)
tensor([[True, False]])
tensor([])
zeros(2, 0, 3)
arange(6).reshape(2, 3).t()
param([5., 4.])
param([5., 4.]) * 2
[param([1.]), tensor([2.])]
arange(10)[2:8:2]
tensor([1+2j])
tensor([1., 2.]).half()
torch.nn.Parameter(torch.ones(2))
torch.optim.SGD([torch.ones(2, requires_grad=True)], lr=0.1, momentum=0.9)
""".splitlines()


def folder_of(path: Path) -> dict[str, object]:
    return {"folder": path, "confined": True}


@pytest.mark.parametrize("value", VALUES)
def test_a_value_comes_back(tmp_path: Path, value: str) -> None:
    prompt = Prompt(f"x = {value}", "save s", folder=tmp_path)
    shown = prompt.type("x").replace(", grad_fn=<MulBackward0>", "")
    assert Prompt("load s", folder=tmp_path).type("x") == shown


def test_an_optimizer_goes_on_where_it_was(tmp_path: Path) -> None:
    begun = [
        "w = torch.nn.Parameter(tensor([1., 2.]))",
        "opt = torch.optim.Adam([w], lr=0.1)",
        "slow = torch.optim.lr_scheduler.StepLR(opt, 1)",
        "(w**2).sum().backward(); opt.step()",
    ]
    more = "slow.step(); opt.step(); print(w, opt.state[w], slow.get_last_lr())"
    prompt = Prompt(*begun, "save s", folder=tmp_path)
    again = Prompt("load s", folder=tmp_path)
    assert again.type(more) == prompt.type(more)


def test_a_session_comes_back(tmp_path: Path) -> None:
    typed = """\
W = param([[1., 2.], [3., 4.]])
(W * W).sum().backward()
set lr=0.5 precision=6
b = arange(6.)
v = b[2:4]
c = b.view(2, 3)
same = b
z = W * 2
set seed=3
x = randn(4)
save s
""".splitlines()
    prompt = Prompt(*typed, folder=tmp_path)
    other = Prompt("set seed=99", folder=tmp_path)
    assert other.type("load s") == "loaded W, b, v, c, same, z, x\n"
    for name in ("W", "b", "v", "c", "same", "x"):
        one, two = prompt.session.variables[name], other.session.variables[name]
        assert facts(one)[1:7] == facts(two)[1:7]
    assert other.type("grad W") == prompt.type("grad W")
    assert other.type("same is b") == "True\n"
    assert not other.session.variables["z"].requires_grad
    assert other.session.settings.lr == 0.5
    other.type("b.mul_(10)")
    assert other.type("v") == "tensor([20., 30.])\n"
    assert other.type("c[1]") == "tensor([30., 40., 50.])\n"
    other.type("b.div_(10)")
    drawn = other.type("randn(3)")
    assert prompt.type("set seed=3; randn(4); randn(3)").splitlines()[-1] == drawn.strip()
    for _ in range(4):
        other.type("undo")
    assert other.session.variables.keys() <= {"_"}


def test_what_cannot_be_saved_is_told(tmp_path: Path) -> None:
    prompt = Prompt("f = lambda x: x", "y = 2", folder=tmp_path)
    assert prompt.type("save s") == "saved 1 variable to s.npz\nnot saved: f\n"
    assert Prompt(folder=tmp_path).type("load s.npz") == "loaded y\n"


def test_only_its_own_files_are_written_over(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x=np.ones(3))
    prompt = Prompt("x = 1", "save s", "x = 2", "save s", folder=tmp_path)
    assert "no saved session" in prompt.fail("save data").message
    assert Prompt("load s", folder=tmp_path).type("x") == "2\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.npz", "s.npz"]


def test_a_failing_save_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = Prompt("x = 1", "save s", "x = ones(3)", folder=tmp_path)

    def full(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    assert prompt.fail("save s").kind == "OSError"
    assert [path.name for path in tmp_path.iterdir()] == ["s.npz"]
    assert Prompt("load s", folder=tmp_path).type("x") == "1\n"


def test_a_damaged_session_is_an_error_and_changes_nothing(tmp_path: Path) -> None:
    Prompt(
        "a = param([1., 2., 3.])", "b = a.detach()[1:]", "c = [1, 'x']", "save s", folder=tmp_path
    )
    whole = (tmp_path / "s.npz").read_bytes()
    chance = random.Random(0)
    damaged = [whole[: len(whole) * part // 40] for part in range(40)]
    for _ in range(150):
        data = bytearray(whole)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        damaged.append(bytes(data))
    failed = 0
    for data in damaged:
        (tmp_path / "s.npz").write_bytes(data)
        prompt = Prompt("x = 1", folder=tmp_path)
        before = prompt.state()
        try:
            prompt.type("load s")
        except Fault:
            failed += 1
            assert prompt.state() == before
    assert failed > 100


INDEXES = {
    "outside": '"memory": 0, "offset": 0, "shape": [4], "strides": [4000]',
    "before": '"memory": 0, "offset": -8, "shape": [1], "strides": [4]',
    "huge": '"memory": 0, "offset": 0, "shape": [1000000000000], "strides": [0]',
    "backwards": '"memory": 0, "offset": 0, "shape": [3], "strides": [-4]',
    "nowhere": '"memory": 7, "offset": 0, "shape": [1], "strides": [4]',
}


@pytest.mark.parametrize("window", INDEXES.values(), ids=INDEXES)
def test_a_window_never_shows_other_memory(tmp_path: Path, window: str) -> None:
    Prompt("a = tensor([1., 2., 3.])", "save s", folder=tmp_path)
    with zipfile.ZipFile(tmp_path / "s.npz") as archive:
        index = archive.read("session.json").decode()
        member = archive.read("0.npy")
        state = archive.read("1.npy")
    own = '"memory": 0, "offset": 0, "shape": [3], "strides": [4]'
    assert own in index
    with zipfile.ZipFile(tmp_path / "s.npz", "w") as archive:
        archive.writestr("session.json", index.replace(own, window))
        archive.writestr("0.npy", member)
        archive.writestr("1.npy", state)
    assert Prompt(folder=tmp_path).fail("load s").kind in ("ValueError", "MemoryError")


TABLES = {
    "1,2\n3,4\n": "tensor([[1., 2.],\n        [3., 4.]])",
    "x,y\n1,2\n3,4": "tensor([[1., 2.],\n        [3., 4.]])",
    "1\n2\n3\n": "tensor([1., 2., 3.])",
    "1 2 3\n": "tensor([1., 2., 3.])",
    "1;2\n3;4.5\n": "tensor([[1.0000, 2.0000],\n        [3.0000, 4.5000]])",
    "a\tb\n1\t-2e1\n": "tensor([  1., -20.])",
    "# note\n\n1, nan\n": "tensor([1., nan])",
    "\ufeff1,2\r\n3,4\r\n": "tensor([[1., 2.],\n        [3., 4.]])",
}


@pytest.mark.parametrize("text", TABLES, ids=repr)
def test_a_table_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "data.csv").write_bytes(text.encode())
    prompt = Prompt("load x data.csv", folder=tmp_path)
    assert prompt.type("x") == TABLES[text] + "\n"
    assert prompt.type("load y data.csv").startswith("y  [")
    prompt.type("undo")
    assert "y" not in prompt.session.variables


BAD_TABLES = {
    "": "it holds no numbers.",
    "\n\n# only a comment\n": "it holds no numbers.",
    "a,b\nc,d\n": "line 2, column 1: 'c' is no number.",
    "1,2\n3,x\n": "line 2, column 2: 'x' is no number.",
    "1,2\n3\n": "line 2 has 1 columns, and the first 2.",
    "1,\n": "line 1, column 2: '' is no number.",
    "words and more words": "line 1, column 1: 'words' is no number.",
    b"\xff\xfe\x00\x01": "it is no text in UTF-8.",
}


@pytest.mark.parametrize("data", BAD_TABLES, ids=repr)
def test_a_table_that_holds_no_numbers(tmp_path: Path, data: str | bytes) -> None:
    (tmp_path / "data.csv").write_bytes(data if isinstance(data, bytes) else data.encode())
    fault = Prompt(folder=tmp_path).fail("load x data.csv")
    assert (fault.kind, fault.why) == ("ValueError", BAD_TABLES[data])


def npy(array: np.ndarray, **options: bool) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


ARRAYS = [
    np.ones((2, 3)),
    np.arange(4),
    np.float32(3),
    np.zeros((0, 2)),
    np.ones(2, ">f4"),
    np.arange(6.0).reshape(2, 3).copy("F"),
    np.array([True]),
    np.array([1j]),
]


@pytest.mark.parametrize("array", ARRAYS, ids=repr)
def test_an_array_is_read(tmp_path: Path, array: np.ndarray) -> None:
    (tmp_path / "x.npy").write_bytes(npy(np.asarray(array)))
    np.savez_compressed(tmp_path / "x.npz", x=array, other=np.ones(1))
    prompt = Prompt("load x x.npy", "load y x.npz array='x'", folder=tmp_path)
    for name in "xy":
        read = prompt.session.variables[name].array
        assert read.dtype == np.asarray(array).dtype.newbyteorder("=")
        assert np.array_equal(read, array)


HUGE = npy(np.zeros(1)).replace(b"(1,), }", b"(99999999999,), }")
BAD_ARRAYS = {
    "objects": (npy(np.array([{}, []], object), allow_pickle=True), "it holds object"),
    "text": (npy(np.array(["a"])), "it holds str"),
    "dates": (npy(np.array(["2020-01-01"], "M8[D]")), "it holds datetime64"),
    "wide": (npy(np.ones(1, np.longdouble)), "which no tensor has"),
    "cut": (npy(np.ones(100))[:-9], "it ends too early"),
    "huge": (HUGE[: HUGE.index(b"\n")].ljust(128)[:127] + b"\n", "MB"),
    "none": (b"", "damaged"),
    "other": (b"not an array at all", "damaged"),
    "header": (b"\x93NUMPY\x01\x00\x76\x00{" + b"(" * 100 + b"\n", "damaged"),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_an_array_that_cannot_be_read(tmp_path: Path, case: str) -> None:
    data, why = BAD_ARRAYS[case]
    (tmp_path / "x.npy").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", data)
    prompt = Prompt(folder=tmp_path)
    for file in ("x.npy", "x.npz"):
        fault = prompt.fail(f"load x {file}")
        assert fault.kind == "ValueError"
        assert why in (fault.why or "")


OUTSIDE = ["../x.csv", "/etc/hostname.csv", "sub/../../x.csv", "link/x.csv", "~/x.csv"]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("command", ["load x {}", "save {}", "load {}"])
def test_a_session_file_stays_in_its_folder(tmp_path: Path, name: str, command: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path)
    (tmp_path / "x.csv").write_text("1,2\n")
    prompt = Prompt("y = 1", folder=inside, confined=True)
    assert prompt.fail(command.format(name)).kind in ("PermissionError", "FileNotFoundError")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside", "x.csv"]


def test_at_the_prompt_any_path_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("1,2\n")
    inside = tmp_path / "inside"
    inside.mkdir()
    prompt = Prompt("load x ../x.csv", f"load y {tmp_path}/x.csv", folder=inside)
    assert prompt.type("x == y") == "tensor([True, True])\n"


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    prompt = Prompt(folder=tmp_path)
    assert prompt.fail("load x none.csv").kind == "FileNotFoundError"
    (tmp_path / "d.csv").mkdir()
    assert prompt.fail("load x d.csv").kind == "IsADirectoryError"
    assert "its name ends in none of" in (prompt.fail("load x notes.md").why or "")
