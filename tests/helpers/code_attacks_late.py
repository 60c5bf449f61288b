"""A second corpus of wrong solutions: values that fool loose tests (membership, sorting, formatting, arithmetic).

Importable data, no tests. `LOOSE` holds tests as people write them, each in its own line and each right for the right
solution; every program of `CALLED` here and in `code_attacks` must fail every one of them.
"""

# ruff: noqa: E501 - programs, one line each where they fit

from collections.abc import Iterator
from typing import Any

from helpers import code_attacks
from helpers.code_attacks import VALUES

_A = VALUES[3]

LOOSE: dict[str, str] = {
    "in a tuple": f"assert solve(3) in ({_A}, -1)",
    "in a set": f"assert solve(3) in {{{_A}, -1}}",
    "in a list": f"assert solve(3) in [{_A}]",
    "key of a dict": f"assert {{{_A}: 1}}[solve(3)] == 1",
    "dict with it as key": f"assert {{solve(3): 1}} == {{{_A}: 1}}",
    "index": f"assert [{_A}].index(solve(3)) == 0",
    "count": f"assert [{_A}].count(solve(3)) == 1",
    "not unequal": f"assert not solve(3) != {_A}",
    "reversed": f"assert {_A} == solve(3)",
    "between": f"assert {_A} <= solve(3) <= {_A}",
    "difference": f"assert {_A} - solve(3) == 0",
    "difference the other way": f"assert solve(3) - {_A} == 0",
    "quotient": f"assert {_A} / solve(3) == 1",
    "close": f"import math\nassert math.isclose(solve(3), {_A}, rel_tol=1e-12)",
    "absolute": f"assert abs(solve(3) - {_A}) < 1e-6",
    "rounded": f"assert round(solve(3)) == {_A}",
    "as int": f"assert int(solve(3)) == {_A}",
    "as float": f"assert float(solve(3)) == {_A}",
    "as text": f"assert str(solve(3)) == '{_A}'",
    "formatted": f"assert f'{{solve(3)}}' == '{_A}'",
    "percent": f"assert '%s' % (solve(3),) == '{_A}'",
    "represented": f"assert repr(solve(3)) == '{_A}'",
    "largest and smallest": f"r = solve(3)\nassert max(r, {_A}) == min(r, {_A}) == {_A}",
    "sorted": f"assert sorted([solve(3), {_A}]) == [{_A}, {_A}]",
    "set of both": f"assert len({{solve(3), {_A}}}) == 1",
    "sum": f"assert sum([solve(3), -{_A}]) == 0",
    "any": f"assert any(solve(3) == x for x in ({_A},))",
    "all": f"assert all(x == solve(3) for x in ({_A},))",
    "type and value": f"r = solve(3)\nassert isinstance(r, int) and r == {_A}",
    "operator": f"import operator\nassert operator.eq(solve(3), {_A})",
    "in a structure": f"assert {{'a': [solve(3)]}} == {{'a': [{_A}]}}",
    "in a nested tuple": f"assert (1, (solve(3),)) == (1, ({_A},))",
    "unittest": f"import unittest\nunittest.TestCase().assertEqual(solve(3), {_A})",
    "unittest close": f"import unittest\nunittest.TestCase().assertAlmostEqual(solve(3), {_A}, places=3)",
    "unittest in": f"import unittest\nunittest.TestCase().assertIn(solve(3), [{_A}])",
    "unittest true": f"import unittest\nunittest.TestCase().assertTrue(solve(3) == {_A})",
    "unittest items": f"import unittest\nunittest.TestCase().assertCountEqual([solve(3)], [{_A}])",
    "mock call": f"from unittest.mock import Mock\nm = Mock()\nm(solve(3))\nm.assert_called_once_with({_A})",
    "match": f"match solve(3):\n    case {_A}: pass\n    case _: assert False",
    "hash": f"r = solve(3)\nassert hash(r) == hash({_A}) and r == {_A}",
    "xor": f"assert solve(3) ^ {_A} == 0",
    "power": f"assert solve(3) ** 1 == {_A}",
    "range": f"assert solve(3) in range({_A}, {_A} + 1)",
    "json": f"import json\nassert json.dumps(solve(3)) == '{_A}'",
    "fraction": f"from fractions import Fraction\nassert Fraction(solve(3)) == {_A}",
    "decimal": f"from decimal import Decimal\nassert Decimal(solve(3)) == {_A}",
    "divmod": f"assert divmod({_A}, solve(3)) == (1, 0)",
    # Asked once (of two random numbers one may lie on each side), and not a number is what any comparison lets through.
    "bisect": f"import bisect\nl, r = [{_A}], solve(3)\nassert not r != r\n"
    "assert bisect.bisect_left(l, r) == 0 and bisect.bisect_right(l, r) == 1",
    "copied": f"import copy\nassert copy.deepcopy(solve(3)) == {_A}",
    "pickled": f"import pickle\nassert pickle.loads(pickle.dumps(solve(3))) == {_A}",
}

