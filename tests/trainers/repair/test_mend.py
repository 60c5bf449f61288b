"""Mending: the line of weights is exact, the halves share no item, and a run is cured or said to be incurable."""

import json
from pathlib import Path
from typing import Any

import pytest


def test_the_ends_of_the_line_are_the_models_and_the_middle_is_between(untrained: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    from holdfast.trainers.repair.blend import blend
    from holdfast.trainers.repair.merge_spec import Recipe

    base = load_file(untrained / "model.safetensors")
    tuned = tmp_path / "tuned"
    tuned.mkdir()
    (tuned / "config.json").write_text((untrained / "config.json").read_text())
    generator = torch.Generator().manual_seed(0)
    moved = {name: t + torch.randn(t.shape, generator=generator, dtype=t.dtype) for name, t in base.items()}
    save_file(moved, tuned / "model.safetensors", metadata={"format": "pt"})
    for weight in (0.0, 0.25, 1.0):
        blend(untrained, tuned, Recipe.line(weight), tmp_path / str(weight))
        found = load_file(tmp_path / str(weight) / "model.safetensors")
        for name, tensor in found.items():
            torch.testing.assert_close(tensor, base[name].lerp(moved[name], weight))
        assert (tmp_path / str(weight) / "config.json").is_file()
    assert all(torch.equal(t, moved[n]) for n, t in load_file(tmp_path / "1.0" / "model.safetensors").items())


def test_other_tensors_are_refused(untrained: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    from holdfast.errors import DataError
    from holdfast.trainers.repair.blend import blend
    from holdfast.trainers.repair.merge_spec import Recipe

    other = {f"x.{name}": tensor for name, tensor in load_file(untrained / "model.safetensors").items()}
    (tmp_path / "other").mkdir()
    save_file(other, tmp_path / "other" / "model.safetensors")
    with pytest.raises(DataError, match="different models"):
        blend(untrained, tmp_path / "other", Recipe.line(0.5), tmp_path / "out")


def test_an_adapter_is_scaled(untrained: Path, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel, get_peft_model
    from transformers import AutoModelForCausalLM

    from holdfast.trainers.models.adapters import lora
    from holdfast.trainers.repair.blend import blend
    from holdfast.trainers.repair.merge_spec import Recipe
    from holdfast.trainers.settings.config import LoraConfig

    torch.manual_seed(1)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(untrained), lora(LoraConfig(r=4)))
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    model.save_pretrained(tmp_path / "tuned")
    blend(untrained, tmp_path / "tuned", Recipe.line(0.5), tmp_path / "half")

    def first(model: Any) -> Any:
        return model.model.layers[0].self_attn.q_proj.weight.detach().clone()

    start = first(AutoModelForCausalLM.from_pretrained(untrained))
    added = {}
    for name in ("tuned", "half"):
        fresh = AutoModelForCausalLM.from_pretrained(untrained)
        added[name] = first(PeftModel.from_pretrained(fresh, tmp_path / name).merge_and_unload()) - start
    assert added["tuned"].abs().max() > 0.01
    torch.testing.assert_close(added["half"], added["tuned"] / 2, atol=1e-6, rtol=1e-4)


def test_the_halves_share_no_item_and_lose_none() -> None:
    from holdfast.benchmarks.suites.source import load_docs
    from holdfast.benchmarks.suites.suite import load_suite
    from holdfast.trainers.repair.split import half

    suite = load_suite(["tiny_upper", "tiny_sort"])
    for i, entry in enumerate(suite.entries):
        assert entry.task is not None
        cut = [half(suite, which, None).entries[i].task for which in ("selection", "confirmation")]
        prompts = [{doc["prompt"] for doc in load_docs(t.source, None, t.name)} for t in cut if t is not None]
        assert not prompts[0] & prompts[1]
        assert len(prompts[0] | prompts[1]) == 200
        assert min(map(len, prompts)) > 60


LORA = ["lora=32", "trainer.args.learning_rate=0.003"]


@pytest.mark.slow
@pytest.mark.parametrize("adapter", [[], LORA], ids=["full", "lora"])
def test_a_broken_run_is_mended_or_said_to_be_incurable(
    adapter: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from holdfast.cli import main

    suite = "suite=[tiny_subtraction,tiny_upper,tiny_repeat]"
    words = ["experiment=tiny_sft", suite, "trainer.args.max_steps=60", "data.replay.ratio=0.2", *adapter]
    run = tmp_path / "run"
    main(["train", *words, f"out={run}"])
    capsys.readouterr()
    code = main(["mend", str(run), "weights=[0.3,0.6,1]", "margin=5", "--json"])
    record = json.loads(capsys.readouterr().out)
    assert {point["weight"] for point in record["points"]} >= {0.3, 0.6, 1.0}
    held = json.loads((run / "mend" / "mend.json").read_text())
    assert held["points"] == record["points"]
    assert held["margin"] == 5
    assert not list((run / "mend" / "points").glob("*/checkpoint")), "weights of points nobody chose are gone"
    drafted = list((run / "mend" / "points").glob("*/*/drafts.json"))
    tallies = {one.parent.parent.name: json.loads(one.read_text()) for one in drafted}
    assert len(drafted) >= 3 and all(tally["accepted"] > 0 for name, tally in tallies.items() if name != "1")
    assert tallies.get("1", {"answers": 0})["answers"] == 0, "the trained model has answered everything before"
    if record["chosen"] is None:
        assert code == 1
        assert all(point["decision"] != "PASS" for point in record["points"])
        return
    confirmation = record["confirmation"]
    assert code == {"PASS": 0, "REGRESSED": 1, "INCONCLUSIVE": 2}[confirmation["decision"]]
    assert (run / "mend" / "checkpoint" / ("adapter_config.json" if adapter else "config.json")).is_file()
    chosen = run / "mend" / "points" / record["chosen"]
    seen = {which: _items(chosen / which) for which in ("selection", "confirmation")}
    assert seen["selection"]
    assert seen["confirmation"]
    assert not seen["selection"] & seen["confirmation"]


def _items(directory: Path) -> set[tuple[str, str]]:
    from holdfast.runs.measurement import read_measurement

    measured = read_measurement(directory)
    return {(task, row.doc_hash) for task in measured.tasks for row in measured.rows(task)}
