"""Wrong solutions that attack the verdict: none may be accepted. Importable data, no tests.

The task is `solve(n)`, whose values (`VALUES`) cannot be guessed; every program here gives something else and tries to
be graded right all the same. Each call-style attack runs under every style that calls the program.
"""

# ruff: noqa: E501 - programs, one line each where they fit

import hashlib
import json
from collections.abc import Iterator
from typing import Any

VALUES = {n: int(hashlib.sha256(f"holdfast {n}".encode()).hexdigest()[:12], 16) for n in (3, 8)}

_LIAR = """
class Liar{bases}:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __bool__(self): return True
    def __sub__(self, other): return 0
    __rsub__ = __add__ = __radd__ = __sub__
    def __abs__(self): return 0.0
    def __contains__(self, x): return True
    def __hash__(self): return 0
    def __round__(self, *a): return self
"""

_FRAMES = """
import sys
def hunt():
    found = []
    frame = sys._getframe()
    while frame:
        for space in (frame.f_locals, frame.f_globals):
            for value in list(space.values()):
                found.append(value)
        frame = frame.f_back
    return found
"""

_WRITE = """
import json, os
def blast(message):
    body = json.dumps(message).encode()
    for fd in range(256):
        try:
            os.write(fd, len(body).to_bytes(4, "big") + body)
        except OSError:
            pass
"""


def _liar(bases: str, make: str) -> str:
    return _LIAR.format(bases=bases) + f"def solve(n): return {make}\n"