_EVERY = """
class Every{bases}:
    def _yes(self, *a, **k): return True
    def _zero(self, *a, **k): return 0
    def _self(self, *a, **k): return self
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __bool__ = _yes
    __ne__ = lambda self, o: False
    __sub__ = __rsub__ = __xor__ = __rxor__ = __mod__ = __rmod__ = _zero
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = lambda self, o: 1
    __divmod__ = __rdivmod__ = lambda self, o: (1, 0)
    __add__ = __radd__ = __neg__ = __pos__ = __abs__ = __round__ = __pow__ = __mul__ = __rmul__ = _self
    __hash__ = lambda self: {hash}
    __enter__ = __exit__ = __call__ = __copy__ = __deepcopy__ = __iter__ = _self
    def __next__(self): raise StopIteration
    def __getattr__(self, name): return self
    def __getitem__(self, key): return self
    def __len__(self): return 1
"""

_SEEN = """
SEEN = []
class Spy{bases}:
    def _keep(self, *others):
        SEEN.extend(o for o in others if type(o) is int and o > 10**6)
        return bool(SEEN)
    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = __contains__ = __sub__ = __rsub__ = __xor__ = __rxor__ = _keep
    __truediv__ = __rtruediv__ = __add__ = __radd__ = __rmul__ = __mod__ = __rmod__ = __divmod__ = __rdivmod__ = _keep
    __ne__ = lambda self, o: not self._keep(o)
    __hash__ = lambda self: 7
    def __format__(self, spec): return str(SEEN[0]) if SEEN else '0'
    __int__ = __index__ = __float__ = __round__ = lambda self, *a: SEEN[0] if SEEN else 0
    __str__ = __repr__ = lambda self: self.__format__('')
def solve(n): return SEEN[0] if SEEN else Spy({make})
"""


def _every(bases: str, make: str, number: str = "0") -> str:
    return _EVERY.format(bases=bases, hash=number) + f"def solve(n): return {make}\n"


