"""einsum: composed of rows that differentiate themselves, pair by pair from the left.

Each operand is brought to one layout (a dimension for every label, those it lacks of size 1);
two operands are then multiplied and summed by one batched matrix product.
"""

from __future__ import annotations

import math
from typing import Any

from engine.catalog import public
from engine.record import TENSORS as ops
from engine.tensor import Tensor

Labels = list[str]


@public("torch")
def einsum(equation: str, *operands: Any) -> Tensor:
    """Sums of products of elements, named by letters: 'ij,jk->ik' is a matrix product."""
    tensors = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else [*operands]
    if not tensors:
        raise ValueError("einsum(): must provide at least one operand")
    inputs, output = _parse(equation, [t.array.ndim for t in tensors])
    sizes = _sizes(inputs, tensors)
    for label in output:
        if label not in sizes:
            raise RuntimeError(
                f"einsum(): output subscript {label} does not appear in the equation for any input operand"
            )
    current, labels = _diagonals(tensors[0], inputs[0])
    rest = list(zip(tensors[1:], inputs[1:], strict=True))
    while rest:
        (tensor, names), *rest = rest
        other, others = _diagonals(tensor, names)
        keep = set(output).union(*(names for _, names in rest))
        current, labels = _contract(current, labels, other, others, keep, sizes)
    gone = tuple(i for i, label in enumerate(labels) if label not in output)
    if gone:
        current = ops.sum_dim(current, gone, False)
        labels = [label for label in labels if label in output]
    order = tuple(labels.index(label) for label in output)
    return current if order == tuple(range(len(order))) else ops.permute(current, order)


def _parse(equation: str, ndims: list[int]) -> tuple[list[Labels], Labels]:
    """The labels of each operand and of the output; `...` becomes labels of its own."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) < len(ndims):
        raise RuntimeError("einsum(): more operands were provided than specified in the equation")
    if len(terms) > len(ndims):
        raise RuntimeError("einsum(): fewer operands were provided than specified in the equation")
    inputs = []
    widest = 0
    for place, (term, ndim) in enumerate(zip(terms, ndims, strict=True)):
        spread = ndim - len(term.replace("...", ""))
        if spread < 0 or (spread > 0 and "..." not in term):
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(term.replace('...', ''))}) "
                f"{'is more than' if spread < 0 else 'does not match'} the number of dimensions ({ndim}) "
                f"for operand {place} and no ellipsis was given"
            )
        widest = max(widest, spread)
        inputs.append(_labels(term, spread))
    if arrow:
        output = _labels(right, widest)
    else:
        seen = [label for labels in inputs for label in labels]
        dots = [f".{i}" for i in range(-widest, 0)]
        output = dots + sorted(s for s in {*seen} if seen.count(s) == 1 and not s.startswith("."))
    return inputs, output


def _labels(term: str, spread: int) -> Labels:
    """Letters one by one; the dimensions of an ellipsis are counted from its end."""
    before, dots, after = term.partition("...")
    for letter in before + after:
        if not letter.isalpha():
            raise RuntimeError(
                "einsum(): invalid subscript given at index "
                f"{term.index(letter)} in the equation string, subscripts must be in [a-zA-Z]"
            )
    return [*before, *((f".{i}" for i in range(-spread, 0)) if dots else ()), *after]


def _sizes(inputs: list[Labels], tensors: list[Tensor]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for place, (labels, tensor) in enumerate(zip(inputs, tensors, strict=True)):
        for label, size in zip(labels, tensor.array.shape, strict=True):
            seen = sizes.get(label, 1)
            if size != 1 != seen and size != seen:
                raise RuntimeError(
                    f"einsum(): subscript {label} has size {size} for operand {place} which does not "
                    f"broadcast with previously seen size {seen}"
                )
            sizes[label] = seen if size == 1 else size
    return sizes


def _diagonals(tensor: Tensor, labels: Labels) -> tuple[Tensor, Labels]:
    """The tensor with repeated labels ('ii') taken as a diagonal."""
    labels = list(labels)
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            tensor = ops.diagonal(tensor, 0, first, second)
            labels = [x for i, x in enumerate(labels) if i not in (first, second)] + [label]
    return tensor, labels


def _contract(
    a: Tensor, a_labels: Labels, b: Tensor, b_labels: Labels, keep: set[str], sizes: dict[str, int]
) -> tuple[Tensor, Labels]:
    """The product of two operands, summed over the labels nobody needs any more."""
    shared = [label for label in a_labels if label in b_labels]
    batch = [label for label in shared if label in keep]
    over = [label for label in shared if label not in keep]
    only_a = [label for label in a_labels if label not in b_labels]
    only_b = [label for label in b_labels if label not in a_labels]
    left = _arranged(a, a_labels, [batch, only_a, over], sizes)
    right = _arranged(b, b_labels, [batch, over, only_b], sizes)
    labels = batch + only_a + only_b
    shape = tuple(sizes[label] for label in labels)
    if not over:  # nothing is summed: a product element by element
        return ops.view(ops.mul(left, right), shape), labels
    return ops.view(ops.bmm(left, right), shape), labels


def _arranged(tensor: Tensor, labels: Labels, groups: list[Labels], sizes: dict[str, int]) -> Tensor:
    """The operand as a batch of matrices whose three dimensions are the groups of labels."""
    order = [label for group in groups for label in group]
    moved = ops.permute(tensor, tuple(labels.index(label) for label in order))
    full = tuple(sizes[label] for label in order)
    if moved.array.shape != full:
        moved = ops.expand(moved, full)
    shape = tuple(math.prod(sizes[label] for label in group) for group in groups)
    return moved.reshape(shape)
