"""The few words by which an answer is announced, doubted, denied or refused, in many languages.

A word of a script that writes blanks between words counts as a whole word; one of Chinese, Japanese, Thai and their
like counts wherever it stands.
"""

import re
from collections.abc import Iterable

_ANSWER = {
    "de": "Antwort Lösung Ergebnis Endergebnis",
    "es": "respuesta solución resultado",
    "fr": "réponse résultat",
    "it": "risposta soluzione risultato",
    "pt": "resposta solução resultado",
    "nl": "antwoord resultaat",
    "pl": "odpowiedź odpowiedzią wynik",
    "ru": "ответ ответом результат",
    "uk": "відповідь",
    "zh": "答案 答 最终结果 最終結果",
    "ja": "答え 答 解答 正解 回答",
    "ko": "정답 답변 답 결과",
    "ar": "الإجابة الاجابة الجواب إجابة النتيجة",
    "he": "תשובה התשובה",
    "fa": "پاسخ",
    "ur": "جواب",
    "hi": "उत्तर जवाब परिणाम",
    "bn": "উত্তর ফলাফল",
    "te": "సమాధానం జవాబు ఫలితం",
    "ta": "பதில் விடை",
    "sw": "jibu",
    "yo": "ìdáhùn idahun",
    "th": "คำตอบ ตอบ ผลลัพธ์",
    "vi": "đáp_án trả_lời kết_quả",
    "id": "jawaban jawabannya hasil hasilnya",
    "tr": "cevap yanıt cevabı sonuç",
    "el": "απάντηση αποτέλεσμα",
}
"""What the answer is called; a blank inside a word is written as an underscore."""

