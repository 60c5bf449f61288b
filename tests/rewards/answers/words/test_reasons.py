"""Words behind an answer in every language: a reason or a remark leaves it, what changes it does not; and what a denied
answer is replaced by."""

import pytest

from holdfast.reward import Reward
from holdfast.sample import Sample

LEFT = {
    "de": (
        "Antwort: 7, wie erwartet.",
        "Die Antwort ist 7, also sind wir fertig.",
        "Die Antwort lautet 7, weil 3 + 4 = 7.",
        "Antwort: 7, da wir addieren.",
        "Die Antwort ist 7, was zu zeigen war.",
    ),
    "es": (
        "La respuesta es 7, como esperaba.",
        "Respuesta: 7, ya que sumamos.",
        "La respuesta es 7, porque 3 + 4 = 7.",
        "La respuesta es 7, así que terminamos.",
        "La respuesta es 7, según la tabla.",
    ),
    "fr": (
        "La réponse est 7, comme prévu.",
        "Réponse : 7, car on additionne.",
        "La réponse est 7, donc c'est fini.",
        "La réponse est 7, parce que 3 + 4 = 7.",
        "La réponse est 7, d'après le tableau.",
    ),
    "it": (
        "La risposta è 7, come previsto.",
        "Risposta: 7, perché 3 + 4 = 7.",
        "La risposta è 7, quindi abbiamo finito.",
        "La risposta è 7, poiché sommiamo.",
    ),
    "pt": (
        "A resposta é 7, como esperado.",
        "Resposta: 7, pois somamos.",
        "A resposta é 7, porque 3 + 4 = 7.",
        "A resposta é 7, então terminamos.",
    ),
    "nl": (
        "Het antwoord is 7, zoals verwacht.",
        "Antwoord: 7, omdat 3 + 4 = 7.",
        "Het antwoord is 7, dus we zijn klaar.",
    ),
    "pl": (
        "Odpowiedź: 7, zgodnie z oczekiwaniami.",
        "Odpowiedź to 7, ponieważ 3 + 4 = 7.",
        "Odpowiedź: 7, więc skończyliśmy.",
    ),
    "ru": (
        "Ответ: 7, как и ожидалось.",
        "Ответ: 7, так как 3 + 4 = 7.",
        "Ответ: 7, потому что мы складываем.",
        "Ответ: 7, значит, мы закончили.",
    ),
    "uk": (
        "Відповідь: 7, як і очікувалося.",
        "Відповідь: 7, тому що 3 + 4 = 7.",
    ),
    "zh": (
        "答案是7，正如预期。",
        "答案是7，因为3+4=7。",
        "答案：7，所以我们完成了。",
        "答案是 7，符合题意。",
    ),
    "ja": (
        "答えは7です。",
        "答えは7、予想通りです。",
        "答え：7、なぜなら3+4=7だからです。",
    ),
    "ko": (
        "정답은 7입니다, 예상대로.",
        "답: 7, 왜냐하면 3+4=7이기 때문입니다.",
    ),
    "ar": (
        "الجواب: 7، كما توقعت.",
        "الإجابة هي 7، لأن 3 + 4 = 7.",
    ),
    "hi": (
        "उत्तर: 7, जैसा कि अपेक्षित था।",
        "उत्तर 7 है, क्योंकि 3 + 4 = 7।",
    ),
    "bn": (
        "উত্তর: 7, কারণ 3 + 4 = 7।",
        "উত্তর: 7, যেমনটা আশা করা হয়েছিল।",
    ),
    "te": (
        "సమాధానం: 7, ఎందుకంటే 3 + 4 = 7.",
        "సమాధానం: 7, ఊహించినట్లే.",
    ),
    "ta": ("பதில்: 7, ஏனெனில் 3 + 4 = 7.",),
    "sw": (
        "Jibu: 7, kama ilivyotarajiwa.",
        "Jibu ni 7, kwa sababu 3 + 4 = 7.",
    ),
    "th": (
        "คำตอบ: 7 ตามที่คาดไว้",
        "คำตอบคือ 7 เพราะ 3 + 4 = 7",
    ),
    "vi": (
        "Đáp án: 7, như mong đợi.",
        "Đáp án là 7, vì 3 + 4 = 7.",
    ),
    "id": (
        "Jawaban: 7, seperti yang diharapkan.",
        "Jawabannya adalah 7, karena 3 + 4 = 7.",
    ),
    "tr": (
        "Cevap: 7, beklendiği gibi.",
        "Cevap 7'dir, çünkü 3 + 4 = 7.",
    ),
    "el": (
        "Απάντηση: 7, όπως αναμενόταν.",
        "Η απάντηση είναι 7, επειδή 3 + 4 = 7.",
    ),
    "he": (
        "התשובה: 7, כצפוי.",
        "התשובה היא 7, כי 3 + 4 = 7.",
    ),
    "fa": (
        "پاسخ: 7، همانطور که انتظار می\u200cرفت.",
        "پاسخ: 7، زیرا 3 + 4 = 7.",
    ),
    "yo": ("Ìdáhùn: 7, nítorí 3 + 4 = 7.",),
    "ur": ("جواب: 7، کیونکہ 3 + 4 = 7۔",),
    "en": (
        "The answer is 7, because 3 + 4 = 7.",
        "Answer: 7, as expected.",
    ),
}
CHANGED = {
    "de": (
        "Antwort: 7, wenn x gerade ist.",
        "Antwort: 7, oder vielleicht acht.",
        "Antwort: 7, was falsch ist.",
        "Antwort: 7, aber das ist falsch.",
        "Antwort: 7, wie eine Untergrenze.",
    ),
    "es": (
        "Respuesta: 7, si x es par.",
        "Respuesta: 7, como mínimo.",
        "Respuesta: 7, como máximo.",
        "Respuesta: 7, así que no es correcto.",
        "Respuesta: 7, como límite inferior.",
    ),
    "fr": (
        "Réponse : 7, si x est pair.",
        "Réponse : 7, donc c'est faux.",
        "Réponse : 7, comme borne inférieure.",
        "Réponse : 7, ou huit.",
    ),
    "it": (
        "Risposta: 7, se x è pari.",
        "Risposta: 7, come minimo.",
        "Risposta: 7, quindi è sbagliato.",
        "Risposta: 7, o forse otto.",
    ),
    "pt": (
        "Resposta: 7, se x for par.",
        "Resposta: 7, como mínimo.",
        "Resposta: 7, então está errado.",
    ),
    "ru": (
        "Ответ: 7, если x чётно.",
        "Ответ: 7, значит, это неверно.",
        "Ответ: 7, как минимум.",
    ),
    "zh": (
        "答案：7，如果x是偶数。",
        "答案：7，所以不对。",
        "答案：7，或者八。",
    ),
    "id": ("Jawaban: 7, jika x genap.",),
    "vi": ("Đáp án: 7, nếu x chẵn.",),
    "nl": ("Antwoord: 7, als x even is.",),
    "sw": ("Jibu: 7, ikiwa x ni shufwa.",),
}
INSTEAD = {
    "de": "Die Antwort ist nicht {no}, sondern {yes}.",
    "es": "La respuesta no es {no}, sino {yes}.",
    "fr": "La réponse n'est pas {no} mais {yes}.",
    "it": "La risposta non è {no}, ma {yes}.",
    "pt": "A resposta não é {no}, mas {yes}.",
    "nl": "Het antwoord is niet {no}, maar {yes}.",
    "ru": "Ответ не {no}, а {yes}.",
    "zh": "答案不是{no}，而是{yes}。",
    "ja": "答えは{no}ではなく{yes}です。",
    "ko": "정답은 {no}가 아니라 {yes}입니다.",
    "id": "Jawabannya bukan {no}, melainkan {yes}.",
    "hi": "उत्तर {no} नहीं, बल्कि {yes} है।",
    "en": "The answer is not {no} but {yes}.",
}


@pytest.mark.parametrize("language", LEFT)
@pytest.mark.parametrize("name", ["math", "numeric"])
def test_a_reason_or_a_remark_leaves_the_answer(name: str, language: str) -> None:
    reward = Reward(name)
    assert [text for text in LEFT[language] if reward.score(Sample(text, "7")).value != 1.0] == []


@pytest.mark.parametrize("language", CHANGED)
def test_what_changes_the_answer_does_not(language: str) -> None:
    reward = Reward("math")
    assert [text for text in CHANGED[language] if reward.score(Sample(text, "7")).value != 0.0] == []


@pytest.mark.parametrize("language", INSTEAD)
@pytest.mark.parametrize("name", ["math", "numeric"])
def test_what_replaces_a_denied_answer_is_the_answer(name: str, language: str) -> None:
    sample = Sample(INSTEAD[language].format(no=32, yes=30), "30")
    assert Reward(name).score(sample).value == 1.0
    assert Reward(name).score(Sample(sample.text, "32")).value == 0.0
