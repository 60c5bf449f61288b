"""A last clause that calls the answer wrong in another language than English: `Das ist falsch.`, `lo cual no es
correcto`, `这是错误的`. It says nothing else: each of its words points, joins, is, denies or judges."""

import re

from holdfast.rewards.answers.words.languages import ANSWERS, RIGHT_WORDS, WRONG_WORDS

_POINTING = frozenset(
    "das dies diese dieser dieses was es ist war sind leider aber also jedoch die der eso "
    "esto esta este ello lo cual que está era pero así la el ce cela ça c qui est était mais "
    "donc le malheureusement questo questa ciò il che è ma quindi però purtroppo isso isto "
    "essa o é mas então a infelizmente dat dit deze is maar dus helaas het de to ta jest ale "
    "więc niestety ten odpowiedź это этот эта однако но так значит к сожалению ответ це але "
    "ця itu ini adalah tapi tetapi jadi jawaban bu şu ama ne yazık ki hii hilo ni lakini "
    "hivyo đó điều này là nhưng thì αυτό αυτή είναι αλλά η το זה זו הוא היא אבל این آن است "
    "اما هذا هذه هو هي لكن وهذا यह ये है लेकिन एक এটা এটি কিন্তু ఇది కానీ அது இது ஆனால் یہ ہے "
    "لیکن".split()
) | frozenset(word.casefold() for word in ANSWERS)
_NOT = frozenset(
    "nicht no non não ne n pas не nie niet si sio bukan tidak không değil δεν לא لا ليس ليست "
    "غير नहीं না নয় కాదు இல்லை نہیں نیست".split()
)
_WRONG = frozenset(word.casefold() for word in WRONG_WORDS)
_RIGHT = frozenset(word.casefold() for word in RIGHT_WORDS)
_JOINED = re.compile(
    r"(?:所以|但是?|而且?)?(?:这|那|此|该|這|該)?(?:个|個)?(?:答案|结果|結果)?(?:是|并|並)?(?:不对|不對|不正确|不正確|错误的?|錯誤的?|错的?|错了|錯了)"
    r"|(?:しかし)?(?:これ|それ|この答え|その答え|答え)?は?(?:間違い|誤り|正しくな|間違って)\S{0,6}"
    r"|(?:하지만\s)?(?:이것|그것|이건|그건|이|답|정답)[은는이]?\s?(?:답은\s)?(?:틀렸|틀린|잘못|옳지 않)\S{0,5}"
    r"|(?:แต่)?(?:นี่|นั่น|คำตอบนี้|คำตอบ)?(?:คือ)?\s?(?:ผิด|ไม่ถูกต้อง)"
)
_CLAUSE = re.compile(r"[,;:،，、；—–。！？।]\s*|\s-\s")
_WORDS = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f\u0900-\u0dff]+[^\W\d_]*)*")
_ANOTHER = re.compile(r"\d|\b[A-J]\b(?!['’]| (?:resposta|solução)\b)")
"""A number, or an option's letter: the clause may speak of another value."""
_ENDS = " \t\n.!?…*)。！？।۔"
SIGNS = (_WRONG | _NOT) - {"n", "no", "non", "ne", "si"}
"""Without one of these words, or `no` before a word for right, no clause in ASCII calls anything wrong."""


def disowned(sentence: str) -> int | None:
    """Where the clause begins by which a sentence calls what stands before it wrong; None without one."""
    sentence = sentence.rstrip(_ENDS)
    start = max((cut.end() for cut in _CLAUSE.finditer(sentence)), default=0)
    for begin in dict.fromkeys((0, start)):
        if _calls_wrong(sentence[begin:].strip(_ENDS)):
            return begin
    return None


def _calls_wrong(clause: str) -> bool:
    if _JOINED.fullmatch(clause):
        return True
    words = {word.casefold() for word in _WORDS.findall(clause)}
    judged = words & _WRONG or (words & _NOT and words & _RIGHT)
    if not judged or not 1 < len(words) < 8 or _ANOTHER.search(clause):
        return False
    return words <= _POINTING | _NOT | _WRONG | _RIGHT