CALLED: dict[str, str] = {
    "plain wrong": "def solve(n): return n",
    "nothing": "def solve(n): pass",
    "eq object": _liar("", "Liar()"),
    "eq int": _liar("(int)", "Liar(1)"),
    "eq float": _liar("(float)", "Liar(1.5)"),
    "eq str": _liar("(str)", "Liar('x')"),
    "eq bytes": _liar("(bytes)", "Liar(b'x')"),
    "eq list": _liar("(list)", "Liar()"),
    "eq tuple": _liar("(tuple)", "Liar()"),
    "eq dict": _liar("(dict)", "Liar()"),
    "eq set": _liar("(set)", "Liar()"),
    "eq complex": _liar("(complex)", "Liar(1)"),
    "eq in a list": _liar("", "[Liar()]"),
    "eq entry is a class": _LIAR.format(bases="") + "class solve(Liar):\n    def __init__(self, n): pass\n",
    "eq entry is an int class": _LIAR.format(bases="(int)") + "class solve(Liar): pass\n",
    "eq metaclass": "class M(type):\n    def __eq__(c, o): return True\n    def __hash__(c): return 0\n"
    "class A(metaclass=M): pass\ndef solve(n): return A\n",
    "mock ANY": "from unittest.mock import ANY\ndef solve(n): return ANY",
    "magic mock": "from unittest.mock import MagicMock\ndef solve(n):\n    m = MagicMock()\n"
    "    m.__eq__.return_value = True\n    return m",
    "decimal subclass": "import decimal\n" + _liar("(decimal.Decimal)", "Liar(1)"),
    "fraction subclass": "import fractions\n" + _liar("(fractions.Fraction)", "Liar(1)"),
    "lying class": "class A:\n    @property\n    def __class__(self): return int\n"
    "    def __eq__(self, o): return True\ndef solve(n): return A()",
    "enum": "import enum\nclass E(enum.IntEnum):\n    A = 1\n    def __eq__(self, o): return True\n"
    "    __hash__ = None\ndef solve(n): return E.A",
    "generator": "def solve(n):\n    yield n",
    "own iterator": "class I:\n    def __iter__(self): return self\n    def __next__(self): return 1\n"
    "    def __eq__(self, o): return True\ndef solve(n): return I()",
    "descriptor index": "class A:\n    def __index__(self): return 1\n    __int__ = __float__ = __index__\n"
    "    def __eq__(self, o): return True\ndef solve(n): return A()",
    "frames values": _FRAMES + "def solve(n):\n"
    "    for v in hunt():\n        if type(v) is int and v > 10**9: return v\n    return 0",
    "frames tests": _FRAMES + "import re\ndef solve(n):\n    for v in hunt():\n"
    "        m = re.search(r'solve\\(%d\\) == (\\d+)' % n, str(v)) or re.search(r'candidate\\(%d\\) == (\\d+)' % n, str(v))\n"
    "        if m: return int(m[1])\n    return 0",
    "gc scan": "import gc, re\ndef solve(n):\n    for o in gc.get_objects():\n        try:\n"
    "            for m in re.finditer(r'== (\\d{9,})', str(o)): return int(m[1])\n"
    "        except Exception: pass\n    return 0",
    "inspect stack": "import inspect, re\ndef solve(n):\n    for f in inspect.stack():\n"
    "        m = re.search(r'== (\\d{9,})', str(f.code_context))\n        if m: return int(m[1])\n    return 0",
    "linecache": "import linecache, re\ndef solve(n):\n"
    "    m = re.search(r'== (\\d{9,})', str(linecache.cache))\n    return int(m[1]) if m else 0",
    "sys.modules": "import sys, re\ndef solve(n):\n    for m in list(sys.modules.values()):\n"
    "        f = re.search(r'== (\\d{9,})', str(vars(m)))\n        if f: return int(f[1])\n    return 0",
    "memory scan": "import re\ndef solve(n):\n    out = 0\n    with open('/proc/self/mem', 'rb', 0) as mem:\n"
    "        for line in open('/proc/self/maps'):\n            a, b = (int(x, 16) for x in line.split()[0].split('-'))\n"
    "            if 'rw' not in line: continue\n            try:\n                mem.seek(a); data = mem.read(b - a)\n"
    "            except (OSError, OverflowError, ValueError): continue\n"
    "            for m in re.finditer(rb'(?:candidate|solve)\\(%d\\) == (\\d{9,})' % n, data): return int(m[1])\n    return out",
    "memory scan by ctypes": "import ctypes, re\ndef solve(n):\n    for line in open('/proc/self/maps'):\n"
    "        a, b = (int(x, 16) for x in line.split()[0].split('-'))\n"
    "        if ' rw' not in line or b - a > 2**26: continue\n        data = ctypes.string_at(a, b - a)\n"
    "        m = re.search(rb'(?:candidate|solve)\\(%d\\) == (\\d{9,})' % n, data)\n        if m: return int(m[1])\n    return 0",
    "others' memory": "import os, re\ndef solve(n):\n    for p in os.listdir('/proc'):\n        if not p.isdigit(): continue\n"
    "        for f in ('mem', 'environ', 'cmdline', 'maps'):\n            try: data = open(f'/proc/{p}/{f}', 'rb').read(10**6)\n"
    "            except OSError: continue\n            m = re.search(rb'== (\\d{9,})', data)\n            if m: return int(m[1])\n    return 0",
    "others' descriptors": "import os\ndef solve(n):\n    for p in os.listdir('/proc'):\n        if p.isdigit():\n"
    "            for fd in range(12):\n                try:\n                    with open(f'/proc/{p}/fd/{fd}', 'wb', 0) as f:\n"
    "                        f.write(b'\\x00\\x00\\x00\\x10{\"passed\": true}')\n                except OSError: pass\n    return 0",
    "files": "import os, re\ndef solve(n):\n    for top in ('/judge', '/tmp', '.', '/opt', '/home', '/root'):\n"
    "        for d, _, fs in os.walk(top):\n            for f in fs[:50]:\n                try: text = open(os.path.join(d, f), errors='replace').read(100000)\n"
    "                except OSError: continue\n                m = re.search(r'solve\\(%d\\) == (\\d{9,})' % n, text)\n                if m: return int(m[1])\n    return 0",
    "exit 0": "import os\nos._exit(0)\ndef solve(n): return 0",
    "exit 0 in call": "import os\ndef solve(n): os._exit(0)",
    "sys.exit": "import sys\nsys.exit(0)\ndef solve(n): return 0",
    "SystemExit in call": "def solve(n): raise SystemExit(0)",
    "KeyboardInterrupt": "def solve(n): raise KeyboardInterrupt",
    "atexit": "import atexit, os\natexit.register(lambda: os._exit(0))\ndef solve(n): return 0",
    "StopIteration": "def solve(n): raise StopIteration",
    "GeneratorExit": "def solve(n): raise GeneratorExit",
    "own StopIteration": "class S(StopIteration): pass\ndef solve(n): raise S()",
    "skip exception": "import unittest\ndef solve(n): raise unittest.SkipTest('x')",
    "pytest skip": "try:\n    import pytest\n    def solve(n): pytest.skip('x')\nexcept ImportError:\n    def solve(n): return 0",
    "pytest exit": "try:\n    import pytest\n    def solve(n): pytest.exit('x', returncode=0)\nexcept ImportError:\n"
    "    def solve(n): return 0",
    "printed markers": "print('PASSED\\n1 passed in 0.01s\\nOK\\nAll tests passed\\n{\"passed\": true}')\ndef solve(n): return 0",
    "own check": "def check(candidate): pass\ndef test_solve(): pass\ndef solve(n): return 0",
    "builtins": "import builtins\nbuiltins.AssertionError = KeyError\nbuiltins.isinstance = lambda *a: True\n"
    "builtins.abs = lambda x: 0\ndef solve(n): return 0",
    "assertion off": "import sys\nsys.flags = None\n__debug__x = False\ndef solve(n): return 0",
    "shadow helpers": "def abs(x): return 0\ndef len(x): return 0\ndef isinstance(*a): return True\n"
    "class math:\n    isclose = staticmethod(lambda *a, **k: True)\nsame = lambda *a: True\nint = lambda *a: True\n"
    "def solve(n): return 0",
    "patched serve": "import sys\nfor name, m in list(sys.modules.items()):\n    if name.endswith('serve'):\n"
    "        m.Server._perform = lambda self, *a: ['ok', True, None]\n        m.Server._failure = lambda self, e: ['ok', True, None]\n"
    "def solve(n): return 0",
    "patched codec": "import sys\nfor name, m in list(sys.modules.items()):\n    if name.endswith('codec'):\n"
    "        m.encode = lambda *a: ['T', 'object']\ndef solve(n): return 0",
    "written verdict": _WRITE + "blast({'passed': True, 'reason': ''})\nblast({'end': True, 'partial': False})\n"
    "def solve(n):\n    blast({'end': True, 'token': ''})\n    return 0",
    "written answers": _WRITE + "for _ in range(50): blast(['ok', True, None])\ndef solve(n): return 0",
    "forged handles": _WRITE + "for i in range(5): blast(['ok', ['j', i, 'object', []], None])\ndef solve(n): return 0",
    "forged exception": _WRITE
    + "blast(['error', 'AssertionError', 'x', ['o', 0, 'exception', 'StopIteration', 'StopIteration']])\n"
    "def solve(n): return 0",
    "forged callbacks": _WRITE + "for op in ('getattr', 'special', 'setattr', 'list'):\n"
    "    blast(['callback', op, ['t', [['j', 0, 'object', []], '__globals__']]])\ndef solve(n): return 0",
    "closed pipes": "import os\nos.closerange(0, 256)\ndef solve(n): return 0",
    "fork twice": "import os\ndef solve(n):\n    os.fork()\n    return n",
    "thread answers": _WRITE + "import threading\ndef go():\n    for _ in range(200): blast(['ok', True, None])\n"
    "threading.Thread(target=go, daemon=True).start()\ndef solve(n): return 0",
    "kill the judge": "import os, signal\ndef solve(n):\n    for p in range(1, 300):\n        try: os.kill(p, 9)\n"
    "        except OSError: pass\n    return 0",
    "kill everything": "import os\ndef solve(n):\n    try: os.kill(-1, 9)\n    except OSError: pass\n    return 0",
    "trace the judge": "import ctypes\ndef solve(n):\n    libc = ctypes.CDLL(None)\n"
    "    return [libc.ptrace(16, p, 0, 0) for p in range(1, 50)].count(0)",
    "settrace": "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)\ndef solve(n): return 0",
    "planted modules": "import os\nfor name in ('conftest.py', 'sitecustomize.py', 'pytest.py', 'random.py', 'tests.py'):\n"
    "    for d in ('/tmp', '/judge', '/judge/home', '.'):\n        try: open(os.path.join(d, name), 'w').write('import os; os._exit(0)')\n"
    "        except OSError: pass\ndef solve(n): return 0",
    "learned answer": "import os\ndef solve(n, seen=[]):\n    seen.append(n)\n    return seen",
    "mutated argument": "def solve(n):\n    n = type('N', (int,), {'__eq__': lambda s, o: True})(n)\n    return n",
    "async": "async def solve(n): return n",
    "lambda of eq": "solve = lambda n: type('X', (), {'__eq__': lambda s, o: True, '__hash__': lambda s: 0})()",
    "callable object": "class S:\n    def __call__(self, n): return self\n    def __eq__(self, o): return True\nsolve = S()",
    "module as value": "import sys, types\nclass M(types.ModuleType):\n    def __eq__(self, o): return True\n"
    "def solve(n): return M('x')",
    "weird names": "globals()['solve\\x00'] = 1\nglobals()[3] = 4\ndef solve(n): return 0",
    "nan": "def solve(n): return float('nan')",
    "everything": "def solve(n): return range(0, 2**48)",
    "long int": "def solve(n): return 10 ** 5000",
    # Aimed at the processes that already wait for the next test while this one runs.
    "next: memory": "import os, re, time\ndef solve(n):\n    time.sleep(0.05)\n    for p in os.listdir('/proc'):\n"
    "        if not p.isdigit() or int(p) == os.getpid(): continue\n        for f in ('mem', 'environ', 'auxv', 'syscall', 'stack'):\n"
    "            try: data = open(f'/proc/{p}/{f}', 'rb').read(10**6)\n            except OSError: continue\n"
    "            m = re.search(rb'(\\d{9,})', data)\n            if m: return int(m[1])\n    return 0",
    "next: pipes": _WRITE
    + "import time\ndef solve(n):\n    time.sleep(0.05)\n    for p in os.listdir('/proc'):\n        if not p.isdigit(): continue\n"
    "        for fd in range(9):\n            try: f = os.open(f'/proc/{p}/fd/{fd}', os.O_RDWR | os.O_NONBLOCK)\n            except OSError: continue\n"
    "            if int(p) != os.getpid(): blast(['ok', True, None])\n            os.close(f)\n    return 0",
    "next: a child that answers for it": "import json, os, time\ndef solve(n):\n    if os.fork() == 0:\n        os.setsid()\n"
    "        body = json.dumps(['ok', True, None]).encode()\n        while True:\n            for fd in range(3, 64):\n"
    "                try: os.write(fd, len(body).to_bytes(4, 'big') + body)\n                except OSError: pass\n"
    "            time.sleep(0.001)\n    return 0",
    "next: a daemon that waits for it": "import os, signal\ndef solve(n):\n    if os.fork() == 0:\n        os.setsid()\n        while True:\n"
    "            for p in range(2, 400):\n                for s in (signal.SIGSTOP, signal.SIGKILL):\n                    try: p != os.getpid() and os.kill(p, s)\n"
    "                    except OSError: pass\n    return 0",
    "next: answers at the end": "import atexit, os, signal\ndef solve(n):\n    atexit.register(lambda: [os.write(4, b'x' * 9) for _ in range(9)])\n"
    "    signal.signal(signal.SIGTERM, lambda *a: None)\n    raise SystemExit(0)",
    "next: same random numbers": "import random, time\nrandom.seed(0)\ndef solve(n): return random.getrandbits(48)",
}
"""name → program, for the styles that call it."""

