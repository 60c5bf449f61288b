"""Notations of one school or style, and slips of the pen, in the one that the grammar reads."""

import re

_ESCAPES = {"\f": r"\f", "\b": r"\b", "\v": r"\v"}
_TAB = re.compile(r"\t(?=ext\b|ext\{|imes|an\b|an\{|heta|frac|o\b|au\b|riangle)")
_RETURN = re.compile(r"\r(?=ight|angle|ho\b|floor|ceil)")
_LEFT = re.compile(r"(?<=[,(\s])\n(?=eq?\b|u\b|ot\b|otin)")
_SCRIPT = r"\{?\s*(\d{1,4}|[a-zA-Z])\s*\}?"
_LETTER = r"(?:\\(?:mathrm|text|operatorname|rm)\s*\{?\s*)?([CPA])\}?"
_CHOOSE = (
    re.compile(rf"(?:\{{\s*\}}|\\!)?\s*_\s*{_SCRIPT}\s*{_LETTER}\s*_\s*{_SCRIPT}"),  # {}_{10}C_3
    re.compile(rf"(?:\{{\s*\}})?\s*\^\s*{_SCRIPT}\s*{_LETTER}\s*_\s*{_SCRIPT}"),  # ^{10}C_3
)
_CHOOSE_STACKED = re.compile(
    r"(?:\\(?:mathrm|text|operatorname|rm)\s*\{\s*([CPA])\s*\}|(?<![a-zA-Z\\])([CPA]))\s*"
    r"_\s*(?:\{\s*(\d{1,4})\s*\}|(\d))\s*\^\s*(?:\{\s*(\d{1,4})\s*\}|(\d))"
)  # C_{10}^3
_CHOOSE_STACKED_UP = re.compile(
    r"(?:\\(?:mathrm|text|operatorname|rm)\s*\{\s*([CPA])\s*\}|(?<![a-zA-Z\\])([CPA]))\s*"
    r"\^\s*(?:\{\s*(\d{1,4})\s*\}|(\d))\s*_\s*(?:\{\s*(\d{1,4})\s*\}|(\d))"
)  # C^3_{10}
_TIMES = re.compile(r"(?<=\d)\s*[xX]\s*(?=\d)")
_BASE_IN_WORDS = re.compile(r"_\s*\{?\s*\\text\w*\s*\{\s*base[- ]?\s*\}?\s*(\d{1,2})\s*\}{1,2}")
_ROOT = re.compile(r"\\root\s*\{?\s*(\w+)\s*\}?\s*\\of")
_ANGLES = re.compile(r"\s*<([^<>=]*,[^<>=]*)>\s*")
_WORDED = (
    (
        re.compile(r"(?<![\w.])(\d{1,4})\s*(?:\\text\w*\s*\{)?\s*choose\s*\}?\s*(\d{1,4})(?![\w.])"),
        r"\\binom{\1}{\2}",
    ),
    (re.compile(r"\bper cent\b"), "percent"),
    (re.compile(r"(?<![\w.])(\d{1,4}|[a-z]) factorial\b"), r"\1!"),
    (re.compile(r"[∣❘]"), "|"),
)
_CHOOSE_CALLED = re.compile(r"(?<![a-zA-Z\\_^])([CP])\((\d{1,4}),\s*(\d{1,4})\)")
_CHOOSE_PLAIN = re.compile(r"(?<![\w.])(\d{1,4})\s*([CP])\s*(\d{1,4})(?![\w.])")
_BASIS = re.compile(
    r"\\(?:mathbf|boldsymbol|bm|hat|widehat|vec|overrightarrow|mathbf\{\\hat)\s*(?:\{\s*\\?([ijk])(?:math)?\s*\}|\s+([ijk])\b)"
    r"|\\(?:hat|vec|mathbf)\s*\{?\s*\\(?:mathbf|hat|imath|jmath)\s*\{?\s*([ijk])\s*\}?\s*\}?"
)
_CIS = re.compile(
    r"\\?(?:operatorname\s*\{\s*cis\s*\}|\\?text\s*\{\s*cis\s*\}|cis(?![a-z]))\s*(\([^()]*\)|\{[^{}]*\}|[^\s+,;]+)"
)
_SERIES = re.compile(
    r"^\s*(-?\d{1,6})\s*\+\s*(-?\d{1,6})\s*\+(?:\s*(-?\d{1,6})\s*\+)?\s*(?:\\[lc]?dots\w?|\.\.\.|…|⋯)\s*\+\s*([^+=]{1,40}?)\s*$"
)
_GREATER, _LESS = r"(?:greater|larger|more|bigger) than", r"(?:less|smaller) than"
_COMPARED = tuple(
    (re.compile(pattern), sign)
    for pattern, sign in (
        (rf"\b(?:is )?(?:strictly )?{_GREATER} or equal to\b|\b(?:is )?at least\b|\bno less than\b", r"\ge "),
        (rf"\b(?:is )?(?:strictly )?{_LESS} or equal to\b|\b(?:is )?at most\b|\bno (?:more|greater) than\b", r"\le "),
        (rf"\bis (?:strictly )?{_GREATER}\b", "> "),
        (rf"\bis (?:strictly )?{_LESS}\b", "< "),
        (r"\bis not equal to\b|\bdoes not equal\b", r"\ne "),
    )
)
_EXCEPT = re.compile(
    r"^\s*all real (?:numbers|values)(?: of)?(?: [a-z])?,? (?:except|other than|but)(?: for)?\s+(.{1,60})$"
)
_CONGRUENT = re.compile(
    r"^\W*(?:those|all|the|numbers|integers|positive|natural|[a-z]\b|values|\s)*(?:(?:that|which) are )?congruent to\s+"
    r"(-?\d+(?:\s*(?:,|or|and|,\s*or)\s*-?\d+)*)\s*(?:\(?\s*(?:modulo|mod|\\pmod|\\bmod)\s*\{?\s*(\d+)\s*\}?\s*\)?)\W*$"
)
_WRAPPED = re.compile(r"\\(?:text(?:rm|bf|it|normal|up)?|mathrm|mbox|hbox)\s*\{([^{}]*)\}")
_FEET = re.compile(r"^\s*(\d+)\s*(?:'|\\prime)\s*(\d+(?:\.\d+)?)\s*(?:''|\")\s*$")
_LABELS = re.compile(r"(?:^|[,;.]|\band\b)\s*(?:[A-Z][a-z]+|(?:[A-Z]?[a-z]+ )(?:\d+|[A-Z]))\s*:\s*(?=[-\d({\\$])")
_BRACES = re.compile(r"\{([^{}()\[\]]*,[^{}()\[\]]*)\}")
_TO = re.compile(r"^\s*(\d+)\s+to\s+(\d+)\s*$")
_MONEY = re.compile(r"\s*\\?\$\s?(-?\d[\d,]*(?:\.\d+)?)\s*\.?\s*")
_RELATION = re.compile(r"[<>≤≥]|\\[lg]eq?(?:slant)?(?![a-z])|\\[lg]t(?![a-z])|\\ne")
_CUP = re.compile(r"\\cup(?![a-z])|∪")


