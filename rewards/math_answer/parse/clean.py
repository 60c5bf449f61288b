"""From what a model wrote to one plain dialect of LaTeX: wrappers, spacing, Unicode and thousands separators go."""

import re

from holdfast.rewards.answers.numerals.digits import CURRENCIES, in_ascii, written_out
from holdfast.rewards.answers.words.languages import SEPARATORS
from holdfast.rewards.answers.words.names import (
    CONSTANTS,
    DEGREE_WORDS,
    FUNCTIONS,
    GREEK,
    NUMBER_WORDS,
    PERCENT_WORDS,
    SCALE_WORDS,
    UNITS,
)

_UNICODE = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "⁻": "^-", "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "∙": r"\cdot ",
    "÷": r"\div ", "√": r"\sqrt ", "∛": r"\cbrt ", "π": r"\pi ", "∞": r"\infty ", "≤": r"\le ", "⩽": r"\le ",
    "≥": r"\ge ", "⩾": r"\ge ", "≠": r"\ne ", "≈": r"\approx ", "≡": r"\equiv ", "∪": r"\cup ", "∩": r"\cap ",
    "∈": r"\in ", "∉": r"\notin ", "∅": r"\emptyset ", "±": r"\pm ", "∓": r"\mp ", "°": r"^\circ ", "º": r"^\circ ",
    "′": "'", "’": "'", "“": '"', "”": '"', "⟨": r"\langle ", "⟩": r"\rangle ", "⌊": r"\lfloor ", "⌋": r"\rfloor ",
    "⌈": r"\lceil ", "⌉": r"\rceil ", "∖": r"\setminus ", "→": r"\to ", "⇒": r"\Rightarrow ", "…": r"\ldots ",
    "∑": r"\sum ", "∏": r"\prod ", "∫": r"\int ", "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}", "ℕ": r"\mathbb{N}",
    "½": r"\frac{1}{2}", "⅓": r"\frac{1}{3}", "⅔": r"\frac{2}{3}", "¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}",
    "∠": r"\angle ", "△": r"\triangle ", "％": "%", "，": ",", "（": "(", "）": ")", "：": ":", "；": ";", "＝": "=",
    "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u200b": "", "∧": " and ", "∨": " or ", "⁄": "/",
    "¢": r"\text{ cents}",
}  # fmt: skip
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ⁻⁺", "0123456789n-+")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_UNICODE_RUN = re.compile("[" + "".join(_UNICODE) + "]")
_SUPERSCRIPT_RUN = re.compile("[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ]+")
_SUBSCRIPT_RUN = re.compile("[₀₁₂₃₄₅₆₇₈₉]+")
_GREEK = dict(zip("αβγδεζηθκλμνξρστφχψωΓΔΘΛΞΣΦΨΩ", (
        "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi rho sigma tau phi chi psi omega "
        "Gamma Delta Theta Lambda Xi Sigma Phi Psi Omega"
    ).split(), strict=False))  # fmt: skip
_GREEK_LETTER = re.compile("[" + "".join(_GREEK) + "]")