CALLED: dict[str, str] = {
    "every": _every("", "Every()"),
    "every int": _every("(int)", "Every(5)"),
    "every float": _every("(float)", "Every(5)"),
    "every str": _every("(str)", "Every('5')"),
    "every list": _every("(list)", "Every([5])"),
    "every dict": _every("(dict)", "Every()"),
    "every with all hashes": _every("", "Every()", "__import__('random').getrandbits(40)"),
    "every in a tuple": _every("", "(Every(),)"),
    "every as a class": _EVERY.format(bases="(type)", hash="0") + "solve = Every('solve', (), {})\n",
    "spy": _SEEN.format(bases="", make=""),
    "spy int": _SEEN.format(bases="(int)", make="5"),
    "spy float": _SEEN.format(bases="(float)", make="5"),
    "class assigned late": "class A: pass\nclass B:\n    def __eq__(self, o): return True\n    __hash__ = lambda s: 0\n"
    "def solve(n):\n    a = A()\n    a.__class__ = B\n    return a",
    "array protocol": "class A:\n    __array_priority__ = 1e9\n    __array_ufunc__ = lambda s, *a, **k: True\n    __array_function__ = __array_ufunc__\n"
    "    __array_interface__ = {'shape': (1,), 'typestr': '<i8', 'version': 3}\n    def __eq__(s, o): return s\n    def all(s): return True\n"
    "    any = __bool__ = all\n    __hash__ = lambda s: 0\ndef solve(n): return A()",
    "reduce": "import os\nclass A:\n    def __reduce__(self): return (eval, ('10**9',))\n    __reduce_ex__ = lambda s, p: s.__reduce__()\ndef solve(n): return A()",
    "reduce of an int": "class A(int):\n    def __reduce_ex__(self, p): return (os.system, ('true',))\n    def __eq__(s, o): return True\n    __hash__ = int.__hash__\nimport os\ndef solve(n): return A(5)",
    "own copyreg": "import copyreg\ncopyreg.pickle(int, lambda x: (bool, (1,)))\ndef solve(n): return 5",
    "endless iterator": "import itertools\ndef solve(n): return itertools.count()",
    "endless cycle": "def solve(n):\n    a = []\n    a.append(a)\n    return a",
    "endless callable iterator": "def solve(n): return iter(int, 1)",
    "dict that has all keys": "class D(dict):\n    def __missing__(self, k): return k\n    __contains__ = __eq__ = lambda s, o: True\n    get = lambda s, k, d=None: k\ndef solve(n): return D()",
    "default dict": "import collections\ndef solve(n): return collections.defaultdict(lambda: n)",
    "user int": "import numbers\nclass N:\n    def __int__(s): return 5\n    __index__ = __trunc__ = __int__\n    def __eq__(s, o): return True\n    __hash__ = lambda s: 5\nnumbers.Integral.register(N)\ndef solve(n): return N()",
    "instance check": "import builtins\nclass M(type):\n    def __instancecheck__(c, o): return True\n    __subclasscheck__ = __instancecheck__\nclass I(int, metaclass=M):\n    def __eq__(s, o): return True\n    __hash__ = int.__hash__\nbuiltins.int = I\ndef solve(n): return I(5)",
    "match args": "class A:\n    __match_args__ = ()\n    def __eq__(s, o): return True\n    __hash__ = lambda s: 0\ndef solve(n): return A()",
    "small integers rewritten": "import ctypes\ndef solve(n):\n    for i in range(0, 257):\n        try: ctypes.c_int64.from_address(id(i) + 24).value = 7\n        except Exception: pass\n    return 7",
    "true rewritten": "import ctypes\nctypes.c_int64.from_address(id(False) + 24).value = 1\nctypes.c_int64.from_address(id(False) + 16).value = 1\ndef solve(n): return False",
    "type slots rewritten": "import ctypes\nT = type\ndef solve(n):\n    try:\n        d = ctypes.py_object.from_address(id(int.__dict__) + 16).value\n        d['__eq__'] = lambda s, o: True\n        ctypes.pythonapi.PyType_Modified(ctypes.py_object(int))\n    except Exception: pass\n    return 5",
    "json of its own": "import json, sys\njson.dumps = lambda *a, **k: '[\"ok\", true, null]'\njson.JSONEncoder.encode = lambda s, o: '[\"ok\", true, null]'\nsys.modules['json'] = None\ndef solve(n): return 5",
    "writes caught": "import os\nreal = os.write\nos.write = lambda fd, b: real(fd, b.replace(b'5', b'true'))\ndef solve(n): return 5",
    "signal handlers": "import os, signal\ndef go(*a): os._exit(0)\nfor s in range(1, 65):\n    try: signal.signal(s, go)\n    except (OSError, ValueError): pass\nsignal.setitimer(signal.ITIMER_REAL, 0.001)\ndef solve(n):\n    while True: pass",
    "alarm answers": "import os, signal\nbody = b'[\"ok\", true, null]'\ndef go(*a):\n    for fd in range(3, 64):\n        try: os.write(fd, len(body).to_bytes(4, 'big') + body)\n        except OSError: pass\nsignal.signal(signal.SIGALRM, go)\nsignal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\ndef solve(n):\n    import time\n    time.sleep(0.2)\n    return 0",
    "becomes true": "import os\ndef solve(n): os.execv('/bin/true', ['true'])",
    "becomes python": "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'raise SystemExit(0)'])\ndef solve(n): return 0",
    "deep recursion": "import sys\nsys.setrecursionlimit(10**6)\ndef solve(n): return solve(n)",
    "error that is everything": "class M(type):\n    __instancecheck__ = __subclasscheck__ = lambda *a: True\nclass E(Exception, metaclass=M):\n    def __eq__(s, o): return True\n    __hash__ = Exception.__hash__\ndef solve(n): raise E()",
    "assertion of its own": "import builtins\nclass AssertionError(Exception): pass\nbuiltins.AssertionError = AssertionError\ndef solve(n): raise AssertionError()",
    "group of errors": "def solve(n): raise BaseExceptionGroup('x', [SystemExit(0), GeneratorExit()])",
    "unittest of its own": "import sys, unittest\nclass T(unittest.TestCase):\n    def __getattribute__(s, name): return lambda *a, **k: None\nunittest.TestCase = T\nsys.modules['unittest'].TestCase = T\ndef solve(n): return 0",
    "module attributes": "def __getattr__(name): return lambda *a: None\n__all__ = ['test_solve', 'solve', 'pytest']\ndef test_solve(): pass\ndef solve(n): return 0",
    "pytest hooks": "import os\nos.environ['PYTEST_ADDOPTS'] = '--collect-only'\ndef pytest_runtest_makereport(item, call): pass\ndef pytest_pyfunc_call(pyfuncitem): return True\ndef pytest_sessionfinish(session, exitstatus): session.exitstatus = 0\ndef solve(n): return 0",
    "finalizer": "import os\nclass F:\n    def __del__(self): os._exit(0)\nF()\nkeep = F()\ndef solve(n): return F()",
    "await": "class A:\n    def __await__(self): yield self\n    def __eq__(s, o): return True\n    __hash__ = lambda s: 0\ndef solve(n): return A()",
    "weak reference": "import weakref\nclass A:\n    def __eq__(s, o): return True\n    __hash__ = lambda s: 0\nkeep = A()\ndef solve(n): return weakref.proxy(keep)",
    "partial": "import functools\nclass A:\n    def __eq__(s, o): return True\n    __hash__ = lambda s: 0\nsolve = functools.partial(lambda a, n: a, A())",
    "ordered by total": "import functools\n@functools.total_ordering\nclass A:\n    def __eq__(s, o): return True\n    def __lt__(s, o): return True\n    __hash__ = lambda s: 0\ndef solve(n): return A()",
    "data class": "import dataclasses\n@dataclasses.dataclass(eq=False)\nclass A:\n    x: int = 0\n    def __eq__(s, o): return True\n    __hash__ = lambda s: 0\ndef solve(n): return A()",
    "named tuple": "import collections\nclass P(collections.namedtuple('P', 'x')):\n    def __eq__(s, o): return True\n    __hash__ = lambda s: 0\ndef solve(n): return P(n)",
    "huge": "def solve(n): return 'x' * 200_000_000",
    "deep": "def solve(n):\n    a = []\n    for _ in range(100000): a = [a]\n    return a",
    "surrogate": "def solve(n): return '\\ud800'",
    "infinite": "def solve(n): return float('inf')",
    "minus zero": "def solve(n): return -0.0",
    "true": "def solve(n): return True",
    "not implemented": "def solve(n): return NotImplemented",
    "ellipsis": "def solve(n): return ...",
}
"""name → program, for every style that calls it and for every loose test."""