_IS = (
    "is ist lautet beträgt sind sei es son sería est sont serait è sono é são ni là adalah ialah jest "
    "to wynosi είναι это является равен равна равно составляет 是 为 為 は 은 는 이 가 هو هي है हैं হল হলো "
    "হচ্ছে היא הוא คือ เป็น equals jẹ́"
)
_OR = {
    "de": "oder bzw beziehungsweise sonst andernfalls",
    "es": "o u",
    "fr": "ou sinon",
    "it": "o oppure altrimenti",
    "pt": "ou senão",
    "nl": "of",
    "pl": "lub albo",
    "ru": "или либо иначе",
    "uk": "або",
    "zh": "或 或者 或是 还是 否则",
    "ja": "または あるいは もしくは",
    "ko": "또는 혹은 이나",
    "ar": "أو",
    "fa": "یا",
    "ur": "یا",
    "hi": "या",
    "bn": "বা অথবা কিংবা",
    "te": "లేదా",
    "ta": "அல்லது",
    "sw": "au ama",
    "yo": "tàbí",
    "th": "หรือ",
    "vi": "hoặc hay",
    "id": "atau",
    "tr": "veya ya_da",
    "el": "ή",
    "he": "או",
}
_AND = {
    "de": "und",
    "es": "y",
    "fr": "et",
    "it": "e ed",
    "pt": "e",
    "nl": "en",
    "pl": "i",
    "ru": "и",
    "uk": "і та",
    "zh": "和 与 與 以及",
    "ja": "と および",
    "ko": "그리고 와 과",
    "ar": "و",
    "hi": "और",
    "bn": "এবং ও",
    "te": "మరియు",
    "ta": "மற்றும்",
    "sw": "na",
    "th": "และ",
    "vi": "và",
    "id": "dan",
    "tr": "ve",
    "el": "και",
}
_MAYBE = {
    "de": "vielleicht möglicherweise eventuell",
    "es": "quizás quizá tal_vez posiblemente",
    "fr": "peut-être possiblement",
    "it": "forse magari",
    "pt": "talvez possivelmente",
    "nl": "misschien",
    "pl": "może",
    "ru": "возможно может_быть а_может",
    "uk": "можливо",
    "zh": "也许 可能 或许 大概",
    "ja": "たぶん おそらく かもしれ",
    "ko": "아마 아마도 어쩌면",
    "ar": "ربما",
    "fa": "شاید",
    "hi": "शायद",
    "bn": "হয়তো সম্ভবত",
    "te": "బహుశా",
    "ta": "ஒருவேளை",
    "sw": "labda huenda",
    "th": "อาจ บางที",
    "vi": "có_thể có_lẽ",
    "id": "mungkin barangkali",
    "tr": "belki",
    "el": "ίσως",
    "he": "אולי",
}
_NOT = {
    "de": "nicht kein keine keinesfalls",
    "es": "no_es no_son nunca_es",
    "fr": "n'est_pas n’est_pas pas jamais",
    "it": "non_è non_sono mai",
    "pt": "não_é não_são não nunca",
    "nl": "niet geen",
    "pl": "nie_jest",
    "ru": "не",
    "uk": "не",
    "zh": "不是 并非 不等于 不会是 非 不选 不選",
    "ar": "ليس ليست",
    "fa": "نیست",
    "sw": "sio siyo si_sahihi",
    "yo": "kì_í_ṣe",
    "th": "ไม่ใช่",
    "vi": "không_phải",
    "id": "bukan bukanlah",
    "el": "δεν_είναι",
    "he": "לא אינה אינו",
}
"""What denies the words behind it."""
_NOT_BEHIND = {
    "ja": "ではな ではあり じゃな",
    "ko": "아니 아닙 아닌",
    "ur": "نہیں",
    "hi": "नहीं",
    "bn": "নয় নয়",
    "te": "కాదు",
    "ta": "இல்லை அல்ல",
    "tr": "değil",
    "de": "ist_nicht ist_falsch",
    "es": "no_es es_incorrecto es_incorrecta",
    "fr": "n'est_pas est_faux est_fausse",
    "ru": "не_является неверно неверен неверна неправильно",
    "zh": "不是 是错 错误",
}
"""What denies the words before it."""
_UNKNOWN = {
    "en": "do_not_know don't_know don’t_know cannot_determine can't_determine can’t_determine cannot_be_determined "
    "unable_to_determine not_able_to cannot_solve can't_solve cannot_find can't_find cannot_answer can't_answer "
    "unable_to_solve unable_to_answer unable_to_find no_idea not_sure cannot_tell can't_tell can_not_determine",
    "de": "weiß_nicht weiß_es_nicht weiss_nicht weiß_die_Antwort_nicht keine_Ahnung nicht_bestimmen nicht_beantworten "
    "nicht_bestimmt_werden nicht_lösen nicht_sicher",
    "es": "no_lo_sé no_sé no_puedo no_se_puede no_estoy_seguro",
    "fr": "sais_pas ne_peux_pas ne_peut_pas impossible_de pas_sûr pas_déterminer",
    "it": "non_lo_so non_so non_posso non_riesco impossibile_determinare",
    "pt": "não_sei não_posso não_consigo impossível_determinar",
    "nl": "weet_het_niet weet_ik_niet kan_niet",
    "pl": "nie_wiem nie_mogę",
    "ru": "не_знаю не_могу невозможно",
    "uk": "не_знаю не_можу",
    "zh": "不知道 无法 無法 不能确定 不确定 不清楚",
    "ja": "わかりません 分かりません わからない 分からない できません 不明",
    "ko": "모르겠 모릅니다 모른다 알_수_없",
    "ar": "لا_أعرف لا_أعلم لا_أستطيع لا_يمكن لا_يمكنني",
    "hi": "नहीं_जानता नहीं_जानती नहीं_पता पता_नहीं नहीं_बता नहीं_कर_सकता नहीं_कर_सकते निर्धारित_नहीं",
    "bn": "জানি_না করতে_পারছি_না করতে_পারি_না সম্ভব_নয়",
    "te": "తెలియదు తెలీదు నిర్ణయించలేను చెప్పలేను",
    "ta": "தெரியாது",
    "sw": "sijui siwezi sina_uhakika haiwezekani",
    "yo": "mi_ò_mọ̀ nko_mo",
    "th": "ไม่ทราบ ไม่รู้ ไม่สามารถ ไม่แน่ใจ",
    "vi": "không_biết không_thể không_chắc",
    "id": "tidak_tahu tidak_dapat tidak_bisa tidak_yakin",
    "tr": "bilmiyorum emin_değilim belirlenemez belirleyemiyorum",
    "fa": "نمی‌دانم نمیدانم",
    "el": "δεν_ξέρω δεν_μπορώ",
    "he": "לא_יודע לא_ניתן",
}
_YES = (
    "yes ja sí oui sì sim tak да так 是 是的 对 はい 네 예 نعم بله हाँ हां হ্যাঁ అవును ஆம் ndiyo ใช่ vâng "
    "có ya evet ναι כן bẹ́ẹ̀ni true"
)
_NO = (
    "no nein non não nee nie нет ні 否 不 不是 いいえ 아니요 아니오 لا خیر नहीं না కాదు இல்லை hapana ไม่ "
    "không tidak hayır όχι לא rárá false"
)
_OPTION = (
    "option choice letter Option Buchstabe opción alternativa letra lettre choix opzione lettera opção "
    "optie opcja вариант буква варіант 选项 選項 選択肢 선택지 보기 الخيار خيار الحرف विकल्प বিকল্প ఎంపిక "
    "chaguo herufi ตัวเลือก ข้อ phương_án pilihan opsi huruf seçenek şık επιλογή"
)