_DOUBLED = re.compile(
    r"\\\\(?=(?:[dt]?frac|left|right|boxed|sqrt|text|mathrm|pi|infty|cdot|times|cup|leq?|geq?|pm|begin|end|circ|sin|cos"
    r"|tan|log|ln|in|quad|\(|\)|\{|\}|%|\$)(?![a-z]))"
)
_MATRIX_ROWS = re.compile(r"(?<!\\)\\begin\{")
_SIZES = re.compile(
    r"\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|scriptstyle|limits|nolimits|normalsize|small|large|Large"
    r"|centering|noindent|hfill|hline|allowbreak|nonumber|boldmath|rm|bf|it|mathstrut|strut)(?![a-zA-Z])\.?"
)
_PHANTOM = re.compile(r"\\(?:phantom|hspace\*?|vspace\*?|label|tag\*?|color|textcolor|hphantom|vphantom)\s*\{[^{}]*\}")
_GROUPED = re.compile(r"(?<=\d) ?\{ ?, ?\} ?(?=\d{3})")
_THIN = re.compile(r"(?<=\d) ?,? ?(?:\\[!,;:]|~)+ ?(?=\d{3}(?!\d))")
_SPACES = re.compile(r"(?<!\\)\\[,;:!> ]|\\\n|~|\\(?:enspace|thinspace|medspace|thickspace|nobreak)(?![a-zA-Z])")
_COMMAS = re.compile(r"(?<![\d.,])([1-9]\d{0,2}(?:,\d{3})+)(?!\d)(?!,\d)")
_BLANKS = re.compile(r"(?<![\d.,^_}] )(?<![\d.,^_}])([1-9]\d{0,2}(?: \d{3})+)(?!\d| \d)")
_TICKS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:'\d{3})+(?![\d'\"])")
_CELSIUS = re.compile(r"(?<=°) (?=[CF]$)")
_SINGLE_LETTER_FONT = re.compile(
    r"\\(?:mathbf|boldsymbol|mathit|bm|vec|hat|widehat|overrightarrow|mathcal|mathscr|mathsf|pmb|underline|mathfrak)"
    r"(?:\s*\{\s*((?:\\?[a-zA-Z]+|[0-9.]+)'*)\s*\}|\s+(?=[a-zA-Z]))"
)
_DEGREES = re.compile(
    r"\^\s*\{\s*\\(?:circ|degree)\s*\}|\^\s*\\(?:circ|degree)(?![a-zA-Z])|\\(?:degree|circ)(?![a-zA-Z])"
)
_ORDINAL = re.compile(
    r"(?<=\d) ?(?:\^ ?\{ ?\\(?:text|mathrm|textrm|mbox) ?\{ ?(?:th|st|nd|rd) ?\} ?\}|\^ ?\{ ?(?:th|st|nd|rd) ?\}"
    r"|\^? ?\\(?:text|mathrm|textrm|mbox) ?\{ ?(?:th|st|nd|rd) ?\}|\^?(?:th|st|nd|rd)(?![a-zA-Z]))"
)
_MATH_MARKS = re.compile(r"(?<!\\)\$\$?|\\[\[\]()]")
_CURRENCY = re.compile(rf"\\\$|[{CURRENCIES[1:]}]|\\(?:pounds|euro|yen)(?![a-zA-Z])")
_RUN = re.compile(r"\s+")
_ANNOTATION = re.compile(r"<<[^<>]*>>")  # of GSM8K's calculator
_ABBREVIATED = re.compile(r"(?<=[a-zA-Z])\.(?=\s|$)")
_UNIT_IN_BRACKETS = re.compile(r"(?<=[\d}%]) ?\(([a-zA-Z]{2,}[a-zA-Z .\-]*)\)$")
_TRAILING = re.compile(r"\\+\s*$")
_PRIMES = re.compile(r"\^ ?\{((?: ?\\prime(?![a-zA-Z]))+) ?\}|\^ ?\\prime(?![a-zA-Z])")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_COUNTED = re.compile(r"((?:^|.*[=≈:] ?)[-+]?\d[\d,.]*(?:/\d+)?) ([a-zA-Z][a-zA-Z'&.\- ]{2,80})$")
_NO_NOUNS = (
    FUNCTIONS.keys() | CONSTANTS.keys() | GREEK | SCALE_WORDS.keys() | PERCENT_WORDS
    | {"mod", "am", "pm", "a.m", "p.m", "a.m.", "p.m.", "x"}
)  # fmt: skip
_ENDLESS = re.compile(r"\.\d*(\d)\1\1 ?\.\.\.\s*$")
_BASE = re.compile(r"\((\d+)\)\s?(?=_)")
_BASE_IN_WORDS = re.compile(r"(?<=\d)_\{? ?\\text(?:rm)? ?\{ ?(two|three|four|five|six|seven|eight|nine|ten) ?\} ?\}?")
_SAID = re.compile(r"^\\text\s?\{ ?(?:[Tt]he |[Ff]inal ){0,2}[Aa]nswer(?:\s?:| is:?)\s?\}")
_UNION = re.compile(r"(?<=[)\]]) ?U ?(?=[(\[])")


_FOREIGN = re.compile(
    r"[\u0e00-\u0e7f\u3005-\u9fff\uac00-\ud7af]+"
    r"|[a-zA-Z]*[^\W\d_a-zA-Z](?:[^\W\d_]|[\u0900-\u0dff]| (?=[^\W\d_a-zA-Z\u0e00-\u0e7f\u3005-\u9fff]))*"
)
_LONGEST_COUNTED = 200


def clean(text: str, *, thousands: bool = True) -> str:
    """One answer in the plain dialect. `thousands` joins digit groups of three."""
    text = _RUN.sub(" ", text.strip()).lstrip("#").strip()
    if "<<" in text:
        text = _ANNOTATION.sub("", text)
    if "{" in text:
        text = _GROUPED.sub("", text)
    text = written_out(text if text.isascii() else _from_unicode(in_ascii(text)))
    text = _foreign_words(text)
    if "_" in text:
        text = _BASE_IN_WORDS.sub(lambda base: f"_{{{NUMBER_WORDS[base[1]]}}}", _BASE.sub(r"\1", text))
    if "\\" in text:
        text = _from_latex(_SAID.sub("", text))
    if "U" in text:
        text = _UNION.sub(r" \\cup ", text)
    if "$" in text:
        text = text.replace("$", " ")
    if "**" in text:
        text = _BOLD.sub(r" \1 ", text)
    text = _digits(text, thousands)
    if "th" in text or "st" in text or "nd" in text or "rd" in text:
        text = _ORDINAL.sub(" ", text)
    text = text.strip() if _ENDLESS.search(text) else text.strip().rstrip(".,;:").strip()
    text = _TRAILING.sub("", text) if text.endswith("\\") else text
    if text.endswith(("C", "F")):
        text = _CELSIUS.sub("", text)
    if text.endswith(")") and "(" in text:
        text = _UNIT_IN_BRACKETS.sub(_unit, text)
    text = _ABBREVIATED.sub(" ", text) if "." in text else text
    counted = _COUNTED.fullmatch(text) if len(text) < _LONGEST_COUNTED and text[-1:].isalpha() else None
    if counted is not None and _nouns(counted[2].split()):
        return rf"{counted[1]} \text{{{counted[2]}}}"
    return text


