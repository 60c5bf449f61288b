"""Judges against a real HTTP server that misbehaves on purpose; a reward model trained by TRL."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from holdfast import Outcome, Reward, Sample, UsageError
from holdfast.rewards.learned.endpoint import Endpoint


@dataclass
class Behaviour:
    """What the server does next: faults are used up first, then it judges honestly."""

    faults: list[str] = field(default_factory=list)
    asked: int = 0
    at_once: int = 0
    most_at_once: int = 0
    meets: bool = False
    """Each question stays a moment, the first one until a second is there."""
    met: threading.Event = field(default_factory=threading.Event)
    votes: list[int] = field(default_factory=list)
    favour_first: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class Judge(BaseHTTPRequestHandler):
    """Rates an answer by its number of words, and prefers the longer of two."""

    behaviour: ClassVar[Behaviour]
    protocol_version = "HTTP/1.1"

    def log_message(self, *words: Any) -> None:
        """Be quiet."""

    def do_POST(self) -> None:
        """Judge, or fail as told."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        state = self.behaviour
        with state.lock:
            state.asked += 1
            state.at_once += 1
            state.most_at_once = max(state.most_at_once, state.at_once)
            fault = state.faults.pop(0) if state.faults else None
            if state.at_once > 1:
                state.met.set()
        if state.meets:
            state.met.wait(20)
            time.sleep(0.01)
        with state.lock:  # before the answer: with it the client's next question is on its way
            state.at_once -= 1
        self._answer(fault, body["messages"][0]["content"])

    def _answer(self, fault: str | None, prompt: str) -> None:
        if fault in ("500", "429", "400"):
            return self._send(int(fault), b"down")
        if fault == "hang":
            threading.Event().wait(1.5)
            return self._send(200, b"")
        if fault == "truncated":
            return self._send(200, b'{"choices": [{"message": {"cont')
        verdict = self._verdict(prompt)
        text = {"garbage": "I think it is great!", "fenced": f"```json\n{verdict}\n```"}.get(fault or "", verdict)
        return self._send(200, json.dumps({"choices": [{"message": {"content": text}}]}).encode())

    def _verdict(self, prompt: str) -> str:
        if "[Answer A]" in prompt:
            first, second = (prompt.split(f"[Answer {x}]\n")[1].split("\n[End")[0] for x in "AB")
            longer = self.behaviour.favour_first or len(first) > len(second)
            return json.dumps({"winner": "tie" if first == second else "A" if longer else "B"})
        if self.behaviour.votes:
            return json.dumps({"score": self.behaviour.votes.pop(0)})
        answer = prompt.split("[Answer]\n")[1].split("\n[End")[0]
        return json.dumps({"explanation": "words", "score": min(10, max(1, len(answer.split())))})

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "0.05")
        self.end_headers()
        try:
            self.wfile.write(body)
        except BrokenPipeError:
            return


@pytest.fixture
def server() -> Iterator[tuple[str, Behaviour]]:
    behaviour = Behaviour()
    handler = type("Handler", (Judge,), {"behaviour": behaviour})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_address[1]}/v1", behaviour
        http.shutdown()


def _judge(url: str, **options: Any) -> Reward:
    return Reward("judge", base_url=url, model="m", **{"retries": 4, "timeout": 1.0, **options})


def test_ratings_become_values(server: tuple[str, Behaviour]) -> None:
    scores = _judge(server[0]).score_batch([Sample("one " * n, prompt="Count.") for n in (1, 4, 10)])
    assert [score.value for score in scores] == [0.0, pytest.approx(1 / 3), 1.0]
    assert scores[1].parts == {"rating": 4.0, "agreement": 1.0}


@pytest.mark.parametrize("fault", ["500", "429", "hang", "garbage", "truncated", "fenced"])
def test_a_passing_fault_loses_no_item(server: tuple[str, Behaviour], fault: str) -> None:
    url, behaviour = server
    behaviour.faults = [fault] * 2
    scores = _judge(url, concurrency=2).score_batch([Sample("a b", prompt="p"), Sample("a b c", prompt="p")])
    assert [score.extracted for score in scores] == ["2", "3"]


@pytest.mark.parametrize("fault", ["500", "hang", "garbage", "truncated", "400"])
def test_a_lasting_fault_is_no_zero(server: tuple[str, Behaviour], fault: str) -> None:
    url, behaviour = server
    behaviour.faults = [fault] * 50
    score = _judge(url, retries=1, timeout=0.3).score(Sample("a b", prompt="p"))
    assert (score.value, score.outcome) == (None, Outcome.ERROR)


def test_a_dead_server_is_no_zero() -> None:
    score = _judge("http://127.0.0.1:9/v1", retries=1).score(Sample("a", prompt="p"))
    assert (score.value, score.outcome) == (None, Outcome.ERROR)


def test_concurrency_is_limited_and_order_kept(server: tuple[str, Behaviour]) -> None:
    url, behaviour = server
    behaviour.meets = True
    scores = _judge(url, concurrency=3).score_batch([Sample("w " * (n % 9 + 1), prompt=str(n)) for n in range(40)])
    assert [score.extracted for score in scores] == [str(n % 9 + 1) for n in range(40)]
    assert 1 < behaviour.most_at_once <= 3


