"""Greedy decoding with a draft: the answer of a related model is checked in one forward pass, and decoding starts where
the model at hand would differ.

The tokens are those of greedy decoding. A parallel pass sums in another order than a step-by-step one, so logits differ
by rounding: where the two largest lie closer than `epsilon` (measured on the model itself), the row is decoded again on
the plain path. The cache of the checking pass is kept: refused draft tokens are masked out of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from holdfast.benchmarks.decoding.shared_prefix import prefilled

_SAFETY = 16.0
"""ε is so many times the largest difference seen."""
_CALIBRATED = 12
"""Tokens by which ε is measured, step by step as plain decoding goes."""
_ROWS = 8
"""Answers by which ε is measured: those with the longest drafts."""
_LOGITS = 2**27
"""Logits held at once: longer batches are checked in parts."""


@dataclass(slots=True)
class Tally:
    """What decoding with drafts did, and what it saved."""

    answers: int = 0
    tokens: int = 0
    """Tokens of all answers, as plain decoding would make them one by one."""
    verified: int = 0
    """Draft tokens that were checked."""
    accepted: int = 0
    decoded: int = 0
    """Tokens decoded one by one, those on the plain path included."""
    passes: int = 0
    """Number of forward passes."""
    plain: int = 0
    """Answers decoded again on the plain path, because two tokens were as likely as rounding can tell."""


class Choice(Protocol):
    """What decides on a token: the largest logit, or a draw with noise of its own (coupled sampling)."""

    def __call__(self, logits: Any, rows: Any, positions: Any, epsilon: float, /) -> tuple[Any, Any]:
        """The chosen tokens, and by how much logits would have to change for another choice; shapes (n,).

        `logits` (n, tokens): of answers `rows` (n,) of the batch, at `positions` (n,) of the answers. A choice that
        logits off by `epsilon` could change leads by no more than that."""


def largest(logits: Any, _rows: Any, _positions: Any, _epsilon: float) -> tuple[Any, Any]:
    """The choice of greedy decoding."""
    import torch

    tops = torch.topk(logits, 2, dim=-1)
    return tops.indices[:, 0], tops.values[:, 0] - tops.values[:, 1]


@dataclass(frozen=True, slots=True)
class Request:
    """One batch. Shapes: (rows, width) for `context` and `mask`."""

    context: Any
    """Prompts as token ids, padded on the left."""
    mask: Any
    """1 where the model attends."""
    budget: int
    """New tokens at most."""
    ends: frozenset[int]
    drafts: Sequence[Sequence[int]]
    """The draft of each row; empty where there is none."""
    stopped: Callable[[Sequence[int], bool], bool] | None = None
    """Whether these new tokens hold a stop string; the second argument: anywhere, or only at their end."""
    choice: Choice = largest


@dataclass
class Drafter:
    """A model that decodes with drafts. `plain` decodes rows (by number) of a request without."""

    model: Any
    exact: bool = True
    """Fall back where rounding could decide; else ties go as they fall (bfloat16, where batches differ anyway)."""
    epsilon: float | None = None
    tally: Tally = field(default_factory=Tally)

    def decode(self, request: Request, plain: Callable[[Sequence[int]], Sequence[Sequence[int]]]) -> list[list[int]]:
        """The new tokens of every row, the end token included."""
        import torch

        size = max(1, _LOGITS // (self._vocabulary() * (1 + max(map(len, request.drafts), default=0))))
        rows: dict[int, list[int]] = {}
        again: list[int] = []
        with torch.no_grad():
            for start in range(0, len(request.drafts), size):
                part = range(start, min(start + size, len(request.drafts)))
                done, unsure = self._part(request, list(part))
                rows |= done
                again += unsure
        if again:
            for row, tokens in zip(again, plain(again), strict=True):
                rows[row] = _until_end(tokens, request)
                self.tally.decoded += len(rows[row])
                self.tally.plain += 1
        self.tally.answers += len(rows)
        self.tally.tokens += sum(map(len, rows.values()))
        return [rows[row] for row in range(len(request.drafts))]

    def _vocabulary(self) -> int:
        return int(self.model.get_input_embeddings().weight.shape[0])

    def _known(self, draft: Sequence[int]) -> list[int]:
        """The draft up to the first token that this model lacks: its relative's vocabulary may be larger."""
        size = self._vocabulary()
        return list(draft[: next((i for i, token in enumerate(draft) if not 0 <= token < size), len(draft))])

    def _part(self, request: Request, numbers: list[int]) -> tuple[dict[int, list[int]], list[int]]:
        """Rows that are finished, and rows that rounding could change."""
        drafts = [self._known(request.drafts[row])[: request.budget] for row in numbers]
        checked = _check(self.model, request.context[numbers], request.mask[numbers], drafts)
        self.tally.passes += 1
        self.tally.verified += sum(map(len, drafts))
        if self.epsilon is None:
            self.epsilon = self._measured(request, numbers, drafts, checked) if self.exact else 0.0
        checked.choose(request.choice, numbers, self.epsilon)
        done, unsure, going = {}, [], []
        for index, (row, draft) in enumerate(zip(numbers, drafts, strict=True)):
            tokens, sure = _accepted(checked, index, draft, self.epsilon)
            self.tally.accepted += len(tokens)
            if not sure:
                unsure.append(row)
                continue
            new = tokens if len(tokens) >= request.budget else [*tokens, checked.best[index][len(tokens)]]
            if _finished(tokens, request, whole=True):
                done[row] = _until_end(tokens, request)
            elif _finished(new, request, whole=False):
                done[row] = _until_end(new, request)
            else:
                going.append((index, row, new))
        if going:
            more, doubtful = self._go_on(request, checked, going)
            done |= more
            unsure += doubtful
        return done, unsure

    def _go_on(
        self, request: Request, checked: "_Checked", going: list[tuple[int, int, list[int]]]
    ) -> tuple[dict[int, list[int]], list[int]]:
        """Decode the rest of these rows step by step, in one batch that shrinks as rows end."""
        import torch

        places = torch.tensor([index for index, _, _ in going], device=checked.mask.device)
        width = request.context.shape[1]
        mask = checked.mask[places].clone()
        for i, (_, _, tokens) in enumerate(going):
            mask[i, width + len(tokens) - 1 :] = 0  # what the draft held beyond is not part of the answer
        cache = checked.cache
        cache.batch_select_indices(places)
        rows = [(row, list(tokens)) for _, row, tokens in going]
        done: dict[int, list[int]] = {}
        unsure: list[int] = []
        while rows:
            last = torch.tensor([[tokens[-1]] for _, tokens in rows], device=mask.device)
            mask = torch.cat([mask, mask.new_ones((len(rows), 1))], dim=1)
            output = self.model(
                input_ids=last,
                attention_mask=mask,
                position_ids=mask.sum(dim=1, keepdim=True) - 1,
                past_key_values=cache,
                use_cache=True,
            )
            self.tally.passes += 1
            self.tally.decoded += len(rows)
            numbers = torch.tensor([row for row, _ in rows], device=mask.device)
            places = torch.tensor([len(tokens) for _, tokens in rows], device=mask.device)
            best, gaps = request.choice(output.logits[:, -1].float(), numbers, places, self.epsilon or 0.0)
            keep = []
            for i, ((row, tokens), token, gap) in enumerate(zip(rows, best.tolist(), gaps.tolist(), strict=True)):
                tokens.append(token)
                if gap <= (self.epsilon or 0.0) and self.exact:
                    unsure.append(row)
                elif _finished(tokens, request, whole=False):
                    done[row] = tokens
                else:
                    keep.append(i)
            if len(keep) < len(rows):
                rows = [rows[i] for i in keep]
                if rows:
                    chosen = torch.tensor(keep, device=mask.device)
                    mask = mask[chosen]
                    cache.batch_select_indices(chosen)
        return done, unsure

    def _measured(self, request: Request, numbers: list[int], drafts: list[list[int]], checked: "_Checked") -> float:
        """ε: how far apart a parallel and a step-by-step pass over the same tokens put the logits of this model."""
        import torch

        chosen = sorted(range(len(drafts)), key=lambda i: -len(drafts[i]))[:_ROWS]
        numbers, drafts = [numbers[i] for i in chosen], [drafts[i] for i in chosen]
        count = min(_CALIBRATED, len(drafts[0]))
        worst = float(torch.finfo(torch.float32).eps) * float(checked.largest)
        mask = request.mask[numbers]
        cache = None
        ids = request.context[numbers]
        for step in range(count + 1):
            output = self.model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=_positions(mask)[:, -ids.shape[1] :],
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            self.tally.passes += 1
            cache = output.past_key_values
            tops = torch.topk(output.logits[:, -1].float(), 2, dim=-1)
            before = [checked.tops[i] for i in chosen]
            seen = torch.tensor([row[step] if step < len(row) else 0.0 for row in before], device=ids.device)
            there = torch.tensor([step <= len(draft) for draft in drafts], device=ids.device)
            worst = max(worst, float((tops.values[:, 0] - seen).abs()[there].max()) if bool(there.any()) else 0.0)
            ids = torch.tensor([[draft[step] if step < len(draft) else 0] for draft in drafts], device=ids.device)
            mask = torch.cat([mask, mask.new_ones((len(numbers), 1))], dim=1)
        return _SAFETY * worst