def _unit(match: re.Match[str]) -> str:
    """`5 (cm)`, `5 (apples)`: a bracket that holds a unit or a noun, and no product."""
    words = match[1].replace(".", " ").split()
    noun = bool(re.search("[a-zA-Z]{3}", match[1])) and all(len(word) > 1 and word not in _NO_NOUNS for word in words)
    named = noun or all(word in UNITS for word in words)
    return rf" \text{{{match[1]}}}" if named else match[0]


def _nouns(words: list[str]) -> bool:
    """Is it what a number counts (`7 cents in a week`), and no mathematics in words?"""
    plain = words[0] != "in" or words[1:2] in (["a"], ["the"], ["one"], ["total"])
    degrees = words[0] in DEGREE_WORDS and len(words) == 1
    return plain and not degrees and _NO_NOUNS.isdisjoint(words[:2]) and any(len(word) > 3 for word in words)


def _from_unicode(text: str) -> str:
    text = _SUPERSCRIPT_RUN.sub(lambda run: "^{" + run.group().translate(_SUPERSCRIPTS) + "}", text)
    text = _SUBSCRIPT_RUN.sub(lambda run: "_{" + run.group().translate(_SUBSCRIPTS) + "}", text)
    text = _UNICODE_RUN.sub(lambda mark: _UNICODE[mark.group()], text)
    text = _GREEK_LETTER.sub(lambda letter: "\\" + _GREEK[letter.group()] + " ", text)
    return _CURRENCY.sub(" ", text)


def _foreign_words(text: str) -> str:
    """Words of other scripts: separators in English, everything else as the words they are."""
    if text.isascii():
        return text
    return _FOREIGN.sub(_foreign, text)


def _foreign(match: re.Match[str]) -> str:
    word = match[0].strip()
    if word in SEPARATORS:
        return f" {SEPARATORS[word]} "
    inside = match.string[: match.start()].rpartition("{")[0].endswith(("\\text", "\\mathrm", "\\mbox", "\\textbf"))
    return match[0] if inside and "}" not in match.string[: match.start()].rpartition("{")[2] else rf" \text{{{word}}} "


def _from_latex(text: str) -> str:
    if "\\\\" in text and not _MATRIX_ROWS.search(text):
        text = _DOUBLED.sub(r"\\", text)
    text = _CURRENCY.sub(" ", text)
    text = _MATH_MARKS.sub(" ", text)
    text = _PHANTOM.sub(" ", text)
    text = _SIZES.sub(" ", text)
    text = _THIN.sub("", text)
    text = _SPACES.sub(" ", text)
    text = _SINGLE_LETTER_FONT.sub(lambda m: f" {m[1] or ''} ", text)
    text = _DEGREES.sub("°", text)
    text = _PRIMES.sub(lambda run: "'" * max(1, run.group().count("prime")), text)
    return text.replace("\\%", "%").replace("\\&", "&").replace("\\#", "#").replace("\\_", "_")


def _digits(text: str, thousands: bool) -> str:
    if thousands:
        if "," in text:
            text = _COMMAS.sub(lambda group: group.group().replace(",", ""), text)
        if " " in text:
            text = _BLANKS.sub(lambda group: group.group().replace(" ", ""), text)
        if "'" in text:
            text = _TICKS.sub(lambda group: group.group().replace("'", ""), text)
    return text


_WRAPPER = re.compile(
    r"\\(?:text(?:bf|it|rm|sf|tt|normal|sc|up)?|mathrm|mathbf|mathit|mathsf|mbox|hbox|emph|operatorname\*?)\s*(?=\{)"
)
_NOISE = re.compile(r"[\s{}\"'`*_$]+")


def words_of(text: str) -> str:
    """A text answer in comparable form: no wrappers, no case, single blanks, no punctuation at its ends."""
    text = _WRAPPER.sub(" ", text)
    text = _MATH_MARKS.sub(" ", text)
    text = _SPACES.sub(" ", text)
    text = _NOISE.sub(" ", text).strip().casefold()
    return text.strip(" .,;:!?").strip()


_TIGHT = re.compile(r"(?<!\d)\s+|\s+(?!\d)")


def tight(text: str) -> str:
    """The text without the blanks that mean nothing (one between digits stays)."""
    return _TIGHT.sub("", text)
