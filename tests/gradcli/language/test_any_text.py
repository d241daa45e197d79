"""Any text is a value or a Fault, never another exception; and the fault fits on a screen."""

from __future__ import annotations

import warnings

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradcli.base.faults import Fault, plain
from gradcli.language.syntax.limits import Limits
from gradcli.language.syntax.parse import incomplete
from tests.gradcli.language.desk import Desk
from tests.gradcli.language.programs import sections

WORDS = """
a b x d s f y 1 0 2. 1e3 -1 'k' "t" f'{a}' f'{x!r:>5}' None True ... [ ] ( ) { } , , : ; . = ==
< > + - * / // % ** @ & | ~ ^ += -= *= @= not and or in is if else elif for while with def
return lambda del assert pass break continue import from as torch math print len range sum max
tensor ones param no_grad enable_grad mean backward grad step :grad :diff trace help load set
exit lr=0.1 .sum() .mean() .grad .data .T .shape .item() .backward() .append( .keys()
.requires_grad_() [0] [-1] [:,None] [...] (a) (x) (lambda v: v) \\\\ # @ ! $ ? é ` := -> *a **d
_ __class__ .__class__
""".split()
INDENTS = ["\n", "\n    ", "\n\n", "\n  ", " ", " ", " ", ""]
PROGRAMS = [*sections("torch_programs.txt").values(), *sections("python_programs.txt").values()]
SETUP = """
a = param([1., 2.]); b = ones(2, 2); y = a.sum()
x = [1, 2]; d = {'k': 1}; s = 'text'
def f(*v): return v
"""

QUICK = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


def answered(text: str) -> None:
    """Run the text; it must be answered."""
    desk = Desk()
    desk.walker.limits = Limits(2_000, items=2_000, characters=20_000, memory=2_000_000)
    desk.run(
        "a = param([1., 2.]); b = ones(2, 2); x = [1, 2]; d = {'k': 1}; s = 'text'; y = a.sum()"
    )
    desk.run("def f(*v): return v")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fault = None
        try:
            desk.run(text)
        except Fault as found:
            fault = found
    incomplete(text)
    if fault is not None:
        shown = plain(fault, text.split("\n"))
        assert all(len(line) <= 80 for line in shown.split("\n")[1:]), shown
        assert fault.message or fault.kind in ("AssertionError", "KeyError"), shown


@QUICK
@given(st.text(max_size=60))
def test_characters(text: str) -> None:
    answered(text)


@QUICK
@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(INDENTS)), max_size=12))
def test_words(parts: list[tuple[str, str]]) -> None:
    answered("".join(word + gap for word, gap in parts))


@QUICK
@given(st.data())
def test_programs_with_a_piece_changed(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(PROGRAMS))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 12, len(text))))
    piece = data.draw(st.one_of(st.sampled_from(WORDS), st.text(max_size=4)))
    answered(text[:start] + piece + text[end:])


EXPRESSION = st.recursive(
    st.sampled_from([*"abxdsyf12", "2.5", "'k'", "None", "True", "[1., 2.]"]),
    lambda inner: st.one_of(
        st.builds(
            "({} {} {})".format,
            inner,
            st.sampled_from("+ - * / // % ** @ & | == < in is and or".split()),
            inner,
        ),
        st.builds("{}({})".format, st.sampled_from(["-", "~", "not ", "+"]), inner),
        st.builds(
            "{}({})".format,
            st.sampled_from(
                "sum max mean len abs sorted list tensor exp print float int str f zip round any map "
                "torch.stack a.expand x.append".split()
            ),
            inner,
        ),
        st.builds("({})[{}]".format, inner, inner),
        st.builds(
            "({}){}".format,
            inner,
            st.sampled_from(
                ".sum() .T .shape .grad .item() .tolist() .detach() .backward() .requires_grad_() "
                ".pop() .upper() .keys() .reshape(-1) .numpy()".split()
            ),
        ),
        st.builds("[{} for v in {}]".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("f'{{{}!r}}'".format, inner.filter(lambda text: "'" not in text)),
        st.builds("({}, {})".format, inner, inner),
    ),
    max_leaves=6,
)


@QUICK
@given(EXPRESSION)
def test_expressions(text: str) -> None:
    answered(text)
    answered(f"v = {text}; v += {text}")
