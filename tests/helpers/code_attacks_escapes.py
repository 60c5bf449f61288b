"""Wrong programs that want no verdict rather than a 0: they hide behind a slow machine, a lost sandbox, tests that seem
to fail on their own. None may get a value above 0, nor none at all. Importable data: `attacks()`, `outputs()`."""

# ruff: noqa: E501 - programs, one line each where they fit

from collections.abc import Iterator
from typing import Any

_SPIN = "    while True: pass\n"
_CALLED = {
    "nice": f"import os\ntry: os.nice(19)\nexcept OSError: pass\ndef f(x):\n{_SPIN}",
    "idle class": f"import os\ntry: os.sched_setscheduler(0, 5, os.sched_param(0))\nexcept OSError: pass\ndef f(x):\n{_SPIN}",
    "batch class": f"import os\ntry: os.sched_setscheduler(0, 3, os.sched_param(0))\nexcept OSError: pass\ndef f(x):\n{_SPIN}",
    "niceness of its group": f"import os\nfor w in (0, 1, 2):\n    try: os.setpriority(w, 0, 19)\n    except OSError: pass\ndef f(x):\n{_SPIN}",
    "one processor": f"import os\nos.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}})\ndef f(x):\n{_SPIN}",
    "nine burners": f"import os\nfor _ in range(9):\n    if os.fork() == 0:\n        while True: pass\ndef f(x):\n{_SPIN}",
    "short burners": "import os, signal, time\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\ndef f(x):\n    while True:\n        try: pid = os.fork()\n        except OSError: continue\n        if pid == 0:\n            e = time.time() + 0.3\n            while time.time() < e: pass\n            os._exit(0)\n        time.sleep(0.05)",
    "threads that wait": "import threading\ndef spin():\n    while True: pass\ndef f(x):\n    for _ in range(7): threading.Thread(target=spin, daemon=True).start()\n    spin()",
    "yields": "import os\ndef f(x):\n    while True: os.sched_yield()",
    "short sleeps": "import time\ndef f(x):\n    while True: time.sleep(0)",
    "stops itself": "import os, signal\ndef f(x): os.kill(os.getpid(), signal.SIGSTOP)",
    "stops and goes on": "import os, signal, time\ndef f(x):\n    p = os.getpid()\n    if os.fork() == 0:\n        while True:\n            os.kill(p, signal.SIGSTOP); time.sleep(0.3); os.kill(p, signal.SIGCONT); time.sleep(0.01)\n    while True: pass",
    "kills itself": "import os\ndef f(x): os.kill(os.getpid(), 9)",
    "kills itself late": "import os, threading, time\nthreading.Thread(target=lambda: (time.sleep(0.2), os.kill(os.getpid(), 9))).start()\ndef f(x):\n    while True: pass",
    "kills a child, then itself": "import os, time\ndef f(x):\n    if os.fork() == 0:\n        b = [bytearray(2**26) for _ in range(40)]; time.sleep(9)\n    time.sleep(0.5); os.kill(os.getpid(), 9)",
    "all memory in children, then itself": "import os, time\ndef f(x):\n    for _ in range(9):\n        if os.fork() == 0:\n            try: b = bytearray(2**28)\n            except MemoryError: pass\n            time.sleep(2); os._exit(0)\n    time.sleep(0.5); os.kill(os.getpid(), 9)",
    "status of a child that could not begin": "import os\ndef f(x): os._exit(70)",
    "status of a missing command": "import os\ndef f(x): os._exit(127)",
    "fills the disk first": "import os\nfor i in range(40):\n    try: open(f'/tmp/{i}', 'wb').write(b'x' * 2**22)\n    except OSError: break\ndef f(x): return [1]",
    "fills the inodes": "for i in range(10**5):\n    try: open(f'/tmp/{i}', 'w').close()\n    except OSError: break\ndef f(x): return [1]",
    "files where the tests write": "import os\nfor n in ('data.txt', 'out.json', 'x'):\n    os.makedirs('/tmp/' + n, exist_ok=True)\ndef f(x): return [1]",
    "files nobody else may open": "import os\nos.umask(0o777)\nfor n in ('data.txt', 'out.json', 'x'):\n    open('/tmp/' + n, 'w').close()\ndef f(x): return [1]",
    "links where the tests write": "import os\nfor n in ('data.txt', 'out.json', 'x'):\n    os.symlink('/proc/self/nothing', '/tmp/' + n)\ndef f(x): return [1]",
    "no room in /tmp": "import os\ntry: os.chmod('/tmp', 0)\nexcept OSError: pass\ndef f(x): return [1]",
    "takes the memory while loading": "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        b = []\n        try:\n            while True: b.append(bytearray(2**22))\n        except MemoryError: time.sleep(99)\nimport time; time.sleep(0.3)\ndef f(x): return [1]",
    "takes the processes while loading": "import os, time\nfor _ in range(80):\n    try:\n        if os.fork() == 0: time.sleep(99)\n    except OSError: break\ndef f(x): return [1]",
    "many names": "globals().update({f'a{i}': 0 for i in range(200000)})\ndef f(x): return [1]",
    "names that are long": "globals().update({'a' * 1000 + str(i): 0 for i in range(5000)})\ndef f(x): return [1]",
    "a name that is the tests'": "class AssertionError(Exception): pass\nImportError = NameError = AssertionError\ndef f(x): raise ImportError('no module named pytest')",
    "ImportError with a name": "def f(x): raise ModuleNotFoundError(\"No module named 'pytest'\", name='pytest')",
    "NameError": "def f(x): raise NameError(\"name 'helper' is not defined\", name='helper')",
    "FixtureLookupError": "class FixtureLookupError(Exception): argname = 'x'\ndef f(x): raise FixtureLookupError('no')",
    "CollectError": "class CollectError(Exception): pass\ndef f(x): raise CollectError from ImportError('x', name='y')",
    "BadTestsError": "class BadTestsError(Exception): pass\ndef f(x): raise BadTestsError('the tests are broken')",
    "PartialIsolationError": "class PartialIsolationError(TypeError): pass\ndef f(x): raise PartialIsolationError('needs isolation')",
    "objects that need isolation": "class A:\n    def __eq__(s, o): return True\n    def __lt__(s, o): return True\ndef f(x): return A()",
    "SyntaxError": "def f(x): raise SyntaxError('the tests are not Python')",
    "MemoryError": "def f(x): raise MemoryError",
    "plants modules": "import os, sys\nfor d in {os.getcwd(), os.environ.get('TMPDIR', '/tmp'), '/tmp'}:\n    for n in ('colorsys', 'wave', 'conftest', 'sitecustomize', 'pytest', 'test_x'):\n        open(f'{d}/{n}.py', 'w').write('import os; os._exit(0)')\n    open(f'{d}/pytest.ini', 'w').write('[pytest]\\naddopts = -p wave --collect-only')\ndef f(x): return [1]",
    "links its folder": "import os\nd = os.getcwd()\ntry:\n    os.rename(d, d + 'x'); os.symlink('/judge/home', d)\nexcept OSError: pass\ndef f(x): return [1]",
    "no folder": "import os\ntry: os.rmdir(os.getcwd())\nexcept OSError: pass\ndef f(x): return [1]",
    "no names at all": "print('nothing here')",
    "a name with another value": "f = None",
    "never loads": "import time\nwhile True: time.sleep(1)",
    "dies while loading": "import os\nos.kill(os.getpid(), 9)",
    "memory while loading": "x = []\nwhile True: x.append(' ' * 2**24)",
    "talks for the supervisor": "import os, json\nb = json.dumps({'alive': True}).encode()\nb = len(b).to_bytes(4, 'big') + b\nfor fd in range(64):\n    try: os.write(fd, b * 100)\n    except OSError: pass\ndef f(x): return [1]",
    "talks for the judge": "import os, json\nfor m in ({'loaded': True}, {'asked': True}, {'end': True, 'unjudgeable': 'x'}, {'lost': 'x'}, {'starved': 'x'}, {'error': 'x'}):\n    b = json.dumps(m).encode()\n    for fd in range(64):\n        try: os.write(fd, len(b).to_bytes(4, 'big') + b)\n        except OSError: pass\ndef f(x): return [1]",
}
_PRINTED = {
    name: f"{code}\ntry: f(int(input()))\nexcept SystemExit: raise\nprint('[1]')\n"
    for name, code in _CALLED.items()
    if "loading" not in name
}
_ASSERTS = ["open('/tmp/data.txt', 'w').write('1')\nimport colorsys, wave", "assert f(3) == [7, 8, 10]"]
_TESTED = (
    "import os, colorsys, wave\nfrom solution import f\n\n\ndef test_a(tmp_path):\n    (tmp_path / 'x').write_text('1')\n"
    "    with open('/tmp/out.json', 'w') as file:\n        file.write('1')\n    assert f(3) == [7, 8, 10]\n"
)
_FUNCTION = {"style": "function", "entry_point": "f", "tests": [{"args": [3], "expected": [7, 8, 10]}]}
_STDIN = {"style": "stdin", "tests": [{"input": "3\n", "output": "[7, 8, 10]\n"}]}


