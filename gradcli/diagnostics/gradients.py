"""Gradients asked of what has none, freed graphs, leaves changed in place."""

from __future__ import annotations

from itertools import islice
from typing import Any

from engine.graph.tensor import Tensor
from gradcli.diagnostics.error_case import Case, explains

_LOOKED_AT = 1_000
"""How many nodes of a history are looked at for a name."""


@explains(r"grad can be implicitly created only for scalar outputs")
def _implicit(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
        value = case.operands[index].value
        a = case.text(index)
        weights = f"ones_like({a})"
        if value.ndim == 1 and 0 < len(value) < 5:
            weights = "[" + ", ".join(["1."] * len(value)) + "]"
        if case.command:
            fixes = [case.call(index, ".sum()"), f"{case.word} {a} gradient={weights}"]
        else:
            fixes = [case.call(index, ".sum()"), f"{a}.backward(gradient=torch.ones_like({a}))"]
        again = case.makers(a)
        fixes += [f"{again}; {fixes[0]}"] if again else []
        case.tell(
            f"backward starts from one number, and {a} holds {value.numel()}.",
            *fixes,
            fact=case.shape(index),
        )


@explains(r"does not require grad and does not have a grad_fn")
def _untracked(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
        a = case.text(index)
        value = case.operands[index].value
        names, cut = _given(case, value)
        if cut is not None:
            from gradcli.explain.why.detached import how

            why = f"no gradient goes from {a} to what it was made from: {how(cut)}."
            fixes = []
        elif names:
            were = "was" if len(names) == 1 else "were"
            why = f"{a} was made from {' and '.join(names)}, which {were} not tracked."
            fixes = [_tracked_first(case, names, a, index)]
        elif not value.requires_grad and a in case.walker.variables:
            why = f"{a} was never tracked, and nothing it was made from was."
            rest = "" if value.numel() == 1 else ".sum()"
            fixes = [f"track {a}; {case.call(index, rest)}"] if value.is_floating_point() else []
        else:
            why = f"nothing that {a} was made from was tracked."
            fixes = ["track the leaf it is about"]
        case.tell(why, *fixes, fact="requires_grad=False")


def _tracked_first(case: Case, names: list[str], a: str, index: int) -> str:
    """Track the leaves, build what is in a variable again, and go on."""
    sentences = case.sentences
    again = [s.text for s in sentences if a in s.makes and "\n" not in s.text][-1:]
    return "; ".join([f"track {' '.join(names)}", *again, case.call(index, "")])


def _given(case: Case, tensor: Any) -> tuple[list[str], Any]:
    """The variables, untracked and of real numbers, that a tensor was made from; and the node that
    cut it off from tracked ones, if one did.
    """
    from engine.transforms import recorded

    found: list[Any] = []
    for node in islice(recorded.nodes(recorded.source(tensor)), _LOOKED_AT):
        for arg in recorded.operands(node):
            if recorded.is_tracked(arg):
                return [], node
            if isinstance(arg, Tensor) and arg.is_floating_point():
                found.append(arg)
    variables = case.walker.variables.items()
    names = {name for name, value in variables if any(value is arg for arg in found)}
    return sorted(names - {"_"})[:3], None


@explains(r"backward through the graph a second time")
def _second(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
        a = case.text(index)
        again = case.makers(a)
        fixes = [f"{again}; {case.call(index, '')}"] if again else []
        line = case.walker.source.text.strip()
        if "\n" not in line:
            kept = line.replace(f"backward {a};", f"backward {a} retain=true;", 1)
            kept = kept.replace(f"{a}.backward();", f"{a}.backward(retain_graph=True);", 1)
            fixes = [kept, *fixes] if kept != line else fixes
        case.tell(f"the first backward freed the graph of {a}; retain=true keeps it.", *fixes)


@explains(r"a (view of a )?leaf Variable that requires grad is being used in an in-place")
def _leaf(case: Case) -> None:
    for index in case.tensors()[:1]:
        a = case.text(index).partition("[")[0]
        case.point(index)
        value = case.operands[index].value
        about = "its gradient"
        what = f"{a} is a leaf that requires grad"
        if not value.is_leaf:
            about = "the gradient"
            what = f"{a} shows the memory of {_name(case, value._base)}, a leaf that requires grad"
        why = f"{what}: writing into it would change what {about} is about."
        line = _line(case)
        fixes = [f"with torch.no_grad(): {line}"] if line else []
        if value._grad is not None:
            fixes.append(f"step {a}")
        case.tell(why, *fixes)


def _name(case: Case, tensor: Any) -> str:
    """The user's name for a tensor."""
    names = [name for name, value in case.walker.variables.items() if value is tensor]
    return names[0] if names else "another tensor"


def _line(case: Case) -> str:
    """The statement at fault, if it is short."""
    span = case.fault.span
    text = case.walker.source.lines[span.line - 1].strip() if span else ""
    return text if len(text) < 40 and ";" not in text and ":" not in text else ""


@explains(r"floating point .*dtype can require gradients")
def _whole(case: Case) -> None:
    found = case.tensors()[:1]
    if found and case.word == "requires_grad_":
        a = case.text(found[0])
        case.point(found[0])
        why = f"gradients are real numbers, and {a} holds whole ones."
        dtype = case.operands[found[0]].value.dtype
        return case.tell(why, f"{a} = {a}.float()", fact=f"{a} is {dtype}")
    name = case.text(found[0]) if case.command and found else ""
    fixes = [f"{name} = {name}.float()"] if name.isidentifier() else ["dtype=torch.float32"]
    return case.tell("gradients are real numbers, and this holds whole ones.", *fixes)


@explains(r"modified by an inplace operation")
def _modified(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
    written = [
        name
        for name, value in case.walker.variables.items()
        if isinstance(value, Tensor) and name != "_" and getattr(value, "_version", None)
    ]
    which = written[0] if len(written) == 1 else "a value"
    case.tell(f"{which} was overwritten after backward had come to need it.", *_unwritten(case))


def _unwritten(case: Case) -> list[str]:
    """The statements again, the last write in place being out of place."""
    import ast

    from gradcli.explain.why.failed_backward import out_of_place

    line = case.walker.source.text.strip()
    try:
        here = [(ast.unparse(node), node) for node in ast.parse(line).body]
    except SyntaxError:  # a command
        here = []
    earlier = [(s.text, s.node) for s in case.sentences]
    run = [*earlier, *(here or [(line, ast.Pass())])]
    written = [
        (place, found)
        for place, (_, node) in enumerate(run)
        if (found := out_of_place(node)) is not None
    ]
    if not written:
        return []
    place, (name, instead) = written[-1]
    start = max(
        (i for i, (text, _) in enumerate(run[:place]) if text.startswith(f"{name} = ")),
        default=place,
    )
    fix = "; ".join([*(t for t, _ in run[start:place]), instead, *(t for t, _ in run[place + 1 :])])
    return [fix] if "\n" not in fix and len(fix) <= 100 else []


@explains(r"Can't call numpy\(\) on Tensor that requires grad")
def _numpy(case: Case) -> None:
    case.point(0)
    case.tell(
        "NumPy knows no gradients: detach gives the numbers alone.",
        case.put(0, f"{case.whole(0)}.detach()"),
    )


@explains(r"cannot register a hook on a tensor that|can't retain_grad on")
def _hook(case: Case) -> None:
    case.point(0)
    case.tell(
        f"{case.text(0)} was never tracked: no gradient will reach it.",
        f"track {case.text(0)}",
        fact="requires_grad=False",
    )


@explains(r"only change requires_grad flags of leaf")
def _flag(case: Case) -> None:
    a = case.text(0)
    case.point(0)
    case.tell(f"{a} is computed; only leaves can be switched.", f"{a} = {a}.detach()")


@explains(r"appears to not have been used in the graph")
def _unused(case: Case) -> None:
    case.tell("one of the inputs has no part in the output.", "allow_unused=True")


@explains(r"One of the differentiated Tensors does not require grad")
def _not_required(case: Case) -> None:
    for index in case.tensors():
        if not case.operands[index].value.requires_grad:
            a = case.text(index)
            case.point(index)
            again = [
                name
                for index in case.tensors()
                if (name := case.text(index)) != a and case.makers(name)
            ]
            built = [case.makers(name) for name in again[:1]]
            fix = "; ".join([f"track {a}", *built, case.walker.source.text.strip()])
            fixes = [fix] if "\n" not in fix and len(fix) <= 100 else []
            return case.tell(f"{a} was never tracked.", *fixes, fact="requires_grad=False")
    return None


@explains(r"^GradcheckError: (Jacobian|Backward) mismatch|Jacobian mismatch for output")
def _mismatch(case: Case) -> None:
    case.tell(
        "what backward gives (analytical) is not what central differences give (numerical): "
        "a backward rule is wrong, or detach and its like hide a way."
    )