def rewritten(text: str) -> str:
    """The text in the notation that the grammar reads."""
    text = _slips_mended(_unescaped(text))
    if "C" in text or "P" in text or "A" in text:
        text = _chosen(text)
    if "\\" in text:
        text = _BASIS.sub(lambda m: rf" \basis{{{m[1] or m[2] or m[3]}}} ", text)
    if "cis" in text:
        text = _CIS.sub(lambda m: rf"(\cos {m[1]} + i \sin {m[1]})", text)
    if ("+" in text and "ots" in text) or "..." in text or "…" in text:
        text = _SERIES.sub(_sum_of_series, text)
    if "$" in text and (money := _MONEY.fullmatch(text)):
        return rf"{money[1]} \text{{ dollars}}"
    if text[:1] == "{" and (braces := _BRACES.fullmatch(text)):
        return rf"\{{{braces[1]}\}}"
    if "'" in text and (feet := _FEET.match(text)):
        return rf"{feet[1]} \text{{ feet }} {feet[2]} \text{{ inches}}"
    if text.count(":") > 1 and len(_LABELS.findall(text)) == text.count(":"):  # Paolo: 18, Qing: 14
        text = _LABELS.sub(", ", text).lstrip(" ,")
    if " to " in text or "al" in text or "least" in text or "most" in text or "than" in text or "congruent" in text:
        text = _out_of_words(text)
    parts = _CUP.split(text) if "{" not in text else []
    if len(parts) > 1 and all(_RELATION.search(part) for part in parts):  # x < 1 ∪ x > 2
        text = " or ".join(parts)
    return text