def _spellings(words: Iterable[str] | str) -> list[str]:
    listed = words.split() if isinstance(words, str) else [word for line in words for word in line.split()]
    return sorted({word.replace("_", " ") for word in listed}, key=lambda word: (-len(word), word))


def _without_blanks(word: str) -> bool:
    """Is it of a script that writes no blanks between words, or joins endings to them?"""
    return any(
        "\u0e00" <= letter <= "\u0e7f" or "\u3040" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7af"
        for letter in word
    )


def alternatives(words: Iterable[str] | str) -> str:
    """The words as a group of a regular expression, whole words where the script has them."""
    joined: list[str] = []
    whole: list[str] = []
    for word in _spellings(words):
        (joined if _without_blanks(word) else whole).append(re.escape(word).replace("\\ ", r"\s{1,2}"))
    parts = [rf"(?<![^\W\d_])(?:{'|'.join(whole)})(?![^\W\d_])"] if whole else []
    return f"(?:{'|'.join([*parts, *joined])})"


_AMBIGUOUS = frozenset("o u e i y of en na au hay ed et dan ama va ve ou no si ni و".split())
"""Words that are others in English, or single letters."""
_OR_WORDS, _AND_WORDS = (
    {language: " ".join(word for word in words.split() if word not in _AMBIGUOUS) for language, words in table.items()}
    for table in (_OR, _AND)
)
DENYING = frozenset(
    max(phrase.encode().split(b"'")[-1].split(), key=len)
    for phrase in _spellings([*_NOT.values(), *_NOT_BEHIND.values()])
    if phrase.isascii()
)
"""A word of each phrase that denies, of those in ASCII: a cheap look."""
ANSWERS = _spellings(_ANSWER.values())
"""What an answer is called in other languages than English."""
OR, AND, MAYBE, NOT, NOT_BEHIND = (
    alternatives(table.values()) for table in (_OR_WORDS, _AND_WORDS, _MAYBE, _NOT, _NOT_BEHIND)
)
SEPARATORS = dict.fromkeys(_spellings(_OR.values()), "or") | dict.fromkeys(_spellings(_AND.values()), "and")
"""Word → the English one."""
OPTION_WORD, IS = alternatives(_OPTION), alternatives(_IS)
YES, NO = frozenset(_spellings(_YES)), frozenset(_spellings(_NO))

