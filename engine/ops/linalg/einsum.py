"""einsum: composed of rows that differentiate themselves, pair by pair from the left.

Every operand is brought to one layout, a dimension for each label: those of the output first, then
those to be summed; the ones an operand lacks have size 1 there. Two operands in that layout are
multiplied and summed by one batched matrix product. The steps are PyTorch's, in its order.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from engine.dispatch.fast_path import TENSORS as ops
from engine.graph.registry import public
from engine.graph.tensor import Tensor
from engine.ops.linalg.checks import require
from engine.ops.views.shapes import reshape, view
from engine.ops.views.transposes import movedim

Labels = list[str]
"""Letters; the dimensions an ellipsis covers are '.0', '.1', ..., counted from the widest."""


@public("torch")
def einsum(*args: Any) -> Tensor:
    """Sums of products of elements, named by letters: 'ij,jk->ik' is a matrix product."""
    equation, operands = _arguments(args)
    require(operands, "einsum(): must provide at least one operand")
    inputs, output = _parse(equation, [x.array.ndim for x in operands])
    layout = output + sorted({label for labels in inputs for label in labels} - {*output})
    sizes, wide = _sizes(inputs, operands)
    aligned = [
        _aligned(x, labels, layout, place)
        for place, (x, labels) in enumerate(zip(operands, inputs, strict=True))
    ]
    result = aligned[0]
    left = [wide[label] for label in layout]
    for other in aligned[1:]:
        result = _contracted(result, other, range(len(output), len(layout)), left)
    if len(output) == len(layout):
        return result
    if len(operands) > 1:
        return view(result, tuple(sizes[label] for label in output))
    return ops.sum_dim(result, tuple(range(len(output), len(layout))), False)


# ---- what is meant ---------------------------------------------------------------------------


def _arguments(args: Sequence[Any]) -> tuple[str, Sequence[Tensor]]:
    """The equation and the operands; also of einsum(x, [0, 1], y, [1, 2], [0, 2])."""
    if len(args) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one "
            "operand and its subscripts list"
        )
    if isinstance(args[0], Tensor):
        equation = ",".join("".join(map(_letter, labels)) for labels in args[1::2])
        if len(args) % 2 == 0:
            return equation, args[::2]
        return equation + "->" + "".join(map(_letter, args[-1])), args[:-1:2]
    operands = args[1:]
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = operands[0]
    return args[0], operands


def _letter(number: Any) -> str:
    if number is Ellipsis:
        return "..."
    if not 0 <= number < 52:
        raise ValueError(
            "einsum(): subscript in subscript list is not within the valid range [0, 52)"
        )
    return chr(ord("A") + number) if number < 26 else chr(ord("a") + number - 26)


def _parse(equation: str, ndims: list[int]) -> tuple[list[Labels], Labels]:
    """The labels of each operand and of the output."""
    left, arrow, right = equation.partition("->")
    terms: list[Labels] = []
    start = 0
    for place, term in enumerate(left.split(",")):
        require(
            place < len(ndims),
            "einsum(): fewer operands were provided than specified in the equation",
        )
        twice = f"operand {place} for which an ellipsis was already found"
        half = f"operand {place} that is not part of any ellipsis"
        terms.append(_labels(term, start, twice, half))
        start += len(term) + 1
    require(
        len(terms) == len(ndims),
        "einsum(): more operands were provided than specified in the equation",
    )
    covered = [_covered(*each) for each in zip(terms, ndims, range(len(ndims)), strict=True)]
    widest = max(covered)
    inputs = [_spread(term, n, widest) for term, n in zip(terms, covered, strict=True)]
    counts = Counter(label for labels in inputs for label in labels)
    if not arrow:
        once = sorted(label for label, count in counts.items() if count == 1 and label[0] != ".")
        return inputs, [f".{i}" for i in range(widest)] + once
    twice = "output but an ellipsis (...) was already found"
    ends = _labels(right, len(left) + 2, twice, "output that is not part of any ellipsis (...)")
    for place, label in enumerate(ends):
        if label == "...":
            continue
        wrong = f"einsum(): output subscript {label}"
        require(label not in ends[:place], f"{wrong} appears more than once in the output")
        require(label in counts, f"{wrong} does not appear in the equation for any input operand")
    return inputs, _spread(ends, widest, widest)


def _labels(term: str, start: int, twice: str, half: str) -> Labels:
    """The letters of a term and '...'; the last say what a second ellipsis is, and half a one."""
    found: Labels = []
    place = 0
    while place < len(term):
        letter = term[place]
        if letter == ".":
            require("..." not in found, f"einsum(): found '.' for {twice}")
            require(term[place : place + 3] == "...", f"einsum(): found '.' for {half}")
            found.append("...")
            place += 2
        elif letter.isascii() and letter.isalpha():
            found.append(letter)
        else:
            require(
                letter == " ",
                f"einsum(): invalid subscript given at index {start + place} in the equation "
                "string, subscripts must be in [a-zA-Z]",
            )
        place += 1
    return found


def _covered(term: Labels, ndim: int, place: int) -> int:
    """How many dimensions of an operand its ellipsis covers."""
    dots = "..." in term
    named = len(term) - dots
    if named <= ndim if dots else named == ndim:
        return ndim - named
    relation, remark = (
        ("is more than", "") if dots else ("does not match", " and no ellipsis was given")
    )
    raise RuntimeError(
        f"einsum(): the number of subscripts in the equation ({named}) {relation} the number of "
        f"dimensions ({ndim}) for operand {place}{remark}"
    )


def _spread(term: Labels, covered: int, widest: int) -> Labels:
    """A term with the labels that its ellipsis stands for."""
    if "..." not in term:
        return term
    place = term.index("...")
    dots = [f".{i}" for i in range(widest - covered, widest)]
    return [*term[:place], *dots, *term[place + 1 :]]


def _sizes(inputs: list[Labels], operands: Sequence[Tensor]) -> tuple[dict[str, int], Counter[str]]:
    """Each label's size, and how many operands have it with a size other than 1."""
    sizes: dict[str, int] = {}
    wide: Counter[str] = Counter()
    for place, (labels, operand) in enumerate(zip(inputs, operands, strict=True)):
        for dim, (label, size) in enumerate(zip(labels, operand.array.shape, strict=True)):
            seen = sizes.setdefault(label, size)
            if label in labels[:dim] or size == 1:
                continue
            if seen not in (1, size):
                raise RuntimeError(
                    f"einsum(): dimension {dim} covered by ellipsis in operand {place}has size "
                    f"{size} which does not broadcast with previously seen ellipsis with size "
                    f"{seen} for the respective dimension"
                    if label[0] == "."
                    else f"einsum(): subscript {label} has size {size} for operand {place} which "
                    f"does not broadcast with previously seen size {seen}"
                )
            sizes[label] = size
            wide[label] += 1
    return sizes, wide