def _slips_mended(text: str) -> str:
    """`1.5 x 10^6`, `<1, 2>`, `\\root 3 \\of 4`, `5 per cent`."""
    if "x" in text or "X" in text:
        text = _TIMES.sub(r" \\times ", text)
    if "\\" in text:
        text = _ROOT.sub(r"\\sqrt[\1]", _BASE_IN_WORDS.sub(r"_{\1}", text))
    if "<" in text and (angles := _ANGLES.fullmatch(text)):
        text = rf"\langle {angles[1]} \rangle"
    for pattern, written in _WORDED:
        text = pattern.sub(written, text)
    return text


def _unescaped(text: str) -> str:
    r"""`\frac`, `\text`, `\neq` whose backslash a string literal swallowed."""
    if text.isprintable():
        return text
    for escape, written in _ESCAPES.items():
        text = text.replace(escape, written)
    return _LEFT.sub(r"\\n", _RETURN.sub(r"\\r", _TAB.sub(r"\\t", text)))


def _chosen(text: str) -> str:
    for pattern in _CHOOSE:
        text = pattern.sub(lambda m: _count(m[2], m[1], m[3]) or m[0], text)
    text = _CHOOSE_STACKED.sub(lambda m: _count(m[1] or m[2], m[3] or m[4], m[5] or m[6]) or m[0], text)
    text = _CHOOSE_STACKED_UP.sub(lambda m: _count(m[1] or m[2], m[5] or m[6], m[3] or m[4]) or m[0], text)
    text = _CHOOSE_CALLED.sub(lambda m: _count(m[1], m[2], m[3]) or m[0], text)
    return _CHOOSE_PLAIN.sub(lambda m: _count(m[2], m[1], m[3]) or m[0], text)


def _count(kind: str, of: str, taken: str) -> str:
    """Combinations, or arrangements, of `taken` out of `of`; nothing where that makes no sense."""
    if of.isdigit() and taken.isdigit() and int(taken) > int(of):
        return ""
    if kind == "C":
        return rf" \binom{{{of}}}{{{taken}}} "
    return rf" \frac{{{of}!}}{{({of}-{taken})!}} "


def _sum_of_series(match: re.Match[str]) -> str:
    """1 + 2 + … + n of an arithmetic series."""
    first, second, third, last = int(match[1]), int(match[2]), match[3], match[4]
    step = second - first
    if step == 0 or (third is not None and int(third) - second != step):
        return match[0]
    return rf"\frac{{(({last})-{first}+{step})(({last})+{first})}}{{{2 * step}}}"


def _out_of_words(text: str) -> str:
    flat = " ".join(_WRAPPED.sub(r" \1 ", text.replace("$", " ")).split())
    if ratio := _TO.match(flat):
        return f"{ratio[1]}:{ratio[2]}"
    if except_ := _EXCEPT.match(flat):
        return rf"x \ne {except_[1]}"
    if congruent := _CONGRUENT.match(flat):
        residues = re.findall(r"-?\d+", congruent[1])
        return " or ".join(rf"{residue} \pmod{{{congruent[2]}}}" for residue in residues)
    if len(flat) <= 80:
        for pattern, sign in _COMPARED:
            changed = pattern.sub(sign.replace("\\", "\\\\"), flat)
            if changed != flat and not re.search(r"[a-zA-Z]{3,}", re.sub(r"\\[a-z]+", "", changed)):
                return changed
    return text
