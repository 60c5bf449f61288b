"""A letter that is a word, or begins one, is no option: in every language whose words have one letter, and in names."""

import pytest

from holdfast.reward import Reward
from holdfast.sample import Sample

WORDS = (
    "Respuesta: A veces", "La respuesta es: A menudo", "Respuesta: A Madrid", "Respuesta: E Isabel",
    "Resposta: A maioria", "Resposta: E assim", "Réponse : A priori", "Réponse : C'est Paris",
    "Réponse : D'abord", "Réponse : J'ai 7", "Risposta: A Roma", "Risposta: E poi", "Risposta: I gatti",
    "Risposta: C'è", "Risposta: D'accordo", "Odpowiedź: A może", "Odpowiedź: I tak", "Ìdáhùn: A máa",
    "Answer: A dog", "The answer: A few", "Answer: A menudo", "Answer: E assim", "Answer: I think so",
    "Answer: I don't know",
)  # fmt: skip
OPTIONS = (
    "Respuesta: {}", "La respuesta es {} porque", "La respuesta es {}, ya que", "La opción {} es correcta",
    "Réponse : {}", "La réponse est {} car", "La réponse {} est correcte", "La risposta è {} perché",
    "La risposta è la {}", "A resposta é {} pois", "A resposta correta é a {}", "Antwort: {} weil",
    "Antwort: {} wie Emil", "Antwoord: {} omdat", "Odpowiedź: {} ponieważ", "Cevap: {} şıkkı", "Đáp án: {} vì",
    "Jawaban: {} karena", "Jibu: {} kwa sababu", "答案：{} 正确", "Doğru cevap {}'dir.", "The answer is {} because",
    "The answer is {} in this case", "Answer: {}", "Respuesta: ({}) veces", "Answer: {}) dog",
    "Answer: {}. dog", "Definitely {}, not B.",
)  # fmt: skip
NAMES = ["S. aureus", "E. coli", "B cells", "A dog"]
NAMED = {
    "E. coli": "B", "The answer is E. coli.": "B", "**E. coli**": "B", "Respuesta: E. coli": "B", "B cells": "C",
    "It is B cells.": "C", "The answer is B cells, since they make antibodies.": "C", "Answer: A dog": "D",
    "The answer is B.": "B", "B": "B", "(B) E. coli": "B", "The answer is C. B cells": "C", "A. S. aureus": "A",
    "\\boxed{B}": "B", "D) A dog": "D",
}  # fmt: skip
VERDICTS = (
    "A. Rome - incorrect\nB. Oslo - incorrect\nC. Paris - correct\nD. Bern - incorrect",
    "A) Rome: wrong, it is in Italy.\nB) Oslo: wrong.\nC) Paris: right!\nD) Bern: wrong.",
    "**A.** Rome → ✗\n**B.** Oslo → ✗\n**C.** Paris → ✓\n**D.** Bern → ✗",
)


def chosen(text: str, choices: list[str] | None = None) -> str | None:
    return Reward("choice").score(Sample(text, "A", info={"choices": choices} if choices else {})).extracted


def test_a_word_of_one_letter_is_no_option() -> None:
    assert [text for text in WORDS if chosen(text) is not None] == []


@pytest.mark.parametrize("letter", ["A", "E"])
def test_an_option_stays_one_before_what_goes_on(letter: str) -> None:
    assert [text for text in OPTIONS if chosen(text.format(letter)) != letter] == []


@pytest.mark.parametrize("text", NAMED)
def test_an_option_named_by_a_text_that_begins_with_a_letter(text: str) -> None:
    assert chosen(text, NAMES) == NAMED[text]


@pytest.mark.parametrize("text", VERDICTS)
def test_a_verdict_on_every_option(text: str) -> None:
    assert chosen(text) == "C"
    assert chosen(text.replace("incorrect", "correct").replace("wrong", "right").replace("✗", "✓")) != "C"
