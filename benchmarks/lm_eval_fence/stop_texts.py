"""Stop strings of a batch, row by row: lm-eval's own criteria end a batch only when one and the same string has come in
all rows, and decode every row's last tokens at every step for each string."""

from collections.abc import Sequence
from typing import Any

import torch
from transformers import StoppingCriteria


class Stops:
    """Some stop strings of one tokenizer. A string can only have come with a token that holds its last character, so
    that most tokens need no decoding of what was before them."""

    def __init__(self, tokenizer: Any, texts: Sequence[str]) -> None:
        self._tokenizer, self.texts = tokenizer, [text for text in texts if text]
        sizes = [len(tokenizer.encode(text, add_special_tokens=False)) for text in self.texts]
        self.lookback = max(sizes, default=0) + 2  # a model may write "\n", "\n" where the string is one token "\n\n"
        self._last = {text[-1] for text in self.texts}
        self._always = any(character.isspace() and character != "\n" for character in self._last)
        self._known: dict[int, bool] = {}

    def may_end(self, token: int) -> bool:
        """Whether a stop string may be complete with this token."""
        if token not in self._known:
            piece = self._tokenizer.decode([token], skip_special_tokens=False)
            vague = self._always or not piece or "\ufffd" in piece  # a space taken off, part of a character
            self._known[token] = vague or any(character in piece for character in self._last)
        return self._known[token]

    def within(self, tokens: Sequence[int]) -> bool:
        """Whether the text of these tokens holds a stop string."""
        text = self._tokenizer.decode(list(tokens), skip_special_tokens=False)
        return any(stop in text for stop in self.texts)


class StopTexts(StoppingCriteria):  # type: ignore[misc, unused-ignore]
    """Ends each row of a batch with its own stop string. `width`: tokens of the prompts, padding included."""

    def __init__(self, stops: Stops, width: int, rows: int) -> None:
        self.texts = stops.texts
        self._stops, self._width, self._done = stops, width, [False] * rows

    def __call__(self, input_ids: Any, scores: Any, **_options: Any) -> Any:
        """Of every row whether it is over; shape (rows,). Beam search asks of other rows at every step, each still open
        until its last token."""
        last = input_ids[:, -1].tolist()
        if len(last) != len(self._done):
            ended = [self._ends(token, input_ids[row]) for row, token in enumerate(last)]
            return torch.tensor(ended, device=input_ids.device)
        for row, token in enumerate(last):
            self._done[row] = self._done[row] or self._ends(token, input_ids[row])
        return torch.tensor(self._done, device=input_ids.device)

    def _ends(self, token: int, tokens: Any) -> bool:
        """Whether a stop string is complete with the last token of a row."""
        return self._stops.may_end(token) and self._stops.within(
            tokens[self._width :][-self._stops.lookback :].tolist()
        )
