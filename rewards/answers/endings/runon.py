r"""Where a completion of a few-shot prompt runs on into a question of its own making.

A base model that is not stopped goes on after its answer (MMLU-Pro's recorded Llama-3-70B: "The answer is (I).\n\n
Question:\nThe _______ is the process …"): what it answers to its own questions is no answer to ours.
"""

import re
from itertools import islice

from holdfast.rewards.answers.words.languages import cues

_QUESTION = (
    "Question|Problem|Exercise|Example|Q|Human|User|Instruction|Input|Frage|Aufgabe|Pregunta|Domanda|Pergunta|"
    "Вопрос|Задача|问题|問題|问|質問|질문|문제|السؤال|سؤال|प्रश्न|সমস্যা|প্রশ্ন|ప్రశ్న|Swali|คำถาม|โจทย์|"
    "Câu hỏi|Pertanyaan|Soru|Ìbéèrè"
)
_BEGINS = "".join(sorted({word[0] for word in _QUESTION.split("|")}))
_NEXT = re.compile(
    rf"\n[^\S\n]{{0,20}}(?=[#*\[{_BEGINS}])(?:#{{1,6}}[^\S\n]{{0,4}}|\*\*|\[)?(?:{_QUESTION})\s{{0,2}}"
    r"(?:#?\d{1,4}\s{0,2})?(?:\*\*|\])?\s{0,2}[:：।.](?=\s|\*|$)"
)
_ANSWERED = re.compile(
    r"####\s*\S|boxed\s?\{|\banswer(?:\"|\*\*)?\s{0,3}(?:is|:|=)\s{0,3}\S|<answer>|^A: ?\S|\bans(?:\.|:)|"
    r"\bis \([A-Z]\)\.?\s*\Z",
    re.IGNORECASE | re.MULTILINE,
)


def asks_again(text: str) -> bool:
    """Does a line begin like a question of a few-shot prompt?"""
    return _NEXT.search(text) is not None


def before_next_question(text: str) -> str:
    """The text before the first question that follows an answer; all of it where there is none."""
    for question in islice(_NEXT.finditer(text), 50):
        before = text[: question.start()]
        if _ANSWERED.search(before) or cues(before):
            return before
    return text
