"""`holdfast eval` as a user types it: results, comparison, exit codes, one-line errors."""

import json
import shutil
from pathlib import Path

import pytest
from helpers.paths import shared

from holdfast.benchmarks.engine.backends.models import load
from holdfast.cli import main

FAST = ["suite=[tiny_upper,tiny_reverse]", "limit=40", "batch_size=40"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The tiny model after an accident: one layer's weights are noise."""
    import torch

    place = tmp_path_factory.mktemp("broken")
    loaded = load("tiny")
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in loaded.model.model.layers[1].parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    loaded.model.save_pretrained(place)
    loaded.tokenizer.save_pretrained(place)
    return str(place)


def test_one_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "model=tiny", *FAST, f"out={tmp_path / 'run'}", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["tasks"]["tiny_upper"]["n"] == 40 and record["tasks"]["tiny_upper"]["mean"] > 0.5
    assert record["model"]["name"] == "tiny" and record["comparison"] is None
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["config"]["model"] == "tiny" and manifest["packages"]["lm_eval"]


def test_a_damaged_model_regressed(tmp_path: Path, broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["eval", f"model={broken}", "against=tiny", *FAST, f"out={tmp_path / 'run'}"]
    assert main([*words, "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert record["comparison"] and record["exit_code"] == 1
    assert (tmp_path / "run" / "report.html").is_file()
    assert main(words) == 1  # again, from what is on disk
    assert "REGRESSED" in capsys.readouterr().out


def test_sizes_take_the_place_of_limits(tmp_path: Path, broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole command of an advice: other sizes for both models, more items from what was measured before."""
    base = ["eval", f"model={broken}", "against=tiny", "suite=[tiny_upper,tiny_reverse]", "batch_size=40"]
    for sizes in (("12", "20"), ("30", "20")):
        words = f"sizes=[tiny_upper:{sizes[0]},tiny_reverse:{sizes[1]}]"
        assert main([*base, words, f"out={tmp_path / sizes[0]}", "--json"]) in (0, 1, 2)
        record = json.loads(capsys.readouterr().out)
        assert [record["tasks"][name]["n"] for name in ("tiny_upper", "tiny_reverse")] == list(map(int, sizes))
        for side in ("before", "after"):
            rows = (tmp_path / sizes[0] / side / "samples" / "tiny_upper.jsonl").read_text().splitlines()
            assert len(rows) == int(sizes[0])
    small, large = ((tmp_path / size / "after" / "samples" / "tiny_upper.jsonl") for size in ("12", "30"))
    kept = [{json.loads(line)["doc_id"] for line in file.read_text().splitlines()} for file in (small, large)]
    assert kept[0] < kept[1]
    assert main([*base, "sizes=[tiny_uper:12]", f"out={tmp_path / 'x'}"]) == 64
    assert "did you mean 'tiny_upper'" in capsys.readouterr().err
    assert main([*base, "sizes=[tiny_upper:0]", f"out={tmp_path / 'x'}"]) == 64


def test_twice_the_same_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "model=tiny", "noise=true", *FAST, f"out={tmp_path / 'run'}", "--json"]) in (0, 2)
    read = [(tmp_path / "run" / side / "samples" / "tiny_upper.jsonl").read_text() for side in ("before", "after")]
    assert read[0] == read[1]
    assert (tmp_path / "run" / "after" / "cache" / "completions").is_dir()


def test_a_multirun_goes_on_after_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "missing"
    words = ["eval", "-m", f"model={missing},tiny", "suite=[tiny_upper]", "limit=5", "--json"]
    assert main([*words, f"data_root={tmp_path}"]) == 65
    records = json.loads(capsys.readouterr().out)
    assert [record["exit_code"] for record in records] == [65, 0]
    shutil.rmtree(records[1]["out"])


def no_tokenizer(folder: Path) -> str:
    (folder / "model").mkdir()
    (folder / "model" / "config.json").write_text("{}")
    return f"model={folder / 'model'}"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["model=tiny", "suite=tinny"], 64, "did you mean 'tiny'"),
        (["model=tiny", "suite=tiny", "limt=3"], 64, "did you mean 'limit'"),
        (["model=tiny", "suite=[tiny_uper]"], 64, "did you mean 'tiny_upper'"),
        (["model=tiny", "suite=tiny", "target=[tiny_uper]"], 64, "did you mean 'tiny_upper'"),
        (["suite=tiny"], 64, "needs model="),
        (["model=tiny", "suite=tiny", "limit=many"], 64, "limit"),
        (["model=tiny", "suite=[{task: tiny_upper, fewshots: 3}]"], 64, "did you mean 'fewshot'"),
        (["model=tiny,tiny", "suite=tiny"], 64, "-m"),
        (["model=tiny", "suite=tiny", "--fast"], 64, "unknown flag"),
        (["model=tiny", "suite=no/such.yaml"], 65, "no suite file"),
        (["model=./nowhere", "suite=tiny"], 65, "no model directory"),
        (["model=tiny", "suite=gsm8k", "data_root=/nowhere"], 65, "data_root /nowhere"),
        (["model=no/such", "backend=vlm", "suite=tiny"], 64, "did you mean 'vllm'"),
    ],
)
def test_bad_input_is_one_line(
    words: list[str], code: int, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["eval", *words, f"out={out}"]) == code
    error = capsys.readouterr().err.strip()
    assert says in error and len(error.splitlines()) == 1
    assert not out.exists()


def test_a_model_without_tokenizer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", no_tokenizer(tmp_path), "suite=tiny", f"out={tmp_path / 'out'}"]) == 65
    assert "has no tokenizer" in capsys.readouterr().err


def test_changed_data_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "gsm8k").mkdir()
    lines = shared("gsm8k", "test.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "gsm8k" / "test.jsonl").write_text("".join(lines[1:]))
    assert main(["eval", "model=tiny", "suite=gsm8k", f"data_root={tmp_path}", f"out={tmp_path / 'out'}"]) == 65
    assert "not the pinned data" in capsys.readouterr().err
