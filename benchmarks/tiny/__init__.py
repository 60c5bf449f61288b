"""The embedded tiny models and their skills: what `model=tiny`, `model=tiny_agent` and `suite=tiny` stand for."""

from pathlib import Path

EMBEDDED = {"tiny": "model", "tiny_agent": "agent_model"}
"""The embedded models' names, and the folders of their weights."""


def model_path(name: str = "tiny") -> Path:
    """The directory of the shipped weights, tokenizer and card (a Hugging Face model directory)."""
    return Path(__file__).parent / EMBEDDED[name]
