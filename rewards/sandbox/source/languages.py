"""Programming languages of style `stdin`: how a completion's fence calls them, how a program is built and run.

In a command `{build}` stands for the folder that a program is built in. A program is built once and run per input.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Language:
    """A programming language: how its programs are built and run."""

    fences: Sequence[str]
    """What follows the fence's backticks, in lower case."""
    source: str = ""
    """The file that a program is written to; empty: Python, which needs none."""
    control: str = ""
    """The shortest program: where it cannot be built, no program is at fault."""
    build: Sequence[str] = ()
    run: Sequence[str] = ()
    factor: float = 1.0
    """By how much a row's `time_limit`, which is C++'s, is stretched."""
    files: Mapping[str, str] = field(default_factory=dict)
    """What else is there to build with."""
    unbounded: bool = False
    """It reserves more address space than it uses, so that only its own flag and the sandbox bound its memory."""


_GCC = ("-O2", "-w", "-I{build}", "-o", "{build}/main", "{build}/main.cpp")
_MAIN = "int main() { return 0; }\n"
_STRIP = """
const fs = require('fs'), { spawnSync } = require('child_process');
const folders = ['/opt/toolchain/typescript/node_modules', '/usr/local/lib/node_modules', '/usr/lib/node_modules',
  '/usr/share/nodejs'];
let compiler = null;
for (const folder of folders) try { compiler = compiler || require(folder + '/typescript'); } catch {}
const options = ['--target', 'es2020', '--module', 'commonjs'];
if (compiler && compiler.transpileModule) {
  const compilerOptions = { target: compiler.ScriptTarget.ES2020, module: compiler.ModuleKind.CommonJS };
  const text = fs.readFileSync(__dirname + '/main.ts', 'utf8');
  const made = compiler.transpileModule(text, { compilerOptions, reportDiagnostics: true });
  for (const found of made.diagnostics) console.error(compiler.flattenDiagnosticMessageText(found.messageText, ' '));
  if (made.diagnostics.length) process.exit(1);
  fs.writeFileSync(__dirname + '/main.js', made.outputText);
} else {
  const done = spawnSync('tsc', [...options, '--noCheck', '--skipLibCheck', __dirname + '/main.ts'],
    { stdio: 'inherit' });
  if (done.error) { console.error('typescript: not installed'); process.exit(127); }
  process.exit(done.status);
}
"""
"""Takes the types out of main.ts: by the compiler's own functions (versions 4 to 6), else by its command (7 and up)."""
LANGUAGES: Mapping[str, Language] = {
    "python": Language(("python", "py", "python3", "python2", "pypy", "pypy3"), factor=5.0),
    "cpp": Language(
        ("cpp", "c++", "cxx", "cc", "g++", "cplusplus"), "main.cpp", _MAIN, ("g++", "-std=gnu++17", *_GCC),
        ("{build}/main",),
    ),
    "c": Language(
        ("c",), "main.c", _MAIN, ("gcc", "-std=gnu17", "-O2", "-w", "-o", "{build}/main", "{build}/main.c", "-lm"),
        ("{build}/main",),
    ),
    "java": Language(
        ("java",),
        "Main.java",
        "class Control { public static void main(String[] words) {} }",
        ("javac", "-J-Xmx512m", "-J-XX:+UseSerialGC", "-J-XX:-UsePerfData", "-proc:none", "-nowarn", "-encoding",
         "UTF-8", "-d", "{build}", "{build}/Main.java"),
        ("java", "-Xmx{memory}m", "-Xss64m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xshare:auto", "-cp", "{build}",
         "{class}"),
        2.0,
        unbounded=True,
    ),
    "javascript": Language(
        ("javascript", "js", "node", "nodejs", "node.js", "mjs"), "main.js", "0;",
        ("node", "--check", "{build}/main.js"),
        ("node", "--max-old-space-size={memory}", "--stack-size=50000", "{build}/main.js"), 2.0,
        unbounded=True,
    ),
    "typescript": Language(
        ("typescript", "ts"), "main.ts", "let x: number = 0;", ("node", "{build}/strip.js"),
        ("node", "--max-old-space-size={memory}", "--stack-size=50000", "{build}/main.js"),
        2.0, {"strip.js": _STRIP}, True,
    ),
    "go": Language(
        ("go", "golang"), "main.go", "package main\nfunc main() {}\n",
        ("go", "build", "-o", "{build}/main", "{build}/main.go"), ("{build}/main",), unbounded=True,
    ),
    "rust": Language(
        ("rust", "rs"), "main.rs", "fn main() {}",
        ("rustc", "--edition", "2021", "-O", "-A", "warnings", "-o", "{build}/main", "{build}/main.rs"),
        ("{build}/main",),
    ),
}  # fmt: skip
_BY_FENCE = {fence: name for name, language in LANGUAGES.items() for fence in language.fences}
_MAKER = re.compile(r"^(?:gnu|ms|microsoft|clang|openjdk|oracle)\s+(?=\S)")
_BUILD_LIMITS = {
    "timeout": 60.0, "total": 60.0, "memory": 2**41, "disk": 2**28, "files": 512, "cpu": 120, "processes": 64,
    "output": 2**20,
}  # fmt: skip


def language_of(name: str) -> str | None:
    """The language that a fence or a row means: `c++17`, `GNU C++20 (64)`, `Python3.11`, `PYTHON3`, `{.python}` and
    `Node.js` are no other ones."""
    plain = _MAKER.sub("", name.strip().lower().strip("{}").lstrip(".").strip())
    if plain in _BY_FENCE:
        return _BY_FENCE[plain]
    first = re.split(r"[\s:{(,}]", plain, maxsplit=1)[0]
    return _BY_FENCE.get(first) or _BY_FENCE.get(first.rstrip("0123456789.-"))


def source_file(language: str, program: str) -> str:
    """The file that a program is written to; "" for Python."""
    return f"{_java_class(program)}.java" if language == "java" else LANGUAGES[language].source


def written_files(language: str, program: str) -> set[str]:
    """The names that a program and what builds it are written to."""
    return {source_file(language, program), *LANGUAGES[language].files}


def plan(language: str, program: str, limits: dict[str, Any]) -> dict[str, Any]:
    """What a job says beyond Python's: how to build, what to run, within which limits."""
    found = LANGUAGES[language]
    if not found.source:
        return {}
    name = source_file(language, program)
    memory = limits["memory"] // 2**20
    values = {"memory": str(memory), "class": "Main"}
    if language == "java":
        plain = _java_class(program)
        package = re.search(r"^\s*package\s+([\w.]+)\s*;", program, re.M)
        values["class"] = f"{package[1]}.{plain}" if package else plain
    build = [word.replace("Main.java", name) for word in found.build]
    run = [_filled(word, values) for word in found.run]
    bounds = limits | ({"memory": 2**41} if found.unbounded else {})
    plan_ = {
        "files": {**found.files, name: program},
        "control": {**found.files, name: found.control},
        "command": build,
        "limits": dict(_BUILD_LIMITS),
    }
    return {"build": plan_, "command": run, "limits": bounds}


def _filled(word: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        word = word.replace("{" + name + "}", value)
    return word


def _java_class(program: str) -> str:
    """The class that is run: the public one, else the one that has `main`."""
    public = re.search(r"\bpublic\s+(?:final\s+|abstract\s+)*(?:class|record|enum)\s+(\w+)", program)
    if public:
        return public[1]
    main = program.find("static void main")
    classes = [match for match in re.finditer(r"\bclass\s+(\w+)", program) if match.start() < main]
    return classes[-1][1] if classes else "Main"