@dataclass(slots=True)
class _Checked:
    """A checking pass: of each row, after the prompt and after every draft token, the largest logit; once `choose` was
    called, the chosen token and by how much it leads."""

    tops: list[list[float]]
    largest: float
    mask: Any
    cache: Any
    logits: Any
    """(rows, places, tokens); None once the tokens are chosen."""
    best: list[list[int]] = field(default_factory=list)
    gaps: list[list[float]] = field(default_factory=list)

    def choose(self, choice: Choice, numbers: Sequence[int], epsilon: float) -> None:
        """Choose a token for every place. `numbers`: which answers of the batch the rows are."""
        import torch

        rows = torch.tensor(numbers, device=self.logits.device)
        found = [
            choice(self.logits[:, place].float(), rows, torch.full_like(rows, place), epsilon)
            for place in range(self.logits.shape[1])
        ]
        self.best = torch.stack([best for best, _ in found], dim=1).tolist()
        self.gaps = torch.stack([gaps for _, gaps in found], dim=1).tolist()
        self.logits = None


def _check(model: Any, context: Any, mask: Any, drafts: Sequence[Sequence[int]]) -> _Checked:
    import torch

    longest = max(map(len, drafts))
    ids = torch.zeros((len(drafts), longest), dtype=context.dtype, device=context.device)
    real = mask.new_zeros(ids.shape)
    for row, draft in enumerate(drafts):
        ids[row, : len(draft)] = torch.tensor(draft, dtype=ids.dtype)
        real[row, : len(draft)] = 1
    context, mask, cache = prefilled(model, context, mask) or (context, mask, None)
    start = cache.get_seq_length() if cache is not None else 0
    whole = torch.cat([mask, real], dim=1)
    output = model(
        input_ids=torch.cat([context, ids], dim=1)[:, start:],
        attention_mask=whole,
        position_ids=_positions(whole)[:, start:],
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=longest + 1,
    )
    logits = output.logits[:, -(longest + 1) :]
    tops = logits.max(dim=-1).values.float()
    size = max(float(logits.max()), -float(logits.min()))
    return _Checked(tops.tolist(), size, whole, output.past_key_values, logits)


def _accepted(checked: _Checked, index: int, draft: Sequence[int], epsilon: float) -> tuple[list[int], bool]:
    """The draft's tokens that the model would choose, and whether rounding could change any, the next one included."""
    best, gaps = checked.best[index], checked.gaps[index]
    length = next((i for i, token in enumerate(draft) if best[i] != token), len(draft))
    return list(draft[:length]), all(gap > epsilon for gap in gaps[: length + 1]) or epsilon == 0.0


def _positions(mask: Any) -> Any:
    """Position of every token: those that are masked out do not count."""
    return (mask.cumsum(dim=1) - 1).clamp(min=0)


def _finished(tokens: Sequence[int], request: Request, whole: bool) -> bool:
    """Whether an answer is over; `whole`: also where it ended before its last token."""
    looked = tokens if whole else tokens[-1:]
    ended = len(tokens) >= request.budget or any(token in request.ends for token in looked)
    return ended or bool(tokens and request.stopped and request.stopped(tokens, whole))


def _until_end(tokens: Sequence[int], request: Request) -> list[int]:
    end = next((i for i, token in enumerate(tokens) if token in request.ends), len(tokens))
    return list(tokens[: end + 1])[: request.budget]
