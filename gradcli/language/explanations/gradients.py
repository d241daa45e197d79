"""Gradients asked of what has none, freed graphs, leaves changed in place."""

from __future__ import annotations

from gradcli.language.explanations.case import Case, explains


@explains(r"grad can be implicitly created only for scalar outputs")
def _implicit(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
        value = case.operands[index].value
        a = case.text(index)
        ones = (
            "[" + ", ".join(["1."] * len(value)) + "]"
            if value.ndim == 1 and len(value) < 5
            else None
        )
        given = f"{a} gradient={ones}" if case.command else None
        if not case.command and ones and case.word == "backward":
            given = f"{a}.backward(torch.tensor({ones}))"
        if not ones:
            given = f"backward {a} gradient=ones_like({a})" if case.command else None
        elif case.command:
            given = f"{case.word} {given}"
        fixes = [case.call(index, ".sum()"), *([given] if given else [])]
        case.tell(f"backward starts from one number, and {a} holds {value.numel()}.", *fixes,
                  fact=case.shape(index))  # fmt: skip


@explains(r"does not require grad and does not have a grad_fn")
def _untracked(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
        a = case.text(index)
        case.tell(f"nothing that {a} was made from requires grad.",
                  f"x = param(...), then build {a} from x", "track x, then build again",
                  fact="requires_grad=False")  # fmt: skip


@explains(r"backward through the graph a second time")
def _second(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
        a = case.text(index)
        retained = (
            f"backward {a} retain=true" if case.command else f"{a}.backward(retain_graph=True)"
        )
        case.tell(f"the first backward freed the graph of {a}.", f"{retained} the first time",
                  f"build {a} again")  # fmt: skip


@explains(r"a leaf Variable that requires grad is being used in an in-place")
def _leaf(case: Case) -> None:
    for index in case.tensors()[:1]:
        a = case.text(index)
        case.point(index)
        case.tell(f"{a} is a leaf that requires grad: changing it in place would change what its "
                  "gradient is about.", "with torch.no_grad(): ...", f"{a} = {a} ...",
                  f"step {a}")  # fmt: skip


@explains(r"floating point .*dtype can require gradients")
def _whole(case: Case) -> None:
    case.tell("gradients are real numbers, and this holds whole ones.", "param([1., 2.])",
              "dtype=torch.float32")  # fmt: skip


@explains(r"modified by an inplace operation")
def _modified(case: Case) -> None:
    for index in case.tensors()[:1]:
        case.point(index)
    case.tell("a value that backward needs was overwritten after it was used.",
              "x = x + 1 instead of x += 1", "x.clone() before changing x")  # fmt: skip


@explains(r"Can't call numpy\(\) on Tensor that requires grad")
def _numpy(case: Case) -> None:
    case.point(0)
    case.tell(None, f"{case.text(0)}.detach().numpy()")


@explains(r"cannot register a hook on a tensor that|can't retain_grad on")
def _hook(case: Case) -> None:
    case.point(0)
    case.tell(f"{case.text(0)} has no gradient to speak of.", f"track {case.text(0)}",
              fact="requires_grad=False")  # fmt: skip


@explains(r"only change requires_grad flags of leaf")
def _flag(case: Case) -> None:
    case.point(0)
    case.tell(
        f"{case.text(0)} is computed; only leaves can be switched.", f"{case.text(0)}.detach()"
    )


@explains(r"appears to not have been used in the graph")
def _unused(case: Case) -> None:
    case.tell("one of the inputs has no part in the output.", "allow_unused=True")
