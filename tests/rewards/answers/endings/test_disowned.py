"""An answer that the next clause calls wrong, in another language than English, is none; one called right stays."""

import pytest

from holdfast.reward import Reward
from holdfast.sample import Sample

STATED = {
    "de": ("Antwort: 7.", "Das ist falsch.", "Das ist richtig."),
    "es": ("Respuesta: 7.", "Eso es incorrecto.", "Eso es correcto."),
    "fr": ("Réponse : 7.", "C'est faux.", "C'est correct."),
    "it": ("Risposta: 7.", "Questo è sbagliato.", "Questo è corretto."),
    "pt": ("Resposta: 7.", "Isso está errado.", "Isso está correto."),
    "nl": ("Antwoord: 7.", "Dat is fout.", "Dat is juist."),
    "ru": ("Ответ: 7.", "Это неверно.", "Это верно."),
    "zh": ("答案：7。", "这是错误的。", "这是正确的。"),
    "ja": ("答え：7。", "これは間違いです。", "これは正しいです。"),
    "ar": ("الإجابة: 7.", "هذا خطأ.", "هذا صحيح."),
    "hi": ("उत्तर: 7।", "यह गलत है।", "यह सही है।"),
    "id": ("Jawaban: 7.", "Ini salah.", "Ini benar."),
    "tr": ("Cevap: 7.", "Bu yanlış.", "Bu doğru."),
    "sw": ("Jibu: 7.", "Hii si sahihi.", "Hii ni sahihi."),
}
LATE = ("Respuesta: 7, así que no es correcto.", "Antwort: 7, was falsch ist.", "Réponse : 7, donc c'est faux.")
OTHERS = (
    "Respuesta: 7. Las demás son incorrectas.",
    "Antwort: 7. Die Zahl 8 ist falsch.",
    "Réponse : 7. La réponse 8 est fausse.",
)


@pytest.mark.parametrize("language", STATED)
@pytest.mark.parametrize("name", ["math", "numeric"])
def test_called_wrong_or_right(name: str, language: str) -> None:
    stated, wrong, right = STATED[language]
    reward = Reward(name)
    values = [reward.score(Sample(text, "7")).value for text in (stated, f"{stated} {right}", f"{stated} {wrong}")]
    assert values == [1.0, 1.0, 0.0]


@pytest.mark.parametrize("name", ["math", "numeric"])
def test_in_a_clause_and_of_others(name: str) -> None:
    reward = Reward(name)
    assert [text for text in LATE if reward.score(Sample(text, "7")).value != 0.0] == []
    assert [text for text in OTHERS if reward.score(Sample(text, "7")).value != 1.0] == []


@pytest.mark.parametrize("language", STATED)
def test_of_a_letter(language: str) -> None:
    stated, wrong, right = (part.replace("7", "C") for part in STATED[language])
    reward = Reward("choice")
    values = [reward.score(Sample(text, "C")).value for text in (stated, f"{stated} {right}", f"{stated} {wrong}")]
    assert values == [1.0, 1.0, 0.0]