_RIGHT = (
    "richtig korrekt correcta correcto correcte corretta corretto верно верен правильно правильный правильная "
    "正确 正確 正しい 맞습니다 맞다 صحيح صحيحة सही সঠিক సరైనది ถูกต้อง đúng benar doğru juist poprawna sahihi "
    "درست صحیح נכון נכונה הנכונה σωστή σωστό"
)
RIGHT, RIGHT_WORDS = alternatives(_RIGHT), frozenset(_spellings(_RIGHT))
"""What is said of the option that is the answer."""
_ATTACHED = rf"(?:(?!{MAYBE})[\u0e00-\u0e7f\u3040-\u9fff\uac00-\ud7af]){{0,12}}?"
_MAYBE_ADJECTIVE = _ATTACHED + r"(?:\s+(?!\S*\d)(?![(（]?[A-J]\b)[^\s:：=,.。$\\(]{1,16}){0,2}?"
_CUE = re.compile(
    rf"(?:{alternatives(_ANSWER.values())})(?:{_MAYBE_ADJECTIVE}[\s*_\"]{{0,4}}"
    rf"(?:(?:{IS})[\s*_\"]{{0,4}}[:：]?|[:：=]|[-–—](?=\s*[\d$(A-J]))"
    rf"|(?:\s{{1,2}}{RIGHT})?[\s*_\"】]{{0,4}}(?=[(（]?[A-J]\b|[$\\]?[\d(\\$]))",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    rf"{alternatives(_UNKNOWN.values())}|\bwei(?:ß|ss)\b[^.]{{0,60}}\bnicht\b|\bne sa(?:is|it)\b|\bn['’]en sais\b|"
    r"\b(?:do|does|did|could|can)(?: not|n['’]t) (?:really )?(?:know|tell|say|find|determine|solve|answer)\b|"
    r"\bcannot (?:say|be found)\b|\b(?:answer|number|amount|value|result) (?:of [\w ]{1,30} )?(?:is|remains) unknown\b",
    re.IGNORECASE,
)
_OPTION_CUE = re.compile(
    rf"(?:{OPTION_WORD}{_MAYBE_ADJECTIVE}[\s*_\"]{{0,4}}(?:(?:{IS})|[-–—:：]"
    rf"|(?=[(（]?[A-J][)）]?\s?(?:[.!。]?\s*$|{IS})))"
    r"|(?<!不)(?:选项|選項|选择|選擇|选|選)(?:应|應)?(?:该|該)?(?:是|为|為)?[:：]?)",
    re.IGNORECASE,
)
_WRONG = (
    "falsch incorrecto incorrecta equivocado faux fausse incorrect incorrecte sbagliato sbagliata errata errado errada "
    "incorreto fout onjuist błędne błędny неверно неверный неправильно 错 錯 错误 間違い 誤り 틀렸 틀린 "
    "خطأ خاطئ गलत ভুল తప్పు "
    "si_sahihi kosa ผิด sai salah yanlış λάθος שגוי fel forkert feil"
)
ANSWER_WORD, WRONG, NO_WORD, YES_WORD = map(alternatives, (_ANSWER.values(), _WRONG, _NO, _YES))
"""What an answer is called, what is said of one that is wrong, `no` and `yes`."""
WRONG_WORDS = frozenset(_spellings(_WRONG))
_LOWERED = tuple({word.casefold() for word in ANSWERS})
_ENGLISH = frozenset("option choice letter".split())
_OPTIONS_LOWERED = tuple({word.casefold() for word in _spellings(_OPTION)} - _ENGLISH | {"选", "選"})


_LETTER_WORDS = {"es": "AE", "fr": "A", "it": "AEI", "pt": "AE", "pl": "AI", "yo": "AEI"}
_CUE_LETTERS = [(word, letters) for language, letters in _LETTER_WORDS.items() for word in _ANSWER[language].split()]


def letter_words(cue: str) -> str:
    """Those of A to J that are words in the languages of a cue (`Respuesta: A veces`, `Risposta: I gatti`)."""
    lowered = cue.casefold()
    return "".join(letters for word, letters in _CUE_LETTERS if lowered.startswith(word))


def option_cues(text: str) -> list[re.Match[str]]:
    """Where a text names an option in another language than English (`La opción correcta es`, `故选`)."""
    lowered = text.casefold()
    if not any(word in lowered for word in _OPTIONS_LOWERED):
        return []
    return list(_OPTION_CUE.finditer(text))


def cues(text: str) -> list[re.Match[str]]:
    """Where a text announces an answer in another language than English (`Antwort:`, `答案是`, `सही उत्तर`)."""
    lowered = text.casefold()
    if not any(word in lowered for word in _LOWERED):
        return []
    return list(_CUE.finditer(text))


def refuses(text: str) -> bool:
    """Does it say that the answer is not known?"""
    return _REFUSED.search(text) is not None
