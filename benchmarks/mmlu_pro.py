"""MMLU-Pro: 12,032 questions with up to ten options, answered after reasoning.

One row: {"question_id": 70, "question": "Typical advertising regulatory bodies suggest, for example that adverts must
not: encourage _________, …", "options": ["Safe practices, Fear, Jealousy, Trivial", …], "answer": "I",
"answer_index": 8, "cot_content": "", "category": "business", "src": "ori_mmlu-business_ethics"}

Traps: rows have 3 to 10 options, so chance is about 11.6 %, not 10; the official grader guesses at random where no
letter is found, which moves a table by 0.7 points (ours counts it wrong); options were padded with "N/A" and mirrors
differ in having removed them. Grader: TIGER-AI-Lab/MMLU-Pro evaluate_from_local.py at f418b11. Licence MIT (hub),
Apache-2.0. Few-shot: 5 with reasoning for base models (the hub's validation rows of the category), 0 for chat models.
Primary metric: accuracy. A local copy may be the questions in a published file of model outputs.
"""

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task

LETTERS = "ABCDEFGHIJ"
_HUB, _REVISION = "TIGER-Lab/MMLU-Pro", "527feea0afed1de15a8c115abf7be4c912123315"
_COLUMNS = ("question_id", "question", "options", "answer", "answer_index", "category", "src")


def _without_outputs(row: Doc) -> Doc:
    """The question of a row of published model outputs."""
    return {name: row[name] for name in _COLUMNS}


def question(doc: Doc) -> str:
    """Question and lettered options, without padding."""
    options = [f"{letter}. {text}" for letter, text in zip(LETTERS, doc["options"], strict=False) if text != "N/A"]
    return f"{str(doc['question']).strip()}\n" + "\n".join(options)


def prompt(doc: Doc) -> str:
    """For a chat model."""
    return (
        f"Answer this multiple-choice question about {doc['category']}. Think step by step, then end with a line of "
        f'the form "Answer: X" where X is the letter of the right option.\n\n{question(doc)}'
    )


def base_prompt(doc: Doc) -> str:
    """For a base model, ending where the reasoning begins."""
    return f"Question:\n{question(doc)}\nAnswer: Let's think step by step."


def reasoning(doc: Doc) -> str:
    """A few-shot answer: the validation row's reasoning, which ends with "The answer is (X)."."""
    return str(doc["cot_content"]).removeprefix("A: Let's think step by step.").strip()


def _category(doc: Doc) -> str:
    return str(doc["category"])


TASKS = (
    Task(
        name="mmlu_pro",
        reward="choice",
        source=Source(
            hub=_HUB,
            split="test",
            revision=_REVISION,
            files=("mmlu_pro/model_outputs_Meta-Llama-3-70B_5shots.zip",),
            sha256="d38e3397a932d2fd120afe7ce1a91d77c9d47a2edafc0dcf47e088301167a39b",
            from_file=_without_outputs,
            licence="MIT",
            count=12032,
        ),
        prompt=prompt,
        base_prompt=base_prompt,
        answer=reasoning,
        reference=lambda doc: str(doc["answer"]),
        fewshot=5,
        fewshot_source=Source(hub=_HUB, split="validation", revision=_REVISION, licence="MIT", count=70),
        max_tokens=2048,
        stop=("\n\nQuestion:", "Question:\n"),
        doc_id=lambda doc: doc["question_id"],
        category=_category,
        chance=0.116,
        summary="ten options, 14 categories",
    ),
)