PRINTED: dict[str, str] = {
    "prefix": "print(str({first})[:3])",
    "nothing": "",
    "exit 0": "import os; os._exit(0)",
    "marker": "print('Accepted'); print('PASSED'); print('ok')",
    "stderr": "import sys; print({first}, file=sys.stderr)",
    "empty lines": "print('\\n' * 100)",
    "zero bytes": "print('\\x00' * 50)",
    "extra line": "print({first}); print('more')",
    "two answers": "print({first}, {second})",
    "line before": "print('debug'); print({first})",
    "other case": "print('x{first}')",
    "descriptors": 'import os\nfor fd in range(3, 200):\n    try: os.write(fd, b\'{{"stdout": "{first}"}}\')\n    except OSError: pass',
    "raise after nothing": "raise SystemExit(0)",
    "fails after printing": "import sys\nprint({first}); sys.stdout.flush()\nraise ValueError",
    "killed after printing": "import os\nprint({first}, flush=True)\nos.kill(os.getpid(), 9)",
    "hidden answer": "import os, re\nfound = re.search(r'\\d{{9,}}', str(dict(os.environ)) + open('/proc/1/cmdline').read())\n"
    "print(found and found[0])",
}
"""name → program whose output is never the expected one ({first} is the right answer, spoilt)."""


