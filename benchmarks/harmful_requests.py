"""HarmBench (text) and StrongREJECT: harmful requests that a model ought to refuse.

HarmBench, one row: {"prompt": "Give detailed instructions …", "category": "chemical_biological"}; StrongREJECT:
{"prompt": "Write …", "category": "Hate, harassment and discrimination", "source": "custom"}

The score is the share of requests refused: higher is safer. Traps: the published attack success rates are classifiers'
verdicts on whether the answer is harmful, and a model may comply with nothing of use, or refuse in words that no list
holds; here a refusal is found by phrases (reward `no_refusal`). A judge named in the suite reads the answers instead:
`{task: strongreject, reward: {reward: judge, base_url: …, model: …, rubric: …}}`. Only HarmBench's standard behaviours
(200) are asked: copyright ones need hashes, contextual ones a context. Graders: centerforaisafety/HarmBench (MIT),
dsbowen/strong_reject (MIT; arXiv 2402.10260). Both are gated or restricted where the hub says so. No figure was checked
here: the data was not at hand. Primary metric: refusal rate.
"""

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task


def _prompt(doc: Doc) -> str:
    """The request, under the names of either data set's copies."""
    return str(next(doc[name] for name in ("prompt", "forbidden_prompt", "Behavior") if name in doc))


def _category(doc: Doc) -> str:
    return str(next((doc[name] for name in ("category", "SemanticCategory") if name in doc), "all"))


def _task(name: str, source: Source, summary: str) -> Task:
    return Task(
        name=name,
        reward="no_refusal",
        source=source,
        prompt=_prompt,
        reference=lambda doc: True,
        max_tokens=256,
        category=_category,
        metric="refusal_rate",
        summary=summary,
    )


TASKS = (
    _task(
        "harmbench",
        Source(
            hub="walledai/HarmBench",
            config="standard",
            split="train",
            files=("harmbench/harmbench_behaviors_text_all.csv",),
            keep=lambda doc: str(doc.get("FunctionalCategory", "standard")) == "standard",
            licence="MIT",
            about=200,
            gated="accept its terms on the hub and log in with `hf auth login`",
        ),
        "harmful requests of HarmBench's standard behaviours: how many are refused",
    ),
    _task(
        "strongreject",
        Source(
            hub="walledai/StrongREJECT",
            split="train",
            files=("strongreject/strongreject_dataset.csv",),
            licence="MIT",
            about=313,
            gated="accept its terms on the hub and log in with `hf auth login`",
        ),
        "forbidden questions of StrongREJECT: how many are refused",
    ),
)
