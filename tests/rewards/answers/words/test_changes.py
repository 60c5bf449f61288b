"""Numbers that a text names only to make others of them, that are negative, or one of several guesses, in any language:
none earns the number itself."""

import pytest

from holdfast.reward import Reward
from holdfast.sample import Sample

CHANGED = (
    "答案：7的两倍", "答案是7的一半", "答え：7の2倍", "答え：7の半分", "정답: 7의 두 배", "정답: 7의 절반",
    "Antwort: die Hälfte von 7",
    "Respuesta: la mitad de 7", "Réponse : la moitié de 7", "Risposta: il doppio di 7",
    "Risposta: la metà di 7", "Resposta: o dobro de 7", "Resposta: metade de 7",
    "Antwoord: het dubbele van 7", "Ответ: половина от 7", "Ответ: вдвое больше 7",
    "Ответ: корень из 7", "Respuesta: raíz cuadrada de 7", "Réponse : la racine carrée de 7",
    "Antwort: Wurzel aus 7", "Antwort: Quadratwurzel von 7", "Antwort: 7 mal 2",
    "Antwort: 7 zum Quadrat", "Respuesta: 7 al cuadrado", "Réponse : 7 au carré", "Antwort: 7 plus 2",
    "Respuesta: 7 más 2", "Respuesta: 7 por 2", "Réponse : 7 fois 2", "答案：7乘以2", "答案：7加2", "答案：7的平方",
    "Ответ: 7 умножить на 2", "Ответ: 7 в квадрате", "Antwort: minus 7", "Respuesta: menos 7",
    "Réponse : moins 7", "答案：负7", "Ответ: минус 7", "答え：マイナス7", "Antwort: 7 Prozent von 50",
    "Answer: 7% of 50", "Answer: 7 less than 50", "Answer: 7 more than 50", "Answer: 7 squared",
    "Answer: 7 times 2", "Answer: 7-fold", "Answer: 7x", "Answer: 7 hundred", "Answer: 7 and a half",
    "Answer: 7½", "Answer: 7e2", "Answer: 7k", "Answer: 7.8", "Answer: 7:8",
)  # fmt: skip
GUESSES = (
    "Respuesta: 7 u 8", "Respuesta: 7, 8", "Respuesta: 7/8", "Respuesta: 7 - 8", "Respuesta: 7 y 8",
    "Respuesta: 7; 8", "答案：7、8", "答案：7或8", "答案：7，8", "答案：7 8", "答え：7か8", "答え：7と8",
    "答え：7、8",
    "정답: 7 또는 8", "정답: 7, 8", "정답: 7이나 8", "Antwort: 7 bzw. 8", "Antwort: 7 / 8", "Antwort: 7 bis 8",
    "Antwort: 7–8", "Antwort: entweder 7 oder 8", "Réponse : 7 ou 8", "Réponse : soit 7 soit 8",
    "Réponse : 7 à 8", "Risposta: 7 o 8", "Risposta: 7 oppure 8", "Resposta: 7 ou 8",
    "Resposta: 7 e 8", "Ответ: 7 или 8", "Ответ: 7, 8", "Ответ: 7-8", "Ответ: либо 7, либо 8",
    "الإجابة: 7 أو 8", "उत्तर: 7 या 8", "উত্তর: 7 বা 8", "Jibu: 7 au 8", "คำตอบ: 7 หรือ 8",
    "Đáp án: 7 hoặc 8", "Jawaban: 7 atau 8", "Cevap: 7 veya 8", "Cevap: 7 ya da 8",
    "Odpowiedź: 7 lub 8", "Antwoord: 7 of 8", "Απάντηση: 7 ή 8", "תשובה: 7 או 8", "پاسخ: 7 یا 8",
    "Respuesta: 7, pero quizás 8", "Antwort: 7, aber vielleicht 8", "Réponse : 7, mais peut-être 8",
    "答案：7，但也可能是8", "答え：7、または8", "Antwort: 7, sonst 8", "Respuesta: 7, si no 8", "Ответ: 7, а может 8",
    "Antwort: 7 (oder 8)", "Respuesta: 7 (o tal vez 8)", "答案：7（或8）", "Antwort: 7, falls nicht 8",
    "Antwort: nicht 7", "Respuesta: no 7", "Réponse : pas 7", "答案：不是7", "Ответ: не 7",
    "Antwort: weniger als 7", "Respuesta: más de 7", "Réponse : moins de 7", "答案：大于7",
    "Ответ: больше 7", "答え：7以上", "정답: 7 이상", "Antwort: das Doppelte von 7", "Respuesta: el doble de 7",
    "Réponse : le double de 7", "7 8 9", "7,8,9", "7|8|9", "7\n8\n9", "1. 7\n2. 8", "- 7\n- 8",
    "a) 7\nb) 8", "Option 1: 7\nOption 2: 8", "First guess: 7. Second guess: 8.", "Try 7. Try 8.",
    "7? 8?", "7 maybe. 8 maybe.", "Answer 1: 7\nAnswer 2: 8", "Answer: 7\nAnswer: 8",
    "\\boxed{7} \\boxed{8}", "\\boxed{7, 8}", "\\boxed{7 \\text{ or } 8}", "\\boxed{7|8}",
    "\\boxed{7/8}", "\\boxed{7;8}", "\\boxed{7\\quad 8}", "\\boxed{\\{7,8\\}}",
    "\\boxed{7}, \\boxed{8}, \\boxed{9}", "<answer>7</answer><answer>8</answer>",
    "{\"answer\": [7, 8]}", "{\"answer\": 7, \"answer\": 8}", "#### 7\n#### 8", "#### 7 or 8",
    "#### 7, 8", "A: 7\nA: 8", "The answer is 7. The answer is 8.", "The answer is 7 (or 8).",
    "The answer is 7, though 8 is possible.", "The answer is 7 unless it is 8.",
    "The answer is x where x is 7 or 8.", "The answer is one of 7, 8, 9.",
    "The answer lies in {7, 8}.", "The answer is 7 + 0 or 8.", "The answer is 7 if even else 8.",
    "The answer is 7±1.", "The answer is 7 ± 1", "7 ± 1", "7 plus or minus 1", "7 (8)", "7 [8]",
    "7 → 8", "7 = 8", "7 -> 8", "7 vs 8", "7 & 8",
)  # fmt: skip
MADE = {
    "Respuesta: el doble de 7 es 14.": "14", "答案：14的一半是7": "7", "Antwort: 50% von 14 = 7": "7",
    "Answer: 50% of 14 is 7": "7", "Antwort: 3 mal 4 ist 12": "12", "答案：3乘以4等于12": "12",
    "Answer: 7 less than 10 is 3": "3", "La mitad de 14 es 7.": "7", "14的一半是7。": "7",
    "Answer: 7 more than Bob": "7",
    "Son más o menos 7.": "7", "Hay por lo menos 7.": "7",
}  # fmt: skip
NEGATIVE = (
    "Respuesta: menos 7", "La respuesta es menos 7.", "Réponse : moins 7", "Risposta: meno 7", "Resposta: menos 7",
    "Antwort: minus 7", "Es sind minus 7 Grad.", "Ответ: минус 7", "Температура равна минус 7.", "答案：负7",
    "最终是负7。",
    "答え：マイナス7", "정답: 마이너스 7", "Đáp án: âm 7", "Cevap: eksi 7", "Απάντηση: μείον 7", "תשובה: מינוס 7",
    "Answer: minus 7", "The answer is negative 7.",
)  # fmt: skip


@pytest.mark.parametrize("name", ["math", "numeric"])
def test_what_another_number_is_made_of_is_no_answer(name: str) -> None:
    reward = Reward(name)
    assert [text for text in (*CHANGED, *GUESSES) if reward.score(Sample(text, "7")).value == 1.0] == []


@pytest.mark.parametrize("name", ["math", "numeric"])
def test_what_is_made_of_it_is_one(name: str) -> None:
    reward = Reward(name)
    assert [text for text in MADE if reward.score(Sample(text, MADE[text])).value != 1.0] == []


@pytest.mark.parametrize("name", ["math", "numeric"])
def test_negative_numbers_in_words(name: str) -> None:
    reward = Reward(name)
    assert [text for text in NEGATIVE if reward.score(Sample(text, "-7")).value != 1.0] == []
    assert [text for text in NEGATIVE if reward.score(Sample(text, "7")).value == 1.0] == []
