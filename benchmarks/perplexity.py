"""Perplexity on held-out text: the cheapest early warning that a model is drifting.

One doc is one passage of WikiText-2's test split (the lines between two top-level headings):
{"text": " = Robert Boulter = \\n \\n Robert Boulter is an English film , television and theatre actor . …"}

Traps: perplexity per token cannot be compared between tokenizers, so the score is per byte: the geometric mean
likelihood of a byte, 2^-(bits per byte), between 0 and 1, higher is better; passages longer than the context are read
in windows. Source: Merity et al. 2016. Licence CC-BY-SA. 62 passages. `perplexity_gsm8k` reads GSM8K's test solutions:
worked mathematics instead of an encyclopedia. Primary metric: byte likelihood.
"""

import re

from holdfast.benchmarks import gsm8k
from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task

_HEADING = re.compile(r"^ = [^=].* = \n?$")


def passages(rows: list[Doc]) -> list[Doc]:
    """Lines joined into articles."""
    found: list[str] = []
    for row in rows:
        for line in str(row["text"]).splitlines(keepends=True):
            if _HEADING.match(line) or not found:
                found.append("")
            found[-1] += line
    return [{"text": text} for text in found if text.strip()]


def text(doc: Doc) -> str:
    """The passage whose likelihood is measured."""
    return str(doc["text"])


def solution(doc: Doc) -> str:
    """Question and worked solution."""
    return f"Question: {doc['question']}\nAnswer: {gsm8k.worked(doc)}"


TASKS = (
    Task(
        name="perplexity",
        reward="exact_match",
        kind="perplexity",
        source=Source(
            hub="Salesforce/wikitext",
            config="wikitext-2-raw-v1",
            split="test",
            revision="b08601e04326c79dfdd32d625aee71d232d685c3",
            files=("wikitext/*.txt",),
            about=62,
            assemble=passages,
            assemble_hub=passages,
            licence="CC-BY-SA-3.0",
        ),
        prompt=text,
        reference=text,
        metric="byte_likelihood",
        summary="likelihood per byte of encyclopedia text",
    ),
    Task(
        name="perplexity_gsm8k",
        reward="exact_match",
        kind="perplexity",
        source=gsm8k.TEST,
        prompt=solution,
        reference=solution,
        metric="byte_likelihood",
        summary="likelihood per byte of worked arithmetic",
    ),
)