def test_answers_are_kept_on_disk(server: tuple[str, Behaviour], tmp_path: Path) -> None:
    url, behaviour = server
    reward = _judge(url, cache=str(tmp_path / "deep" / "judge.sqlite"))
    samples = [Sample("a b", prompt=str(n)) for n in range(5)]
    first = reward.score_batch(samples)
    behaviour.faults = ["500"] * 100
    assert reward.score_batch(samples) == first
    assert behaviour.asked == 5


def test_votes_take_the_median_and_report_agreement(server: tuple[str, Behaviour]) -> None:
    url, behaviour = server
    behaviour.votes = [7, 7, 1]
    score = _judge(url, votes=3).score(Sample("x", prompt="p"))
    assert (score.parts["rating"], score.parts["agreement"]) == (7.0, pytest.approx(2 / 3))


def test_pairwise_in_both_orders(server: tuple[str, Behaviour]) -> None:
    url, behaviour = server
    reward = Reward("pairwise_judge", base_url=url, model="m")
    samples = [Sample("long answer", "short"), Sample("x", "longer"), Sample("same", {"baseline": "same"})]
    assert [score.value for score in reward.score_batch(samples)] == [1.0, 0.0, 0.5]
    behaviour.favour_first = True
    score = reward.score(samples[0])
    assert (score.value, score.parts["agreement"]) == (0.5, 0.0)
    assert reward.score(Sample("x", None)).outcome is Outcome.UNJUDGEABLE


def test_hostile_answers_reach_the_judge_as_text(server: tuple[str, Behaviour]) -> None:
    scores = _judge(server[0]).score_batch([Sample(text, prompt="p") for text in ("\ud800", "a\x00b", "x " * 500_000)])
    assert all(score.value is not None for score in scores)


@pytest.mark.parametrize(
    "options", [{"base_url": "localhost"}, {"scale": 1}, {"votes": 0}, {"template_file": "no.txt"}]
)
def test_a_bad_judge_is_said_when_it_is_made(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Reward("judge", **{"base_url": "http://x/v1", "model": "m", **options})


@pytest.fixture(scope="module")
def reward_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny reward model that TRL trains to like answers with the word 'yes'."""
    import torch
    from datasets import Dataset
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from trl import RewardConfig, RewardTrainer

    from holdfast.benchmarks.tiny import model_path

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("reward")
    tokenizer = AutoTokenizer.from_pretrained(model_path())
    model = AutoModelForSequenceClassification.from_pretrained(model_path(), num_labels=1, dtype=torch.float32)
    rows = [
        {
            "prompt": [{"role": "user", "content": f"say {n}"}],
            "chosen": [{"role": "assistant", "content": f"yes {n}"}],
            "rejected": [{"role": "assistant", "content": f"no {n}"}],
        }
        for n in range(64)
    ]
    settings = RewardConfig(
        str(folder),
        max_steps=20,
        per_device_train_batch_size=8,
        learning_rate=1e-3,
        report_to=[],
        save_strategy="no",
        use_cpu=True,
        disable_tqdm=True,
        logging_steps=100,
    )
    trainer = RewardTrainer(model, settings, processing_class=tokenizer, train_dataset=Dataset.from_list(rows))
    trainer.train()
    trainer.save_model(str(folder / "model"))
    return str(folder / "model")


def test_a_reward_model_prefers_what_it_was_trained_to(reward_model: str) -> None:
    reward = Reward("reward_model", model=reward_model, batch_size=3, device="cpu")
    samples = [Sample(f"{word} {n}", prompt=f"say {n}") for n in range(80, 86) for word in ("yes", "no")]
    values = [score.value for score in reward.score_batch(samples)]
    assert all(yes > no for yes, no in zip(values[::2], values[1::2], strict=True))  # type: ignore[operator]
    single = [reward.score(sample).value for sample in samples]
    assert values == pytest.approx(single, abs=1e-4)


def test_a_reward_model_survives_hostile_text_and_says_a_cut(reward_model: str) -> None:
    reward = Reward("reward_model", model=reward_model, max_length=128, device="cpu", sigmoid=True)
    scores = reward.score_batch([Sample(t, prompt="p") for t in ("", "\ud800", "a\x00", "x" * 1_000_000)])
    assert all(score.value is not None and 0 <= score.value <= 1 for score in scores)
    assert scores[3].reason == "the beginning was cut"


def test_a_missing_reward_model_is_no_zero(tmp_path: Path) -> None:
    score = Reward("reward_model", model=str(tmp_path)).score(Sample("x"))
    assert (score.value, score.outcome) == (None, Outcome.ERROR)


def test_many_threads_may_open_one_new_cache_at_once(tmp_path: Path) -> None:
    """SQLite refuses a second connection at once, without waiting, while a first one changes the journal's mode."""
    for number in range(12):
        ask = Endpoint("http://127.0.0.1:9/v1", "judge", cache=str(tmp_path / f"{number}.sqlite"))

        def kept(key: str, ask: Endpoint = ask) -> str | None:
            ask._keep(key, key)
            return ask._cached(key)

        with ThreadPoolExecutor(12) as pool:
            assert list(pool.map(kept, "abcdefghijkl")) == [*"abcdefghijkl"]