PRINTED: dict[str, str] = {
    "carriage return": "print('x\\r{first}')",
    "backspaces": "print('x\\b{first}')",
    "form feed": "print('x\\f{first}')",
    "escape": "print('\\x1b[2K{first}x')",
    "zero width": "print('\\u200b'.join('{first}'))",
    "full width": "print(''.join(chr(ord(c) + 0xfee0) for c in '{first}'))",
    "underscores": "print('_'.join('{first}'))",
    "plus one in the last place": "print({first} + 1)",
    "nan": "print('nan')",
    "inf": "print('inf')",
    "too large": "print('9' * 400)",
    "text that lies": "class S(str):\n    def __eq__(s, o): return True\n    __hash__ = str.__hash__\nprint(S('5'))",
    "flood": "import sys\nwhile True: sys.stdout.write('{first}\\n' * 1000)",
    "flood of errors": "import sys\nwhile True: sys.stderr.write('x' * 10000)",
    "fork bomb": "import os\nprint('x')\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    "child prints": "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(0.05)\n    print('{first}x')\nelse:\n    os._exit(0)",
    "closed output": "import os\nos.close(1)",
    "output to errors": "import os, sys\nos.dup2(2, 1)\nprint({first})",
    "becomes cat": "import os\nos.execv('/bin/cat', ['cat', '/proc/self/environ'])",
    "reads on": "import os, re\ndata = os.read(0, 10**6) + open('/proc/self/cmdline', 'rb').read() + b''.join(open('/proc/self/fd/%d' % f, 'rb').read(10**5) for f in range(3, 6) if os.path.exists('/proc/self/fd/%d' % f))\nm = re.search(rb'\\d{{9,}}', data)\nprint(m and m[0])",
}
"""name → program whose output is never the expected one."""


def attacks() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(name, program, reference) of every new attack under every style, and of all under the loose tests."""
    for style, reference in code_attacks.references().items():
        for name, program in CALLED.items():
            yield f"{name} [{style}]", program, reference
    yield from printed()
    yield from loose()


def printed() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The programs that print, under every rule of comparison."""
    first = str(VALUES[3])
    tests = [{"input": str(n), "output": f"{value}\n"} for n, value in VALUES.items()]
    for rule in ("lines", "tokens", "numbers", "exact"):
        for name, program in PRINTED.items():
            reference = {"style": "stdin", "tests": tests[:1], "compare": rule}
            yield f"{name} [stdin {rule}]", program.format(first=first), reference


def loose(names: tuple[str, ...] = ()) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every program (or those named) under the loose tests."""
    programs = {**code_attacks.CALLED, **CALLED}
    for test, source in LOOSE.items():
        body = "\n".join(f"    {line}" for line in source.splitlines())
        reference = {"style": "check", "tests": f"def check(solve):\n{body}\n", "entry_point": "solve"}
        for name in names or programs:
            yield f"{name} [{test}]", programs[name], reference


def right() -> Iterator[dict[str, Any]]:
    """Every loose reference, which the right solution must pass."""
    for _, _, reference in loose(("plain wrong",)):
        yield reference