# ---- doing it --------------------------------------------------------------------------------


def _aligned(x: Tensor, labels: Labels, layout: Labels, place: int) -> Tensor:
    """An operand in the common layout; a label given twice becomes a diagonal."""
    kept: Labels = []
    for label in labels:
        dim = len(kept)
        if label not in kept:
            kept.append(label)
            continue
        first = kept.index(label)
        before, size = x.array.shape[first], x.array.shape[dim]
        require(
            before == size,
            f"einsum(): subscript {label} is repeated for operand {place} but the sizes don't "
            f"match, {size} != {before}",
        )
        x = movedim(ops.diagonal(x, 0, first, dim), -1, first)
    for label in layout:
        if label not in kept:
            x = ops.unsqueeze(x, len(kept))
            kept.append(label)
    return ops.permute(x, tuple(map(kept.index, layout)))


def _contracted(a: Tensor, b: Tensor, dims: range, left: list[int]) -> Tensor:
    """The product, summed over those of `dims` that no further operand has.

    `left` counts for each dimension the operands yet to come that are wide there.
    """
    both: list[int] = []
    only_a: list[int] = []
    only_b: list[int] = []
    for dim in dims:
        in_a, in_b = a.array.shape[dim] != 1, b.array.shape[dim] != 1
        if in_a and in_b:
            left[dim] -= 1
        if left[dim] == 1 and (in_a or in_b):
            (both if in_a and in_b else only_a if in_a else only_b).append(dim)
            left[dim] = 0
    if only_a:
        a = ops.sum_dim(a, tuple(only_a), True)
    if only_b:
        b = ops.sum_dim(b, tuple(only_b), True)
    return _product(a, b, both) if both else ops.mul(a, b)


def _product(a: Tensor, b: Tensor, over: list[int]) -> Tensor:
    """The product summed over dimensions, which stay with size 1: one batched matrix product."""
    x, y = a.array.shape, b.array.shape
    rest = [dim for dim in range(len(x)) if dim not in over]
    batch = [dim for dim in rest if x[dim] != 1 != y[dim]]
    rows = [dim for dim in rest if x[dim] != 1 == y[dim]]
    columns = [dim for dim in rest if x[dim] == 1]
    if rows and columns and columns[-1] < rows[0]:  # then the product needs no rearranging
        a, b, x, y, rows, columns = b, a, y, x, columns, rows

    def matrices(t: Tensor, *groups: list[int]) -> Tensor:
        order = [dim for group in groups for dim in group]
        order += [dim for dim in range(len(x)) if dim not in order]
        shape = tuple(math.prod(t.array.shape[dim] for dim in group) for group in groups)
        return reshape(ops.permute(t, tuple(order)), shape)

    product = ops.bmm(matrices(a, batch, rows, over), matrices(b, batch, over, columns))
    order = [*batch, *rows, *over, *columns]
    shape = tuple(y[dim] if dim in columns else 1 if dim in over else x[dim] for dim in order)
    return ops.permute(view(product, shape), tuple(map(order.index, range(len(order)))))
