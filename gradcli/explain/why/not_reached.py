"""Why there is no gradient: backward never came to the tensor."""

from __future__ import annotations

import ast

from engine.graph.tensor import Tensor
from engine.transforms import recorded
from gradcli.explain.why import repair
from gradcli.explain.why.answer import Answer
from gradcli.explain.why.facts import Facts
from gradcli.explain.why.path import way
from gradcli.explain.why.situations import situation
from gradcli.session.program import Sentence, calls

_LEAVING = {
    ".item()": "item() gives a Python number",
    ".tolist()": "tolist() gives Python numbers",
    ".numpy()": "numpy() gives an array",
    "float()": "float() gives a Python number",
    "int()": "int() gives a Python number",
    "tensor()": "tensor(...) copies the numbers alone",
    ".tensor()": "tensor(...) copies the numbers alone",
    "param()": "param(...) starts a new leaf",
}
_SAID = {
    "no_grad": "{made} was computed under no_grad, so no graph was recorded.",
    "detach": "detach() cut {x} off: what follows does not lead back to it.",
    "data": ".data cut {x} off: what follows does not lead back to it.",
    "flat": "{op} has no derivative: its result does not move when {x} does, or jumps.",
    "untracked": "{x} was not tracked yet when {made} was built.",
}


@situation
def way_is_cut(facts: Facts) -> Answer | None:
    """There is a way from the root to x, and something on it lets no gradient pass."""
    hop, name = facts.cut, facts.name
    if facts.gradient is not None or hop is None:
        return None
    said = _SAID[str(hop.cut)].format(
        made=facts.called(hop.node), x=facts.called(hop.item), op=hop.node.op.name
    )
    return Answer(
        str(hop.cut),
        f"{name}.grad is None because the way from {facts.root_name} to it is cut.",
        more=[said],
        way=way(facts),
        fixes=[mended(facts, hop.node, str(hop.cut))],
    )


def mended(facts: Facts, node: recorded.Node, cut: str) -> list[str]:
    """The statement without what cuts, or with something smooth in its place, and what follows."""
    sentence = facts.sentence_of(node)
    if sentence is None:
        return []
    if cut == "untracked":
        return facts.rebuild(sentence)
    text = without_cut(sentence.node, cut)
    if text is not None and text != ast.unparse(sentence.node):
        return facts.rebuild(sentence, {sentence: text})
    return repair.stand_in(facts, node) if cut == "flat" else []


def without_cut(statement: ast.stmt, cut: str) -> str | None:
    """A statement's text without detach, .data or no_grad; None if it cannot be said so."""
    if cut == "no_grad" and isinstance(statement, ast.With):
        return "\n".join(ast.unparse(inner) for inner in statement.body)
    if cut in _TAKEN_OUT:
        return ast.unparse(_Without(cut).visit(_copied(statement)))
    return None


_TAKEN_OUT = {
    "detach": ("detach",),
    "data": ("data",),
    "flat": ("long", "int", "short", "bool", "char"),
}
"""Cut → the methods and attributes that do it."""


class _Without(ast.NodeTransformer):
    """Takes x.detach(), x.data and x.long() back to x."""

    def __init__(self, cut: str) -> None:
        self.cut = cut

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if self.cut != "data" and isinstance(node.func, ast.Attribute):
            return node.func.value if node.func.attr in _TAKEN_OUT[self.cut] else node
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        return node.value if self.cut == "data" and node.attr == "data" else node


def _copied(statement: ast.stmt) -> ast.stmt:
    return ast.parse(ast.unparse(statement)).body[0]


@situation
def built_later(facts: Facts) -> Answer | None:
    """Backward ran before what depends on x was built."""
    run, name = facts.run, facts.name
    if run is None or not facts.unreached:
        return None
    for end, value in reversed(facts.names.items()):
        node = recorded.made_by(recorded.source(value)) if isinstance(value, Tensor) else None
        if node is None or node.rank > run.rank or not value.requires_grad:
            continue
        if recorded.path(value, facts.x):
            fix = f"backward {end}" if value.array.size == 1 else f"backward {end}.sum()"
            return Answer(
                "built later",
                f"{name}.grad is None because backward ran before {end} was built.",
                quotes=facts.quoted(facts.ran),
                fixes=[[fix]],
            )
    return None