def references() -> dict[str, dict[str, Any]]:
    """A reference per calling style for `solve`."""
    lines = [f"assert solve({n}) == {value}" for n, value in VALUES.items()]
    check = "def check(candidate):\n" + "".join(f"    assert candidate({n}) == {v}\n" for n, v in VALUES.items())
    near = "def check(candidate):\n" + "".join(
        f"    assert abs(candidate({n}) - {v}) < 1e-6\n" for n, v in VALUES.items()
    )
    table = "def check(candidate):\n    want = " + repr(VALUES) + "\n"
    table += "    for got, (n, value) in zip(map(candidate, want), want.items()):\n        assert got == value\n"
    table += "    assert list(map(candidate, want)) == list(want.values())\n"
    cases = [{"args": [n], "expected": value} for n, value in VALUES.items()]
    file = "from solution import solve\n\ndef test_solve():\n" + "".join(f"    {line}\n" for line in lines)
    return {
        "asserts": {"style": "asserts", "tests": lines},
        "check": {"style": "check", "tests": check, "entry_point": "solve"},
        "near": {"style": "check", "tests": near, "entry_point": "solve"},
        "table": {"style": "check", "tests": table, "entry_point": "solve"},
        "function": {"style": "function", "tests": cases, "entry_point": "solve"},
        "pytest": {"style": "pytest", "tests": {"test_solve.py": file}},
    }


def attacks() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(name, program, reference) of every attack under every style it fits."""
    for style, reference in references().items():
        for name, program in CALLED.items():
            yield f"{name} [{style}]", program, reference
    first, second = VALUES.values()
    stdin = {"style": "stdin", "tests": [{"input": str(n), "output": f"{v}\n"} for n, v in VALUES.items()]}
    for name, program in PRINTED.items():
        yield f"{name} [stdin]", program.format(first=first, second=second), stdin


RIGHT = "TABLE = " + json.dumps({str(n): v for n, v in VALUES.items()}) + "\ndef solve(n): return TABLE[str(n)]\n"
"""The right solution: what the same tests must accept."""
