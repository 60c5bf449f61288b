"""The corpus of the fuzzer (tests/bench/fuzz_math.py): every input gets a verdict, alone and in a batch alike."""

import gzip
import json
from pathlib import Path

from holdfast import Outcome, Reward, Sample

CORPUS = Path(__file__).with_name("math_fuzz_corpus.jsonl.gz")


def test_the_fuzzers_corpus_is_judged_without_an_error_of_ours() -> None:
    pairs = [json.loads(line) for line in gzip.decompress(CORPUS.read_bytes()).splitlines()]
    assert len(pairs) > 2000
    reward = Reward("math")
    samples = [Sample(text, reference) for text, reference in pairs]
    scores = reward.score_batch(samples)
    assert [score.reason for score in scores if score.outcome is Outcome.ERROR] == []
    some = range(0, len(samples), 50)
    assert [reward.score(samples[i]) for i in some] == [scores[i] for i in some]
