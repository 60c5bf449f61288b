"""Programs that abuse the machine: each must be contained, get no point and leave nothing behind. Importable data."""

# ruff: noqa: E501 - programs, one line each where they fit

ABUSE: dict[str, str] = {
    "endless loop": "while True: pass",
    "endless sleep": "import time\ntime.sleep(1000)",
    "loop in C": "sum(range(10**18))",
    "huge power": "x = 10 ** 10 ** 9",
    "slow regex": "import re\nre.match('(a+)+$', 'a' * 60 + 'b')",
    "memory": "x = []\nwhile True: x.append(bytearray(2**24))",
    "memory of children": "import os\nfor _ in range(20):\n    if os.fork() == 0:\n        x = bytearray(2**28)\n        import time; time.sleep(100)",
    "recursion": "import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()",
    "null pointer": "import ctypes\nctypes.string_at(0)",
    "abort": "import os\nos.abort()",
    "stops itself": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    "fork bomb": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    "deep fork bomb": "import os\ndef f():\n    while True:\n        try:\n            if os.fork() == 0: os.setsid()\n"
    "        except OSError: pass\nf()",
    "thread bomb": "import threading, time\nwhile True:\n    try: threading.Thread(target=time.sleep, args=(99,)).start()\n"
    "    except RuntimeError: time.sleep(0.01)",
    "daemon": "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(1000)\n    os._exit(0)",
    "deaf daemon": "import os, signal, time\nif os.fork() == 0:\n    os.setsid()\n    for s in range(1, 65):\n"
    "        try: signal.signal(s, signal.SIG_IGN)\n        except (OSError, ValueError): pass\n    while True: time.sleep(1)",
    "daemon that writes": "import os, time\nif os.fork() == 0:\n    os.setsid()\n    while True:\n"
    "        try: open('/tmp/left', 'a').write('x')\n        except OSError: pass",
    "ignores signals": "import signal\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n"
    "    except (OSError, ValueError): pass\nwhile True: pass",
    "stdout flood": "while True: print('x' * 10000)",
    "stderr flood": "import sys\nwhile True: print('x' * 10000, file=sys.stderr)",
    "every descriptor": "import os\nwhile True:\n    for fd in range(256):\n        try: os.write(fd, b'x' * 100)\n        except OSError: pass",
    "opens descriptors": "x = []\nwhile True:\n    try: x.append(open('/dev/null'))\n    except OSError: pass",
    "fills the disk": "i = 0\nwhile True:\n    i += 1\n    try: open(f'/tmp/f{i}', 'wb').write(b'x' * 2**23)\n    except OSError: pass",
    "many files": "import itertools\nfor i in itertools.count():\n    try: open(f'/tmp/f{i}', 'w')\n    except OSError: pass",
    "deep folders": "import os\nos.chdir('/tmp')\nfor _ in range(3000):\n    os.mkdir('d' * 100); os.chdir('d' * 100)",
    "locked folders": "import os\nos.makedirs('/tmp/a/b/c')\nopen('/tmp/a/b/c/x', 'w')\nfor d in ('a/b/c', 'a/b', 'a'): os.chmod('/tmp/' + d, 0)",
    "links": "import os\nos.symlink('/', '/tmp/root')\nos.symlink('/judge', '/tmp/judge')\nos.symlink('self', '/tmp/self')",
    "kills everything": "import os\nos.kill(-1, 9)",
    "kills its parent": "import os\nos.kill(os.getppid(), 9)\nos.kill(1, 9)",
    "traces": "import ctypes\nl = ctypes.CDLL(None, use_errno=True)\nassert not any(l.ptrace(16, p, 0, 0) == 0 for p in range(1, 99) if p != 0) or 1\nraise ValueError",
    "becomes root": "import os\nos.setuid(0)",
    "namespaces": "import ctypes\nl = ctypes.CDLL(None)\nassert l.unshare(0x10000000) == 0",
    "mounts": "import ctypes\nl = ctypes.CDLL(None)\nassert l.mount(b'x', b'/tmp', b'tmpfs', 0, None) == 0",
    "network": "import socket\nsocket.create_connection(('1.1.1.1', 53), timeout=2)",
    "hypervisor": "import socket\nsocket.socket(40, socket.SOCK_STREAM).connect((2, 1024))",
    "secrets": "for f in ('/etc/shadow', '/root/.ssh/id_rsa', '/proc/1/environ'): open(f).read()",
    "writes the system": "for f in ('/usr/x', '/etc/x', '/opt/holdfast/x', '/judge/x', '/x'):\n    open(f, 'w')",
    "kernel switches": "open('/proc/sysrq-trigger', 'w').write('b')",
    "spares itself": "open('/proc/self/oom_score_adj', 'w').write('-1000')\nx = []\nwhile True: x.append(bytearray(2**24))",
    "shared memory": "import ctypes\nassert ctypes.CDLL(None).shmget(1, 4096, 0o1777) >= 0",
    "anonymous files": "import os\nx = []\nwhile True: f = os.memfd_create('x'); x.append(f); os.write(f, b'x' * 2**20)",
    "closes all": "import os\nos.closerange(0, 1000)\nwhile True: pass",
    # Aimed at the processes that already wait for the next test while this one runs.
    "next: signals": "import os, time\ntime.sleep(0.1)\nfor s in (19, 9, 15, 18):\n    for p in range(2, 400):\n        try: p != os.getpid() and os.kill(p, s)\n        except OSError: pass",
    "next: signals by descriptor": "import os, signal, time\ntime.sleep(0.1)\nfor p in range(1, 400):\n    if p == os.getpid(): continue\n"
    "    try: signal.pidfd_send_signal(os.pidfd_open(p), 9)\n    except OSError: pass",
    "next: slows": "import os, resource, time\ntime.sleep(0.1)\nfor p in map(int, filter(str.isdigit, os.listdir('/proc'))):\n    if p == os.getpid(): continue\n"
    "    for f in (lambda: os.setpriority(0, p, 19), lambda: os.sched_setaffinity(p, {0}), lambda: resource.prlimit(p, resource.RLIMIT_CPU, (0, 0)),\n"
    "              lambda: os.sched_setscheduler(p, 5, os.sched_param(0)), lambda: os.setpgid(0, p), lambda: os.setpgid(p, os.getpid())):\n"
    "        try: f()\n        except OSError: pass\ntry: os.killpg(0, 9)\nexcept OSError: pass",
    "next: takes its processes": "import os, time\nfor _ in range(400):\n    try:\n        if os.fork() == 0: time.sleep(1000)\n    except OSError: break",
    "next: takes its memory": "import os, time\nfor _ in range(6):\n    if os.fork() == 0:\n        x = [bytearray(2**20) for _ in range(200)]; time.sleep(1000)\ntime.sleep(0.5)",
    "next: takes its files": "import fcntl, os, sys, time\nfor f in (sys.executable or '/usr/bin/python3', os.__file__, '/tmp'):\n    try: fcntl.flock(os.open(f, os.O_RDONLY), fcntl.LOCK_EX)\n    except OSError: pass\n"
    "if os.fork() == 0: time.sleep(1000)",
    "next: leaves a trap": "import os\nfor n in ('sitecustomize', 'solution', 'tests', 'math', 'json', 'random', 'ast'):\n    open(f'/tmp/{n}.py', 'w').write('import os; os._exit(0)')\n    os.chmod(f'/tmp/{n}.py', 0o777)\nos.chmod('/tmp', 0o777) if os.access('/tmp', os.W_OK) and os.stat('/tmp').st_uid == os.getuid() else 0",
    "next: holds the streams": "import os, time\nif os.fork() == 0:\n    os.setsid()\n    while True:\n        for fd in range(64):\n            try: os.write(fd, b'more\\n')\n            except OSError: pass\n        time.sleep(0.001)",
}
"""name → program. None prints `done` and ends well within its limits."""
