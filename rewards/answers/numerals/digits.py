"""The digits, signs and big units of every script as ASCII: ４２, ๔２, 3万, 1,25,000."""

import re
import sys
import unicodedata
from fractions import Fraction
from functools import lru_cache

_CIRCLED = {chr(0x2460 + n): str(n + 1) for n in range(20)} | {chr(0x2776 + n): str(n + 1) for n in range(10)}
_SIGNS = {
    **{chr(0x24B6 + n): chr(0x41 + n) for n in range(26)},
    **dict.fromkeys("\u00a0\u2009\u202f\u3000", " "),
    "٫": ".",
    "٬": ",",
    "٪": "%",
    "۔": ".",
    "،": ",",
    "؛": ";",
    "؟": "?",
    "।": ".",
    "॥": ".",
    "｡": "。",
    "．": ".",
}
CURRENCIES = "$€£¥₹₩฿₽₫₺₦₱₪￥￦"
_FULL_WIDTH = {chr(0xFF01 + n): chr(0x21 + n) for n in range(94)}
_STYLED = range(0x1D400, 0x1D6A4)
"""Letters of mathematics in bold, italics and the like (𝐁, 𝑥)."""
_SCALES = {
    100: "百 百 백 सौ শত শো వంద",
    1000: "千 仟 천 हज़ार हजार হাজার వేల వెయ్యి พัน nghìn ngàn ribu elfu tausend Tausend mil "
    "тысяч тысяча тысячи тыс bin ألف آلاف",
    10**4: "万 萬 만 หมื่น",
    10**5: "लाख লাখ লক্ষ లక్షల లక్ష lakh lakhs แสน",
    10**6: "百万 百萬 백만 ล้าน triệu juta milioni milione milione millón millones "
    "Million Millionen milhão milhões миллион миллиона миллионов млн milyon مليون",
    10**7: "千万 千萬 천만 करोड़ করোড় কোটি కోట్ల కోటి crore crores",
    10**8: "亿 億 억",
    10**9: "Milliarde Milliarden milliard milliards miliardo miliardi "
    "миллиард миллиарда миллиардов млрд tỷ miliar milyar مليار",
    10**12: "兆 조",
}
_SCALE = {word: scale for scale, words in _SCALES.items() for word in words.split()}
_WORDS = "|".join(sorted(map(re.escape, _SCALE), key=len, reverse=True))
_NUMBER = r"\d{1,15}(?:,\d{3})*(?:\.\d{1,15})?"
_SCALED = re.compile(rf"(?<![\d.,])(?:{_NUMBER}\s?(?:{_WORDS})(?![a-zа-я])\s?){{1,4}}(?:\d{{1,8}}(?![\d.,]))?")
_PART = re.compile(rf"({_NUMBER})\s?({_WORDS})?")
_INDIAN = re.compile(r"(?<![\d,.])\d{1,2}(?:,\d{2})+,\d{3}(?![\d,])")
_POINT_GROUPS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:\.\d{3})+(?![\d.]\d|\d)")
_CENTS = re.compile(r"(\d[\d,]{0,15}) (dollars?|euros?|pounds?),?(?: and)? (\d{1,2}) (?:cents?|pence)\b")
_COMMA = re.compile(r"(?<=\d),(?=\d)")
_HINT = re.compile("|".join(sorted({word[:3] for word in _SCALE if word.isascii()} | {"[^\\x00-\\x7f]"})))


@lru_cache(maxsize=1)
def _table() -> dict[int, str]:
    digits = {
        code: str(unicodedata.decimal(chr(code)))
        for code in range(0x80, min(sys.maxunicode, 0x1E960))
        if unicodedata.category(chr(code)) == "Nd"
    }
    letters = {code: plain for code in _STYLED if (plain := unicodedata.normalize("NFKC", chr(code))).isascii()}
    return letters | digits | {ord(mark): text for mark, text in {**_CIRCLED, **_SIGNS, **_FULL_WIDTH}.items()}


def in_ascii(text: str) -> str:
    """The text with the digits and full-width signs of every script as ASCII."""
    return text if text.isascii() else text.translate(_table())


def with_points(text: str) -> str:
    """Numbers of a language that writes decimals with a comma (`1.234,5`) as `1234.5`."""
    return _COMMA.sub(".", _POINT_GROUPS.sub(lambda number: number[0].replace(".", ""), text))


def written_out(text: str) -> str:
    """`3万5千` as 35000, `12 lakh` as 1200000, `1,25,000` as 125000, `3 dollars and 50 cents` as 3.50 dollars."""
    if "," in text:
        text = _INDIAN.sub(lambda match: match[0].replace(",", ""), text)
    if "cent" in text or "pence" in text:
        text = _CENTS.sub(lambda money: f"{money[1]}.{int(money[3]):02} {money[2]}", text)
    return _SCALED.sub(_sum, text) if _HINT.search(text) else text


def _sum(match: re.Match[str]) -> str:
    """Each part by its scale, added up; a part may end in another digit group (`3万5000`)."""
    total = Fraction(0)
    for part in _PART.finditer(match[0]):
        total += Fraction(part[1].replace(",", "")) * _SCALE.get(part[2] or "", 1)
    tail = match[0][len(match[0].rstrip()) :]
    if total.denominator == 1:
        return f"{total.numerator}{tail}"
    return match[0]