def attacks() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every program under every style."""
    for name, code in _CALLED.items():
        text = f"```python\n{code}\n```"
        yield f"{name} [asserts]", text, {"tests": _ASSERTS, "entry_point": "f"}
        yield f"{name} [pytest]", text, {"tests": {"test_e.py": _TESTED}}
        yield f"{name} [function]", text, _FUNCTION
    for name, code in _PRINTED.items():
        yield f"{name} [stdin]", f"```python\n{code}\n```", _STDIN


_PRINTS_ONE = "print(1 if open(sys.argv[3]).read().split() == open(sys.argv[2]).read().split() else 0)"
CHECKERS = {
    "raises": f"import sys\n{_PRINTS_ONE}\nassert len(open(sys.argv[3]).read()) < 10",
    "parses": "import sys, json\nprint(1 if json.loads(open(sys.argv[3]).read()) == 42 else 0)",
    "adds": "import sys\nprint(1 if sum(map(int, open(sys.argv[3]).read().split())) == 42 else 0)",
    "loops": "import sys\nn = int(open(sys.argv[3]).read())\nwhile n > 42: pass\nprint(int(n == 42))",
}
OUTPUTS = {
    "nothing": "pass",
    "long": "print('4' * 10**6)",
    "huge number": "import sys\nsys.set_int_max_str_digits(0)\nprint('9' * 5000)",
    "bytes": "import sys\nsys.stdout.buffer.write(b'\\xff\\xfe\\x00\\x80' * 100)",
    "deep": "print('[' * 10**5)",
    "code": "print('__import__(\"os\")._exit(0)')",
    "nan": "print('nan')",
    "a checker's words": "print('1')",
    "larger": "print('43')",
    "closes": "import os\nos.close(1)",
    "only stderr": "import sys\nsys.stderr.write('42')",
}


def outputs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Outputs that break a row's checker, which works for the expected one."""
    for (checker, source), (name, code) in ((c, o) for c in CHECKERS.items() for o in OUTPUTS.items()):
        reference = {"style": "stdin", "tests": [{"input": "", "output": "42"}], "checker": source}
        yield f"{name} before a checker that {checker}", code, reference
