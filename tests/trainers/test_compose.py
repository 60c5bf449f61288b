"""What may be written on the command line, and what each mistake is answered with."""

import pytest

from holdfast.errors import UsageError
from holdfast.trainers.settings import trl_args
from holdfast.trainers.settings.compose import compose


def test_the_design_example_composes() -> None:
    words = "trainer=grpo model=Qwen/Qwen3-0.6B data=gsm8k reward=math suite=quick target=[gsm8k] out=runs/a"
    config = compose(words.split())
    assert (config.trainer.name, config.model.path, config.reward, config.suite) == (
        "grpo",
        "Qwen/Qwen3-0.6B",
        "math",
        "quick",
    )
    assert config.data.columns["reference"] == "answer"
    assert config.target == ["gsm8k"]
    assert not config.model.trust_remote_code
    assert not config.model.allow_pickle


def test_paths_lists_and_mappings_stand_for_themselves(tmp_path: object) -> None:
    config = compose([f"model={tmp_path}", "data=mine/rows.jsonl", "data.columns.prompt=q", "lora=true"])
    assert config.model.path == str(tmp_path)
    assert config.data.path == "mine/rows.jsonl"
    assert config.data.columns == {"prompt": "q"}
    assert config.lora.r == 16
    assert compose(["lora=8"]).lora.r == 8
    several = compose(["reward=[math,{reward: length, most: 10}]", "suite=[gsm8k,{task: mmlu, limit: 5}]"])
    assert several.reward == ["math", {"reward": "length", "most": 10}]
    assert several.suite == ["gsm8k", {"task": "mmlu", "limit": 5}]


def test_any_field_of_trl_can_be_set_and_a_misspelt_one_is_named() -> None:
    config = compose(["trainer.args.weight_decay=0.1", "trainer.args.lr_scheduler_type=cosine"])
    trl_args.check("sft", config.trainer.args)
    with pytest.raises(UsageError, match="did you mean 'learning_rate'"):
        trl_args.check("sft", {"learnin_rate": 1e-5})
    with pytest.raises(UsageError, match="cannot be 'fast'"):
        trl_args.check("sft", {"learning_rate": "fast"})


def test_a_batch_that_is_no_whole_groups_is_answered_with_sizes_that_are() -> None:
    with pytest.raises(UsageError, match=r"num_generations=2 or per_device_train_batch_size=9"):
        trl_args.check("grpo", {"per_device_train_batch_size": 8, "num_generations": 3})


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("sead=1", "did you mean 'seed'"),
        ("trainer=grop", "did you mean 'grpo'"),
        ("trainer.nme=x", "did you mean 'trainer.name'"),
        ("model=tny", "did you mean 'tiny'"),
        ("data=gsm8", "did you mean 'gsm8k'"),
        ("data.replay.ratoi=1", "did you mean 'data.replay.ratio'"),
        ("launcher=slrm", "did you mean 'slurm'"),
        ("experiment=tiny_stf", "did you mean 'tiny_sft'"),
        ("seed=abc", "seed: Value 'abc'"),
        ("no words", "expected key=value"),
        ("lora.rr=3", "did you mean 'lora.r'"),
    ],
)
def test_mistakes_are_one_line_with_the_nearest_choice(word: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        compose([word])
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
