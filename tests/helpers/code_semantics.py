"""Python as tests use it: right programs that must pass in full isolation, and a wrong one for each. Importable data:
`CASES` is name → (tests, right program, wrong program)."""

# ruff: noqa: E501 - programs, one line each where they fit

from typing import Any

Tests = dict[str, Any]


def _file(source: str) -> Tests:
    return {"tests": {"test_s.py": source}}


_F = "from solution import f\n"
_ERRORS = "class Fault(Exception): pass\nclass Late(Fault): pass\nclass Other(Exception): pass\n"
CASES: dict[str, tuple[Tests, str, str]] = {
    "an exception caught by its base": (
        {"tests": ["try:\n    f()\nexcept Fault as e:\n    assert isinstance(e, Late) and str(e) == 'x'\nelse:\n    assert False"]},
        f"{_ERRORS}def f(): raise Late('x')",
        f"{_ERRORS}def f(): raise Other('x')",
    ),
    "pytest.raises of a base": (
        _file("import pytest\nfrom solution import f, Fault\ndef test_a():\n    with pytest.raises(Fault):\n        f()\n"),
        f"{_ERRORS}class Later(Late): pass\ndef f(): raise Later('x')",
        f"{_ERRORS}def f(): raise Other('x')",
    ),
    "slices": (
        {"tests": ["l = Row()\nassert l[1:] == [2, 3] and l[::-1] == [3, 2, 1] and l[0] == 1"]},
        "class Row:\n    def __getitem__(s, i): return [1, 2, 3][i]",
        "class Row:\n    def __getitem__(s, i): return [1, 2, 4][i]",
    ),
    "a class with a letter's name": (
        {"tests": ["assert isinstance(A(), A) and A.x == 1"]},
        "class A: x = 1",
        "class A: x = 2",
    ),
    "capsys": (
        _file(f"{_F}def test_a(capsys):\n    f()\n    assert capsys.readouterr().out == 'hi\\n'\n"),
        "def f(): print('hi')",
        "def f(): print('ho')",
    ),
    "capsys stderr": (
        _file(f"{_F}def test_a(capsys):\n    f()\n    assert capsys.readouterr().err == 'hi\\n'\n"),
        "import sys\ndef f(): print('hi', file=sys.stderr)",
        "def f(): print('hi')",
    ),
    "capfd": (
        _file(f"{_F}def test_a(capfd):\n    f()\n    assert 'hi' in capfd.readouterr().out\n"),
        "def f(): print('hi')",
        "def f(): pass",
    ),
    "redirect_stdout": (
        {"tests": "import io, contextlib\nb = io.StringIO()\nwith contextlib.redirect_stdout(b):\n    f(2)\n"
                  "assert b.getvalue() == '2\\n'"},
        "def f(x): print(x)",
        "def f(x): return x",
    ),
    "patched sys.stdout": (
        _file("import unittest, io\nfrom unittest.mock import patch\nfrom solution import f\n\n\nclass T(unittest.TestCase):\n"
              "    @patch('sys.stdout', new_callable=io.StringIO)\n    def test_a(self, out):\n        f()\n"
              "        self.assertEqual(out.getvalue().strip(), 'hi')\n"),
        "def f(): print('hi')",
        "def f(): print('ho')",
    ),
    "patched input": (
        _file("from unittest.mock import patch\nfrom solution import f\n\n\ndef test_a():\n"
              "    with patch('builtins.input', return_value='7'):\n        assert f() == 8\n"),
        "def f(): return int(input()) + 1",
        "def f(): return int(input())",
    ),
    "monkeypatched input": (
        _file(f"{_F}def test_a(monkeypatch):\n    monkeypatch.setattr('builtins.input', lambda *a: '7')\n    assert f() == 8\n"),
        "def f(): return int(input()) + 1",
        "def f(): return 7",
    ),
    "seed": (
        {"tests": ["import random\nrandom.seed(4)\na = f()\nrandom.seed(4)\nassert f() == a", "random.seed(4)\nw = random.random()\nrandom.seed(4)\nassert f() == w"]},
        "import random\ndef f(): return random.random()",
        "def f(): return 0.5",
    ),
    "enum identity": (
        _file("from solution import C, f\n\n\ndef test_a():\n    assert f(1) is C.RED and f(2) == C.BLUE and C.RED.value == 1\n    assert C.RED.name == 'RED'\n"),
        "import enum\nclass C(enum.Enum):\n    RED = 1\n    BLUE = 2\ndef f(x): return C(x)",
        "import enum\nclass C(enum.Enum):\n    RED = 1\n    BLUE = 2\ndef f(x): return C.RED",
    ),
    "enum listed": (
        _file("from solution import C\n\n\ndef test_a():\n    assert [c.name for c in C] == ['RED', 'BLUE'] and len(C) == 2 and C['RED'].value == 1\n"),
        "import enum\nclass C(enum.Enum):\n    RED = 1\n    BLUE = 2",
        "import enum\nclass C(enum.Enum):\n    RED = 1",
    ),
    "SystemExit": (
        _file("import pytest\nfrom solution import f\n\n\ndef test_a():\n    with pytest.raises(SystemExit):\n        f()\n"),
        "import sys\ndef f(): sys.exit(2)",
        "def f(): pass",
    ),
    "SystemExit code": (
        _file("import pytest\nfrom solution import f\n\n\ndef test_a():\n    with pytest.raises(SystemExit) as e:\n        f()\n    assert e.value.code == 2\n"),
        "import sys\ndef f(): sys.exit(2)",
        "import sys\ndef f(): sys.exit(1)",
    ),
    "SystemExit of unittest": (
        _file("import unittest\nfrom solution import f\n\n\nclass T(unittest.TestCase):\n    def test_a(self):\n        with self.assertRaises(SystemExit) as c:\n            f()\n        self.assertEqual(c.exception.code, 3)\n"),
        "import sys\ndef f(): sys.exit(3)",
        "def f(): raise ValueError",
    ),
    "raises with match": (
        _file("import pytest\nfrom solution import f\n\n\ndef test_a():\n    with pytest.raises(ValueError, match='bad .*x'):\n        f('x')\n"),
        "def f(x): raise ValueError(f'bad value {x}')",
        "def f(x): raise ValueError('good')",
    ),
    "own exception": (
        _file("import pytest\nfrom solution import f, Bad\n\n\ndef test_a():\n    with pytest.raises(Bad) as e:\n        f()\n    assert e.value.code == 7 and 'x' in str(e.value)\n"),
        "class Bad(Exception):\n    def __init__(self, m, code):\n        super().__init__(m); self.code = code\ndef f(): raise Bad('x', 7)",
        "class Bad(Exception):\n    code = 8\ndef f(): raise Bad('x')",
    ),
    "exception chain": (
        _file("import pytest\nfrom solution import f\n\n\ndef test_a():\n    with pytest.raises(RuntimeError) as e:\n        f()\n    assert isinstance(e.value, RuntimeError) and e.value.args == ('no',)\n"),
        "def f():\n    try: {}['a']\n    except KeyError as e: raise RuntimeError('no') from e",
        "def f(): raise RuntimeError('yes')",
    ),
    "tmp_path": (
        _file(f"{_F}def test_a(tmp_path):\n    p = tmp_path / 'a.txt'\n    p.write_text('5')\n    f(str(p))\n    assert p.read_text() == '6'\n"),
        "def f(p):\n    n = int(open(p).read())\n    open(p, 'w').write(str(n + 1))",
        "def f(p): pass",
    ),
    "tmp_path as a Path": (
        _file(f"{_F}def test_a(tmp_path):\n    f(tmp_path)\n    assert sorted(x.name for x in tmp_path.iterdir()) == ['a', 'b']\n"),
        "def f(p):\n    (p / 'a').write_text('1'); (p / 'b').mkdir()",
        "def f(p): (p / 'a').write_text('1')",
    ),
    "tempfile of the tests": (
        _file(f"import tempfile, os\n{_F}def test_a():\n    with tempfile.NamedTemporaryFile('w', suffix='.txt', delete=False) as t:\n        t.write('a b c')\n    try:\n        assert f(t.name) == 3\n    finally:\n        os.unlink(t.name)\n"),
        "def f(p): return len(open(p).read().split())",
        "def f(p): return 0",
    ),
    "temporary directory of the tests": (
        _file(f"import tempfile, os\n{_F}def test_a():\n    with tempfile.TemporaryDirectory() as d:\n        open(os.path.join(d, 'x.txt'), 'w').write('q')\n        assert f(d) == ['x.txt']\n"),
        "import os\ndef f(d): return os.listdir(d)",
        "def f(d): return []",
    ),
    "a file in /tmp": (
        {"tests": ["open('/tmp/t.txt', 'w').write('1\\n2\\n')\nassert f('/tmp/t.txt') == 3"]},
        "def f(p): return sum(map(int, open(p)))",
        "def f(p): return 0",
    ),
    "mock.patch of the module": (
        _file("from unittest.mock import patch\nimport solution\n\n\ndef test_a():\n    with patch('solution.g', return_value=5):\n        assert solution.f() == 6\n"),
        "def g(): return 1\ndef f(): return g() + 1",
        "def g(): return 1\ndef f(): return 2",
    ),
    "asyncio": (
        _file("import asyncio\nfrom solution import f\n\n\ndef test_a():\n    assert asyncio.run(f(2)) == 3\n"),
        "import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x + 1",
        "async def f(x): return x",
    ),
    "generator": (
        {"tests": ["g = f(3)\nassert next(g) == 0 and next(g) == 1 and list(g) == [2]", "assert sum(f(4)) == 6"]},
        "def f(n): yield from range(n)",
        "def f(n): yield n",
    ),
    "mutation in place": (
        {"tests": ["a = [3, 1, 2]\nassert f(a) is None and a == [1, 2, 3]", "d = {'x': [1]}\nf(d['x'])\nassert d == {'x': [1]}"]},
        "def f(a): a.sort()",
        "def f(a): return sorted(a)",
    ),
    "named tuple": (
        {"tests": ["p = f(1, 2)\nassert p.x == 1 and p.y == 2 and p == (1, 2) and p._asdict() == {'x': 1, 'y': 2}"]},
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\ndef f(a, b): return P(a, b)",
        "def f(a, b): return (a, b)",
    ),
    "dataclass": (
        {"tests": ["p = f(1)\nassert p.x == 1 and p.double() == 2\np.x = 5\nassert p.double() == 10"]},
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n    def double(self): return 2 * self.x\ndef f(a): return P(a)",
        "class P: x = 1\ndef f(a): return P()",
    ),
    "class with operators": (
        {"tests": ["a = V(1, 2) + V(3, 4)\nassert (a.x, a.y) == (4, 6) and len(a) == 2 and a[0] == 4 and str(a) == 'V(4, 6)'"]},
        "class V:\n    def __init__(s, x, y): s.x, s.y = x, y\n    def __add__(s, o): return V(s.x + o.x, s.y + o.y)\n    def __len__(s): return 2\n    def __getitem__(s, i): return (s.x, s.y)[i]\n    def __str__(s): return f'V({s.x}, {s.y})'",
        "class V:\n    def __init__(s, x, y): s.x, s.y = x, y\n    def __add__(s, o): return s\n    def __len__(s): return 2\n    def __getitem__(s, i): return 0\n    def __str__(s): return ''",
    ),
    "context manager": (
        {"tests": ["with F() as x:\n    assert x == 5\nassert F.closed == 1"]},
        "class F:\n    closed = 0\n    def __enter__(s): return 5\n    def __exit__(s, *a): F.closed += 1",
        "class F:\n    closed = 0\n    def __enter__(s): return 5\n    def __exit__(s, *a): pass",
    ),
    "callback of the tests": (
        {"tests": ["seen = []\nf(seen.append, [1, 2])\nassert seen == [1, 2]", "assert f(lambda x: x * 2, [1]) == [2]"]},
        "def f(g, xs): return [g(x) for x in xs]",
        "def f(g, xs): return xs",
    ),
    "isinstance of a class": (
        _file("from solution import A, make\n\n\ndef test_a():\n    assert isinstance(make(), A) and not isinstance(3, A) and hasattr(make(), 'x')\n"),
        "class A: x = 1\ndef make(): return A()",
        "class A: x = 1\ndef make(): return 3",
    ),
    "doctest": (
        {"tests": "import doctest\nassert '>>>' in (f.__doc__ or '') and f(2) == 4"},
        'def f(x):\n    """>>> f(2)\n    4\n    """\n    return 2 * x',
        "def f(x): return 2 * x",
    ),
    "parametrize and fixture": (
        _file("import pytest\nfrom solution import f\n\n\n@pytest.fixture\ndef two(): return 2\n\n\n@pytest.mark.parametrize('x,y', [(1, 3), (2, 4)])\ndef test_a(x, y, two):\n    assert f(x, two) == y\n"),
        "def f(a, b): return a + b",
        "def f(a, b): return 3",
    ),
    "setUp and tearDown": (
        {"tests": "import unittest\nclass T(unittest.TestCase):\n    def setUp(self):\n        self.s = Stack()\n    def test_a(self):\n        self.s.push(3)\n        self.assertEqual(self.s.pop(), 3)\n        self.assertTrue(self.s.empty())\n        with self.assertRaises(IndexError):\n            self.s.pop()\n"},
        "class Stack:\n    def __init__(s): s.a = []\n    def push(s, x): s.a.append(x)\n    def pop(s): return s.a.pop()\n    def empty(s): return not s.a",
        "class Stack:\n    def __init__(s): s.a = []\n    def push(s, x): s.a.append(x)\n    def pop(s): return s.a and s.a.pop()\n    def empty(s): return not s.a",
    ),
    "threads": (
        {"tests": ["assert f(8) == 8 * 1000"]},
        "import threading\ndef f(n):\n    c = [0]; l = threading.Lock()\n    def w():\n        for _ in range(1000):\n            with l: c[0] += 1\n    t = [threading.Thread(target=w) for _ in range(n)]\n    [x.start() for x in t]; [x.join() for x in t]\n    return c[0]",
        "def f(n): return n",
    ),
    "deep recursion": (
        {"tests": ["assert f(20000) == 20000"]},
        "import sys\nsys.setrecursionlimit(10**6)\ndef f(n): return 0 if n == 0 else 1 + f(n - 1)",
        "def f(n): return 0 if n == 0 else 1 + f(n - 1)",
    ),
    "main guard and input at import": (
        {"tests": ["assert f(1) == 2"]},
        "def f(x): return x + 1\nif __name__ == '__main__':\n    print(f(int(input())))",
        "def f(x): return x\nif __name__ == '__main__':\n    print(f(int(input())))",
    ),
    "floats by approx": (
        _file("import pytest, math\nfrom solution import f\n\n\ndef test_a():\n    assert f(3) == pytest.approx(0.3333, abs=1e-3) and math.isclose(f(3), 1 / 3)\n    assert f(0) == float('inf')\n"),
        "def f(x): return 1 / x if x else float('inf')",
        "def f(x): return 0.33 if x else float('inf')",
    ),
    "locale and encodings": (
        {"tests": ["assert f('Straße') == 'STRASSE' and f('ı') == 'I'", "assert f('é'.encode().decode()) == 'É'"]},
        "def f(s): return s.upper()",
        "def f(s): return s.title()",
    ),
    "time": (
        {"tests": ["import time\nt = time.time()\nf()\nassert 0.05 < time.time() - t"]},
        "import time\ndef f(): time.sleep(0.1)",
        "def f(): pass",
    ),
    "environment": (
        _file(f"{_F}def test_a(monkeypatch):\n    monkeypatch.setenv('HF_X', '5')\n    assert f() == '5'\n"),
        "import os\ndef f(): return os.environ.get('HF_X')",
        "def f(): return '4'",
    ),
    "working directory": (
        _file(f"import os\n{_F}def test_a(tmp_path, monkeypatch):\n    monkeypatch.chdir(tmp_path)\n    (tmp_path / 'a.txt').write_text('x')\n    assert f() == 'x'\n"),
        "def f(): return open('a.txt').read()",
        "def f(): return 'y'",
    ),
    "sys.argv": (
        _file(f"import sys\n{_F}def test_a(monkeypatch):\n    monkeypatch.setattr(sys, 'argv', ['prog', '5'])\n    assert f() == 5\n"),
        "import sys\ndef f(): return int(sys.argv[1])",
        "def f(): return 4",
    ),
    "stdin replaced": (
        _file(f"import io, sys\n{_F}def test_a(monkeypatch):\n    monkeypatch.setattr('sys.stdin', io.StringIO('3 4'))\n    assert f() == 7\n"),
        "import sys\ndef f(): return sum(map(int, sys.stdin.read().split()))",
        "def f(): return 8",
    ),
}  # fmt: skip
