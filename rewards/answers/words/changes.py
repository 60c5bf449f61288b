"""Words that make another number of the one beside them, in other languages than English: doubled, halved, rooted,
squared, negative."""

import re

from holdfast.rewards.answers.words.languages import IS, alternatives

_BEFORE = (
    "das_Doppelte_von die_Hälfte_von Hälfte_von das_Dreifache_von ein_Drittel_von "
    "ein_Viertel_von doppelt_so_viel_wie Quadratwurzel_aus Quadratwurzel_von Wurzel_aus "
    "Wurzel_von Quadrat_von el_doble_de doble_de la_mitad_de mitad_de triple_de tercio_de "
    "raíz_de raíz_cuadrada_de cuadrado_de le_double_de double_de la_moitié_de moitié_de "
    "tiers_de racine_de racine_carrée_de carré_de il_doppio_di doppio_di la_metà_di metà_di "
    "triplo_di radice_di radice_quadrata_di quadrato_di o_dobro_de dobro_de a_metade_de "
    "metade_de triplo_de raiz_de raiz_quadrada_de quadrado_de het_dubbele_van dubbele_van "
    "de_helft_van helft_van wortel_uit wortel_van połowa_z połowa pierwiastek_z podwojona "
    "половина_от половина вдвое_больше вдвое_меньше удвоенное корень_из половина_від корінь_з "
    "gấp_đôi một_nửa_của căn_bậc_hai_của dua_kali setengah_dari akar_dari mara_mbili_ya "
    "nusu_ya ضعف نصف جذر สองเท่าของ ครึ่งหนึ่งของ 两倍于 διπλάσιο_του μισό_του"
)
_BEHIND = (
    r"的\s?(?:两|兩|二|三|四|[2-9])\s?倍|的\s?(?:一半|平方根?|立方)|の\s?(?:二|三|[2-9])\s?倍|の(?:半分|平方根?|二乗|[23]乗)"
    r"|의\s?(?:두|세|[2-9])\s?배|의\s?(?:절반|제곱)|(?:का|के|की)\s(?:दोगुना|दुगुना|आधा|वर्ग)"
    r"|['’]?(?:n?[iıuü]n)\s(?:iki katı|yarısı|karesi)|(?:zum|im)\sQuadrat|hoch\s\d|mal\s\d"
    r"|al\s(?:cuadrado|cubo|quadrato)|au\s(?:carré|cube)|fois\s\d|por\s\d|ao\s(?:quadrado|cubo)|vezes\s\d|в\s(?:квадрате|кубе)|умножить\sна"
    r"|плюс\s\d|keer\s\d|kali\s\d|(?:乘以?|加上?|减去?|除以)\s?\d"
    r"|(?:\\?%|percent|Prozent|por ciento|pour ?cent|per cento|por cento|procent\w?|процент\w*)"
    r"\s(?:of|von|de|di|van|от)\s[$€]?\d"
    r"|(?:more|less|fewer|greater|larger|smaller)\sthan\s[$€]?\d|-fold\b"
)
_MINUS = "minus мінус минус マイナス 负 負 마이너스 سالب âm eksi negatif μείον מינוס منفی ติดลบ hasi ऋण ঋণাত্মক"
_LESS = "menos moins meno ناقص"
"""Minus at the beginning, or behind `is`; else less: `al menos 7`, `más o menos 7`, `9 menos 2`."""
_VALUE = r"[\s$*_(]{0,6}[-−]?[$€£]?\d[\d.,/]*[$*_)]{0,4}"
BEFORE = alternatives(_BEFORE)
_MADE = re.compile(rf"[^\d\n]{{0,20}}{BEFORE}(?:\s\w{{1,8}})?{_VALUE}|{_VALUE}\s?(?:{_BEHIND})", re.IGNORECASE)
_RESULT = re.compile(
    rf"(?:=|≈|等于|等於|即|也就是|\bis\b|\bgives\b|\bmakes\b|{IS})[\s$*]{{0,4}}([-−]?\d)", re.IGNORECASE
)
NEGATIVE = rf"(?:{alternatives(_MINUS)}|(?:^|[:：=(]|\b(?:es|est|è|é|son|sont))\s*{alternatives(_LESS)})"
_IS_NEGATIVE = re.compile(rf"[\s*_:：]*{alternatives(f'{_MINUS} {_LESS}')}\s?(?=\d)", re.IGNORECASE)


def made(statement: str) -> str | None:
    """What is made of the number that a statement names first (`el doble de 7 es 14`): the result, nothing where none
    is said (`7的两倍`); None for a statement that makes nothing."""
    found = _MADE.match(statement)
    if found is None:
        return None
    result = _RESULT.search(statement, found.end() - 1)
    return statement[result.start(1) :] if result else ""


def with_sign(statement: str) -> str:
    """`минус 7` as -7."""
    found = _IS_NEGATIVE.match(statement)
    return f"-{statement[found.end() :]}" if found else statement
