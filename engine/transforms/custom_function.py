"""autograd.Function: operations whose forward and backward are written in Python.

    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x * g

A subclass is a row with any number of operands, whose one rule calls `backward`; what its nodes
save is the context, which is also what a user sees as `grad_fn`. Source: PyTorch, "Extending
torch.autograd" and its custom_function.cpp.
"""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arrays.backends import ARRAYS
from engine.arrays.modes import GRAD, INFERENCE, TRACE, WATCH, mode
from engine.arrays.row import Op
from engine.arrays.state import warn
from engine.backward.traversal import restored
from engine.dispatch.apply import note_new, source, trace_of
from engine.graph.grad_mode import no_grad
from engine.graph.node import Node, Output, edge_of, new_node
from engine.graph.registry import public
from engine.graph.tensor import Tensor, wrap
from engine.transforms.custom_function_context import PLACE, BackwardCFunction, saved
from engine.transforms.custom_function_outputs import Outputs


@public(PLACE)
class FunctionMeta(type):
    """Gives each Function its class of contexts and its row."""

    def __init__(cls, name: str, bases: Any, attributes: Any) -> None:
        super().__init__(name, bases, attributes)
        body = {"_forward_cls": cls, "__module__": PLACE}
        cls._backward_cls = type(f"{name}Backward", (BackwardCFunction,), body)
        cls._row = _row(cls)


def _row(cls: Any) -> Op:
    """The row of a Function: any number of operands, one rule for all, and no forward for plans."""

    def forward(xp: Any, *_: Any) -> Any:
        raise NotImplementedError(
            f"{cls.__name__} is an autograd.Function, written in Python: a plan cannot run it"
        )

    row = Op(
        f"{cls.__name__}(*inputs; ctx)",
        forward,
        {"inputs": lambda ns, g, ctx: _pulled_back(ns, g, ctx)},
        written=f"{cls.__name__}.apply(*inputs)",
        node=f"{cls.__name__}Backward",
        outputs=0,
        holomorphic=False,
    )
    row.bound = forward
    row.context = lambda node: node.saved[0]
    return row


