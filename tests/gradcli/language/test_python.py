"""What needs no tensor gives what Python gives: Python itself is asked."""

import contextlib
import io

import pytest

from tests.gradcli.language.desk import Desk
from tests.gradcli.language.programs import sections

EXPRESSIONS = """
1 + 2 * 3 - 4 / 5
7 // 2, -7 // 2, 7 % 3, -7 % 3, 7.5 % 2
2 ** 10, 2 ** -1, (-8) ** 2, 2 ** 0.5, (-8) ** (1 / 3)
-2 ** 2, +3, ~5, not 0, not [], not 'a'
6 & 3, 6 | 3, 1 << 4, 256 >> 2
1 < 2 < 3, 1 < 3 < 2, 1 == 1.0 != 2, 'a' < 'b'
[] is None, None is None, None is not None
3 in [1, 2, 3], 4 not in (1, 2), 'b' in 'abc', 2 in range(5), 2.0 in range(5), 'k' in {'k': 1}
0 or 5, 1 and 2, 0 and 1 / 0, '' or [] or 'x', 1 or 1 / 0
'yes' if 3 > 2 else 'no'
[1, 2, 3][0], [1, 2, 3][-1], [1, 2, 3, 4][1:3], [1, 2, 3, 4][::-1], 'abc'[1:], (1, 2, 3)[::2]
{'a': 1, **{'b': 2}}, {}['a'] if 0 else 'none', {1: [2]}[1][0]
[*range(3), 9], (*'ab', 1), [1, *[2, 3]]
[0] * 3, 'ab' * 2, 3 * (1, 2), [1, 2] + [3], (1,) + (2,), 'a' + 'b', 'a' * -1
[i * j for i in range(4) if i % 2 for j in range(3)], [x for x, in [(1,), (2,)]]
[[j for j in range(i)] for i in range(3)]
sum(i for i in range(10)), max(i % 7 for i in range(20))
(lambda x, y=2, *z, k=5, **kw: (x, y, z, k, kw))(1, 3, 4, 5, k=6, a=7)
(lambda: 5)(), (lambda *a: a)(*[1, 2]), (lambda **k: k)(**{'a': 1})
len('abc'), len([1]), len({1: 2}), len(range(7))
abs(-3), abs(-2.5), min(3, 1, 2), max([1, 5, 2]), min([], default=9), max('ab', 'c', key=len)
sum([1, 2, 3]), sum([0.5, 0.25], 1), round(2.567, 2), round(2.5), round(1234, -2)
sorted([3, 1, 2]), sorted(['b', 'A'], key=lambda s: s.lower()), sorted([1, 2], reverse=True)
list(reversed([1, 2])), list(enumerate('ab', 1)), list(zip([1, 2], 'ab', (3, 4)))
list(map(lambda x: x + 1, [1, 2]))
list(filter(None, [0, 1, 2])), list(filter(lambda x: x > 1, [1, 2]))
any([0, 1]), all([1, 0]), all([]), pow(2, 5), divmod(17, 5)
int('12'), int(3.9), int('ff', 16), float('1e-3'), float(2), bool([]), str(1.5), str([1, 'a'])
list('ab'), tuple([1]), dict(a=1), dict([(1, 2)]), list(range(2, 10, 3)), range(5)
isinstance(1, int), isinstance(1.0, (int, str)), isinstance([], list), type(1), type('a') is str
repr('a'), repr([1, 'b', (2,), {'c': None}]), str(()), str({}), repr(1e300 * 10)
'a,b'.split(','), '-'.join(['a', 'b']), ' x '.strip(), 'abc'.upper(), 'aXb'.replace('X', '--')
'abc'.startswith('ab'), 'abc'.find('c'), 'a'.ljust(4) + '|', '7'.zfill(3), 'abcb'.count('b')
'%d and %.2f %s %r' % (1, 2.345, 'x', 'y'), '%(a)s' % {'a': [1]}
'%5d|%-5s|' % (3, 'a'), '%s' % [1]
f'{3:>5}|{2.5:.3f}|{"x"!r}|{1 + 1}', f'{1000000:,}', f'{0.25:.0%}'
f'{[1, 2]}', f'{{}}', f'{5:{3}d}'
'{:.3f} {} {!r:>5} {{}}'.format(1.5, [1], 'x'), '{1}{0}{k:{w}}'.format(1, 2, k=3, w=4)
f'{"a":{"<"}{4}}|', f'{3=}', f'{(lambda: 3)()}', 'a' 'b', f'{None}', f'{True:d}'
(1.5).is_integer(), (3).bit_length(), (1 + 2j).real, abs(3 + 4j), 1e3, 0x1f, 0b11, 1_000, .5, 5.
math.pi, math.sqrt(2), math.factorial(20)
math.floor(-1.5), math.gcd(12, 18), math.prod([1, 2, 3])
math.isclose(0.1 + 0.2, 0.3), math.inf, -math.inf, math.fsum([0.1] * 10), math.log(8, 2)
[1, 2] == [1, 2], (1, 2) < (1, 3), [1] != [2], {'a': 1} == {'a': 1}, 1 == 'a', None == 0
'é'.upper(), 'naïve'[2], len('日本'), '\\n\\t\\\\', r'\\d', '\\u00e9', 'a\\'b'
None, True, ..., ()
(1), (1,), [(1, 2), [3]]
10 ** 20, -(10 ** 20), 123456789 ** 3, 2 ** 200 % 1000007
1 if [] else 2 if 0 else 3
""".strip().splitlines()

PROGRAMS = sections("python_programs.txt")


def python(text: str) -> str:
    """What Python prints."""
    import math

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(text, "<program>", "exec"), {"math": math})
    return out.getvalue()


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expression(text: str) -> None:
    import math

    expected = repr(eval(text, {"math": math}))
    assert Desk().run(text) in ([expected], []), text
    assert Desk().run(f"print(repr(({text}\n)))") == [expected]


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str) -> None:
    text = PROGRAMS[name]
    assert "\n".join([*Desk().run(text), ""]).replace("\n", "") == python(text).replace("\n", "")


def test_expressions_in_a_block_are_shown() -> None:
    assert Desk().run("for i in range(3): i * 2") == ["0", "2", "4"]
    assert Desk().run("for i in range(3): i * 2;") == []
    assert Desk().run("if 1:\n    'a'\n    'b';\n    'c'") == ["'a'", "'c'"]


def test_expressions_in_a_function_are_not_shown() -> None:
    assert Desk().run("def f():\n    5\n    return 6\nf()") == ["6"]


def test_last_value() -> None:
    desk = Desk()
    assert desk.run("5\n_ + 1\n_ * 2") == ["5", "6", "12"]
    assert desk.run("x = 3\nNone\n_") == ["12"]
    assert desk.run("7;\n_") == ["7"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1; 2", ["1", "2"]),
        ("1; 2;", ["1"]),
        ("1;", []),
        ("1;  # quiet", []),
        ("(1,\n2);", []),
        ("1;\n2", ["2"]),
        ("'a;'", ["'a;'"]),
    ],
)
def test_a_semicolon_at_the_end_silences(text: str, expected: list[str]) -> None:
    assert Desk().run(text) == expected


def test_names_are_told_when_bound() -> None:
    desk = Desk()
    desk.run("a = b = 1\nfor i in range(2): c = i\ndef f():\n    hidden = 1\nf()")
    assert desk.names == ["a", "b", "i", "c", "i", "c", "f"]
