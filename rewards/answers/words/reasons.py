"""The words by which a remark behind an answer begins, in many languages: because, as, so; and what a remark may not
say without changing the answer."""

import re

from holdfast.rewards.answers.words.hedges import BOUND
from holdfast.rewards.answers.words.languages import MAYBE, NO_WORD, NOT, NOT_BEHIND, OR, WRONG, alternatives

_BECAUSE = (
    "weil denn porque ya_que puesto_que dado_que car parce_que puisque perché poiché dato_che "
    "in_quanto siccome pois já_que uma_vez_que visto_que omdat want aangezien ponieważ gdyż "
    "так_как потому_что поскольку ибо тому_що оскільки 因为 因為 由于 由於 なぜなら 왜냐하면 لأن لأنه क्योंकि "
    "কারণ ఎందుకంటే ஏனெனில் ஏனென்றால் kwa_sababu kwani nítorí เพราะ เนื่องจาก vì bởi_vì karena "
    "sebab çünkü επειδή διότι γιατί כי زیرا چونکه کیونکہ"
)
_AS = (
    "wie como según conforme comme conformément selon come secondo segundo zoals volgens zgodnie "
    "jak według как согласно як згідно 正如 如 符合 与预期 與預期 予想通り 計算通り 예상대로 كما जैसा যেমন যেমনটা "
    "ఊహించినట్లే ఊహించినట్లు எதிர்பார்த்தபடி kama gẹ́gẹ́_bí gẹ́gẹ́ ตามที่ ตาม như theo seperti "
    "sesuai beklendiği όπως σύμφωνα כצפוי כפי همانطور همان‌طور جیسا جیسے"
)
_SO = (
    "also somit daher damit was da así_que por_lo_tanto por_tanto donc quindi então portanto dus "
    "więc zatem значит следовательно поэтому отже тому 所以 因此 故 したがって よって 따라서 그래서 إذن لذلك इसलिए "
    "তাই కాబట్టి ஆகவே hivyo ดังนั้น vậy vì_vậy jadi maka bu_yüzden yani άρα οπότε לכן بنابراین "
    "لہذا"
)
_CONDITION = (
    "wenn falls nur außer si solo sólo seulement sauf lorsque quand se quando soltanto só als "
    "alleen jeśli jeżeli gdy tylko если только когда якщо тільки 如果 若 只有 除非 もし のみ 만약 만 إذا فقط "
    "अगर यदि केवल যদি শুধু అయితే மட்டும் ikiwa tu bí ถ้า หาก nếu chỉ jika hanya eğer sadece αν "
    "μόνο אם רק اگر Untergrenze Obergrenze Schranke mindestens höchstens etwa ungefähr mehr "
    "weniger límite cota aproximadamente más menos borne limite environ plus moins circa più meno "
    "mais cerca ongeveer meer minder około więcej mniej примерно около больше меньше 下界 上界 下限 上限 "
    "大约 约 至少 至多 약 تقريبا लगभग প্রায় సుమారు takriban ประมาณ khoảng sekitar yaklaşık περίπου בערך "
    "تقریبا mínimo máximo minimo massimo minimum maximum минимум максимум мінімум minimal maximal"
)
_INSTEAD = (
    "sondern sino bensì lecz 而是 ではなく じゃなくて でなく 아니라 아니고 melainkan بل बल्कि বরং mà_là "
    "แต่เป็น bali אלא بلکه"
)
"""But, behind what is denied."""
_BUT = "mais mas ma maar ale а але αλλά tapi nhưng แต่ lakini"
"""But, behind anything."""
_VALUE = r"[\s$*_(]{0,6}(?:-?[$€£]?\d(?:[\d.,/]*\d)?|[A-J](?!\w))[$*_)%°€]{0,4}"
_REPLACED = re.compile(
    rf"\W*(?P<no>{NOT})?{_VALUE}[^\d.!?\n]{{0,24}}?"
    rf"(?:{alternatives(_INSTEAD)}|(?P<but>{alternatives(_BUT)}))[\s,，:：]*(?={_VALUE})",
    re.IGNORECASE,
)
_NO = "nicht no non não pas niet nie не ne bukan không_phải değil not"
_AND_NOT = re.compile(
    rf"({_VALUE}(?:\s?(?!(?:si|se|falls|wenn|sonst|sinon|als|if|and|und|y|et|e|en|i|и|а|і|dan|và|na)\b)[^\W\d_]{{1,16}})?)"
    rf"(?:(?:\s*[,;]\s*|\s+)(?:(?:and|und|y|et|e|en|i|и|а|і|dan|và|na)\s+)?(?:{alternatives(_NO)})\s+"
    rf"|\s?[,，]?\s?(?:而不是|而非|不是)\s?){_VALUE}[^\n]{{0,60}}",
    re.IGNORECASE,
)
UNLESS = (
    r"(?:\b(?:unless|otherwise|falls nicht|wenn nicht|si no|sinon|sino es|se non|se não|indien niet|als niet)\b"
    r"|(?:если|jeśli|jeżeli|якщо) (?:не|nie)\b|如果不|若不)"
)
REASON = alternatives(_BECAUSE)
AS, SO = alternatives(_AS), alternatives(_SO)
_REMARK = re.compile(rf"(?<=[\w$)}}%°])\s*[,;]\s*(?:{AS}|{SO})[^\d$\\=<>]{{0,80}}\Z", re.IGNORECASE)
_CHANGES = re.compile(
    rf"{OR}|{MAYBE}|{NOT}|{NOT_BEHIND}|{NO_WORD}|{WRONG}|{BOUND}|{alternatives(_CONDITION)}"
    r"|(?<![^\W\d_])(?-i:[b-df-hj-np-tvxA-Z])(?![^\W\d_])",
    re.IGNORECASE,
)


def without_foreign_remark(text: str) -> str:
    """`7, wie erwartet`, `7，所以我们完成了` say 7: words in another language than English that do not change it."""
    remark = _REMARK.search(text)
    return text[: remark.start()] if remark and not _CHANGES.search(remark.group()) else text


def named_instead(statement: str, denied: bool) -> str:
    """What a denied value is replaced by (`nicht 32, sondern 30`, `32ではなく30です`); empty for anything else."""
    found = _REPLACED.match(statement)
    return statement[found.end() :].strip() if found and (denied or found["no"] or not found["but"]) else ""


def without_other(statement: str) -> str:
    """`32 y no 30`, `32而不是30` without what the answer is not."""
    found = _AND_NOT.fullmatch(statement)
    return found[1] if found else statement