@public(f"autograd {PLACE}")
class Function(metaclass=FunctionMeta):
    """The base of custom operations; see the module's text."""

    __module__ = PLACE
    _backward_cls: Any
    _row: Op
    generate_vmap_rule = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all "
            "static, so you should invoke them on the class itself. Instantiating an autograd "
            "function will raise an error in a future version of PyTorch.",
            DeprecationWarning,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use "
            "new-style autograd function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """What the operation computes; the first argument is the context."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """What is left for backward, for a forward that takes no context."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """A gradient for each argument of forward; None for what is no tensor."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The derivative in a direction; the engine never calls it."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with "
            "forward mode AD."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward, under no_grad, and record it: what it gives, with this Function's node.

        Raises:
            TypeError: the arguments are not those of forward, or it saved what is no tensor.
            RuntimeError: what it marked dirty or non-differentiable does not fit what it gave.
        """
        separate = cls.setup_context is not Function.setup_context
        if separate:
            bound = inspect.signature(cls.forward).bind(*args, **kwargs)
            bound.apply_defaults()
            args, kwargs = bound.args, bound.kwargs
        if kwargs:
            raise TypeError(f"forward() got an unexpected keyword argument '{next(iter(kwargs))}'")
        ctx = cls._backward_cls()
        ctx.needs_input_grad = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        ctx._inputs = tuple(map(_facts, args))
        edges = tuple(edge_of(arg) for arg in args if isinstance(arg, Tensor))
        now = mode.get()
        with no_grad():
            if separate:
                made = cls.forward(*args)
                cls.setup_context(ctx, args, made)
            else:
                made = cls.forward(ctx, *args)
        outputs = made if isinstance(made, tuple) else (made,)
        ctx._outputs = tuple(map(_facts, outputs))
        node = None
        if now & GRAD and not now & INFERENCE and any(ctx.needs_input_grad):
            node = _node(cls._row, ctx, edges)
        found = Outputs(ctx, node, args, outputs, separate).recorded()
        if node is not None:
            ctx._saved = saved(ctx.to_save, node)
            _trace(node, args, found)
            if now & WATCH:
                note_new(node)
        ctx.to_save = ctx.dirty_tensors = ctx.non_differentiable = ()
        return found if isinstance(made, tuple) else found[0]


def _facts(value: Any) -> Any:
    return (value.array.shape, value.array.dtype) if isinstance(value, Tensor) else None


def _node(row: Op, ctx: BackwardCFunction, edges: tuple[Any, ...]) -> Node:
    node = new_node(row, edges, (ctx,))
    ctx._weak = weakref.ref(node)
    return node


def _trace(node: Node, args: tuple[Any, ...], outputs: tuple[Any, ...]) -> None:
    """What the symbolic reader needs."""
    if not mode.get() & TRACE:
        return
    arrays = tuple(getattr(out, "array", None) for out in outputs)
    taken = tuple(source(arg) for arg in args if isinstance(arg, Tensor))
    node.trace = trace_of(taken, node.saved, arrays, False)
    for place, out in enumerate(outputs):
        if isinstance(out, Tensor) and out.requires_grad:
            out.origin = Output(node, place)


# ---- backward ------------------------------------------------------------------------------------


def _pulled_back(ns: Any, g: Any, ctx: Any) -> list[Any]:
    """The rule of every Function: what its backward gives, checked, for the tensors among the
    arguments of forward; arrays or Tensors, as `ns` has them.
    """
    plain = ns is ARRAYS
    cls = ctx._forward_cls
    function = cls.backward
    if cls.vjp is not Function.vjp:
        if cls.backward is not Function.backward:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You "
                "should only implement one of them."
            )
        function = cls.vjp
    incoming = [*g, *[None] * (len(ctx._outputs) - len(g))]
    grads = [
        _given(part, facts, plain, ctx.materialize_grads)
        for part, facts in zip(incoming, ctx._outputs, strict=True)
    ]
    found = function(ctx, *grads)
    found = found if isinstance(found, tuple) else (found,)
    return _checked(ns, ctx, found)


def _given(part: Any, facts: Any, plain: bool, materialize: bool) -> Tensor | None:
    """A gradient as backward is given it."""
    if part is not None:
        held: Tensor = wrap(part) if plain else part
        return held
    return wrap(np.zeros(*facts)) if materialize and facts is not None else None


def _checked(ns: Any, ctx: Any, found: tuple[Any, ...]) -> list[Any]:
    """What backward gave. Raises RuntimeError as PyTorch if it does not fit the arguments."""
    name, count = ctx.name(), len(ctx._inputs)
    if len(found) > count and all(part is None for part in found[count:]):
        found = found[:count]
    if len(found) != count:
        raise RuntimeError(
            f"function {name} returned an incorrect number of gradients (expected {count}, got "
            f"{len(found)})"
        )
    sent: list[Any] = []
    for place, (part, facts) in enumerate(zip(found, ctx._inputs, strict=True)):
        if part is not None and facts is None:
            raise RuntimeError(
                f"function {name} returned a gradient different than None at position {place + 1}, "
                "but the corresponding forward input was not a Variable"
            )
        if part is not None and not isinstance(part, Tensor):
            raise RuntimeError(f"expected Variable or None (got {type(part).__name__})")
        if facts is not None:
            unneeded = part is None or not ctx.needs_input_grad[place]
            sent.append(None if unneeded else _fitted(ns, part, facts, name, len(sent)))
    return sent


def _fitted(ns: Any, part: Any, facts: Any, name: str, place: int) -> Any:
    """A gradient in the shape and dtype of its argument."""
    shape, dtype = facts
    try:
        fits = np.broadcast_shapes(part.array.shape, shape) == part.array.shape
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(
            f"Function {name} returned an invalid gradient at index {place} - got "
            f"{list(part.array.shape)} but expected shape compatible with {list(shape)}"
        )
    if part.array.dtype.kind == "c" and dtype.kind != "c":
        raise RuntimeError(
            "Expected isFloatingType(grad.scalar_type()) || (input_is_complex == grad_is_complex) "
            "to be true, but got false.  (Could this error message be improved?  If so, please "
            "report an enhancement request to PyTorch.)"
        )
    return restored(ns, part.array if ns is ARRAYS else part, (shape, dtype))


# ---- once ----------------------------------------------------------------------------------------


class _Delayed(Function):
    """Passes its arguments on, and cannot be differentiated."""

    @staticmethod
    def forward(ctx: Any, *values: Any) -> Any:
        return tuple(None if value is None else value.detach() for value in values)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )


_Delayed._row.node_name = _Delayed._backward_cls.__name__ = "Error"


@public(PLACE)
def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A backward whose gradients cannot be differentiated again; to try raises RuntimeError."""

    @functools.wraps(fn)
    def wrapper(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        with no_grad():
            outputs = fn(ctx, *args, **kwargs)
        asked = any(isinstance(arg, Tensor) and arg.requires_grad for arg in args)
        if not (mode.get() & GRAD and asked):
            return outputs
        several = outputs if isinstance(outputs, tuple) else (outputs,)
        return _Delayed.apply(
            *[None if value is None else value.detach().requires_grad_() for value in several]
        )

    return wrapper


@public(PLACE)
class InplaceFunction(Function):
    """As Function; there for old programs."""

    __module__ = PLACE
