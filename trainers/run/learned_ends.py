"""Do a training's own batches teach the model to stop? Looked at in a script whose rows and collator are its own.

transformers' collator for language modelling leaves every padding token out of the loss: where padding and end token
are one, the end is never learned.
"""

from typing import Any

ROWS = 8


def unlearned_end(dataloader: Any, stops: set[int]) -> str:
    """A sentence, when none of the first rows' labels holds a token that ends a generation; empty when one does, or
    the batches have no labels (rewards, preferences)."""
    labels = _labels(dataloader)
    if labels is None or not stops:
        return ""
    learned = labels[labels >= 0]
    if not len(learned) or any(bool((learned == stop).any()) for stop in stops):
        return ""
    return (
        f"none of the first {len(labels)} training rows has an end token in its labels: the model will not learn to"
        " stop. Where padding and end token are one, transformers' DataCollatorForLanguageModeling leaves both out of"
        " the loss: give the tokenizer a padding token of its own, or end the rows with the template's end token"
    )


def _labels(dataloader: Any) -> Any:
    """The labels of the first rows, as the trainer's collator makes them; None where there are none. The random state
    is left as it was."""
    import torch

    dataset: Any = getattr(dataloader, "dataset", None)
    collate: Any = getattr(dataloader, "collate_fn", None)
    if collate is None or not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
        return None
    with torch.random.fork_rng(devices=[]):
        try:
            batch = collate([dataset[number] for number in range(min(ROWS, len(dataset)))])
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            return None  # a collator of the user's own with needs of its own
    labels = batch.get("labels") if hasattr(batch, "get") else None
    return labels if isinstance(labels, torch.Tensor) and labels.ndim == 2 else None
