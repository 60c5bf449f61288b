"""The embedded tiny model and its skills: what `model=tiny` and `suite=tiny` stand for."""

from pathlib import Path


def model_path() -> Path:
    """The directory of the shipped weights, tokenizer and card (a Hugging Face model directory)."""
    return Path(__file__).parent / "model"