@situation
def earlier_namesake(facts: Facts) -> Answer | None:
    """The root of backward was built from an earlier tensor of that name."""
    name = facts.name
    if not facts.unreached:
        return None
    old = next(
        (
            edge
            for step in facts.steps
            for edge in step.node.edges
            if isinstance(edge, Tensor) and edge.label == name and edge is not facts.x
        ),
        None,
    )
    maker = facts.program.maker(name)
    if old is None or maker is None:
        return None
    first = facts.program.first_use(name)
    return Answer(
        "earlier namesake",
        f"{name}.grad is None because {facts.root_name} was built from an earlier {name}.",
        more=[f"since then {name} was bound to another tensor."],
        quotes=facts.quoted(maker),
        fixes=[facts.rebuild(first)],
    )


@situation
def left_the_graph(facts: Facts) -> Answer | None:
    """The program leads from x to the root, the graph does not: a value left it on the way."""
    if not facts.unreached:
        return None
    found = _leaving(facts)
    if found is None:
        return None
    sentence, how, text = found
    return Answer(
        "left the graph",
        f"{facts.name}.grad is None because its value left the graph on the way to "
        f"{facts.root_name}.",
        more=[f"{_LEAVING[how]}, which no gradient follows."],
        quotes=facts.quoted(sentence),
        fixes=[facts.rebuild(sentence, {sentence: text})],
    )


def _leaving(facts: Facts) -> tuple[Sentence, str, str] | None:
    """The statement, among those the last backward's root was made of, where x left the graph."""
    wanted = set(facts.ran.uses) if facts.ran is not None else set()
    for sentence in reversed(facts.program.sentences):
        if not sentence.makes & wanted:
            continue
        wanted |= sentence.uses
        if facts.name not in sentence.uses:
            continue
        for part, how in calls(sentence.node):
            inner = _inside(part, facts.name) if how in _LEAVING else None
            if inner is not None:
                whole, old = ast.unparse(sentence.node), ast.unparse(part)
                return sentence, how, whole.replace(old, inner)
    return None


def _inside(part: ast.AST, name: str) -> str | None:
    """The value that a call takes out of the graph, if `name` is in it."""
    value: ast.AST | None = None
    if isinstance(part, ast.Call):
        inner = part.func.value if isinstance(part.func, ast.Attribute) else None
        value = part.args[0] if part.args else inner
    if value is None or not any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(value)):
        return None
    text = ast.unparse(value)
    while True:  # tensor(a.tolist()) is a
        trimmed = text
        for tail in (".tolist()", ".item()", ".numpy()", ".detach()"):
            trimmed = trimmed.removesuffix(tail)
        if trimmed == text:
            return text
        text = trimmed


@situation
def not_an_ancestor(facts: Facts) -> Answer | None:
    """The root does not depend on x."""
    if not facts.unreached:
        return None
    name = facts.name
    return Answer(
        "not an ancestor",
        f"{name}.grad is None because {facts.root_name} was not computed from {name}.",
        more=[f"backward goes from {facts.root_name} to the leaves it was made of, no further."],
        quotes=facts.quoted(facts.ran),
        fixes=[[f"backward ({name}**2).sum()"]],
    )


@situation
def forgotten(facts: Facts) -> Answer | None:
    """Backward did reach x; its gradient was forgotten since, or not asked for."""
    if facts.gradient is not None or facts.run is None:
        return None
    reached, _ = facts.run.gave(facts.x)
    headline = (
        f"{facts.name}.grad is None because it was set to None after backward."
        if reached
        else f"{facts.name}.grad is None because backward was told to fill other inputs alone."
    )
    start = facts.sentence_of(facts.root)
    return Answer("forgotten", headline, fixes=[facts.rebuild(start)])
