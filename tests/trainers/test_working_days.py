"""Five working days of a post-training engineer, in small, with the commands of the docs and nothing else."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers import interrupts

from holdfast.cli import main

pytestmark = pytest.mark.slow

SMALL = ("limit=6", "trainer.args.max_steps=4", "trainer.args.per_device_train_batch_size=4")
REWARD = '''
def close(completion, reference):
    """Nearer to the length of the reference is better."""
    return 1 / (1 + abs(len(completion) - len(reference)))
'''


@pytest.fixture
def desk(untrained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model, rows of one's own, a reward of one's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    shutil.copytree(untrained, "model")
    write("rows.jsonl", [{"question": f"{n} + 1?", "answer": str(n + 1), "id": n} for n in range(24)])
    write("test.jsonl", [{"question": f"{n} + 1?", "answer": str(n + 1)} for n in range(30, 42)])
    write("alpaca.json", [{"instruction": "Add one.", "input": str(n), "output": str(n + 1)} for n in range(24)])
    write("pairs.jsonl", [{"prompt": f"{n}?", "chosen": str(n), "rejected": f"no {n}"} for n in range(24)])
    Path("my_rewards.py").write_text(REWARD)
    return tmp_path


def write(name: str, rows: list[dict[str, object]]) -> None:
    text = json.dumps(rows) if name.endswith(".json") else "".join(json.dumps(row) + "\n" for row in rows)
    Path(name).write_text(text)


def holdfast(*words: str, code: int | tuple[int, ...] = 0) -> None:
    assert main(list(words)) in ((code,) if isinstance(code, int) else code), words


def outcome(run: str) -> str:
    return str(json.loads((Path(run) / "outcome.json").read_text())["status"])


def test_monday_grpo_with_rows_a_model_and_a_reward_of_ones_own(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = "suite=[{task: mine, file: test.jsonl, prompt: question, reference: answer, reward: my_rewards:close}]"
    words = ["train", "trainer=grpo", "model=model", "data=rows.jsonl", "reward=my_rewards:close", mine, "target=mine"]
    groups = ["trainer.args.num_generations=4", "trainer.args.max_completion_length=8"]
    holdfast(*words, *groups, *SMALL, "out=runs/monday", code=65)
    assert "name it with data.columns.prompt=question" in capsys.readouterr().err
    columns = ["data.columns.prompt=question", "data.columns.reference=answer"]
    holdfast(*words, *groups, *columns, *SMALL, "out=runs/monday")
    said = capsys.readouterr()
    assert "trained for" in said.out
    assert len(said.out.splitlines()) <= 25
    assert (desk / "runs" / "monday" / "report.html").is_file()


def test_tuesday_alpaca_with_lora_gated_and_merged(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "trainer=sft", "model=model", "data=alpaca.json", "suite=[tiny_upper,tiny_repeat]", "lora=4"]
    holdfast(*words, *SMALL, "gate=true", "out=runs/tuesday", code=(0, 1, 2))
    assert outcome("runs/tuesday") == "finished"
    holdfast("export", "runs/tuesday", "out=models/tuesday")
    holdfast("eval", "model=models/tuesday", "suite=[tiny_upper,tiny_repeat]", "limit=6", "out=runs/merged")
    holdfast("compare", "runs/tuesday/after", "runs/merged", code=(0, 2))
    assert "0.0" in capsys.readouterr().out, "merged says what the adapter said"
    assert "Trained with `sft`" in (desk / "models" / "tuesday" / "README.md").read_text()


def test_wednesday_dpo_on_an_adapter_that_goes_on(desk: Path) -> None:
    suite = ["suite=[tiny_upper]", *SMALL]
    holdfast("train", "trainer=sft", "model=model", "data=alpaca.json", "lora=4", *suite, "out=runs/first")
    learned = ["trainer=dpo", "model=runs/first/checkpoint", "data=pairs.jsonl"]
    holdfast("train", *learned, *suite, "out=runs/wednesday")
    assert outcome("runs/wednesday") == "finished"
    assert (desk / "runs/wednesday/checkpoint/adapter_config.json").is_file()
    first, again = (
        [json.loads(line)["completion"] for line in (desk / f"runs/{run}/samples/tiny_upper.jsonl").open()]
        for run in ("first/after", "wednesday/before")
    )
    assert first == again, "it begins where the first one ended"


SCRIPT = """
import sys
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer
from holdfast.trainers.callback import BeforeAfter

if __name__ == "__main__":
    rows = [{"prompt": f"Say {n}. ", "completion": str(n)} for n in range(64)]
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained("model", dtype="float32"),
        args=SFTConfig("trl", max_steps=120, save_steps=20, use_cpu=True, bf16=False, report_to="none", seed=1),
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained("model"),
        callbacks=[BeforeAfter(suite=["tiny_upper"], out="runs/thursday", limit=6)],
    )
    trainer.train(resume_from_checkpoint="resume" in sys.argv)
    trainer.save_model("trl/final")
"""


def test_thursday_a_script_with_the_callback_killed_and_resumed(desk: Path) -> None:
    Path("script.py").write_text(SCRIPT)
    child = subprocess.Popen([sys.executable, "script.py"], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    while not list(desk.glob("trl/checkpoint-*/trainer_state.json")):
        assert child.poll() is None, child.stderr.read() if child.stderr else ""
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    began = (desk / "runs/thursday/before/samples/tiny_upper.jsonl").read_bytes()
    done = subprocess.run([sys.executable, "script.py", "resume"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (desk / "runs/thursday/before/samples/tiny_upper.jsonl").read_bytes() == began
    assert (desk / "runs/thursday/report.html").is_file()
    assert (desk / "trl/final/model.safetensors").is_file()


def test_friday_a_sweep_with_a_report(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["model=model", "data=alpaca.json", "suite=[tiny_upper,tiny_repeat]", "target=tiny_upper", *SMALL]
    swept = ["trainer.args.learning_rate=1e-3,1e-2", "seed=0,1,2"]
    holdfast("train", "-m", "trainer=sft", *words, *swept, "out=runs/friday")
    said = capsys.readouterr()
    assert "6 jobs in runs/friday, 0 did not finish" in said.out
    assert "held, mean" in said.out and "learning_rate=0.01,seed=2" in said.out
    assert (desk / "runs/friday/frontier.html").is_file()


def test_two_ctrl_c_leave_a_run_that_goes_on(desk: Path) -> None:
    words = ["model=model", "data=alpaca.json", "suite=[tiny_upper]", "limit=6", "out=runs/interrupted"]
    args = ["trainer.args.max_steps=100000", "trainer.args.per_device_train_batch_size=4"]
    command = [sys.executable, "-m", "holdfast", "train", *words, *args]
    environment = {**os.environ, "HOLDFAST_CACHE": str(desk / "cache")}
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE}
    child = subprocess.Popen(command, **pipes, text=True, env=environment, preexec_fn=interrupts.hear)
    while "training_rows" not in (read("runs/interrupted/manifest.json")):
        assert child.poll() is None, child.stderr.read() if child.stderr else ""
        time.sleep(0.05)
    time.sleep(1)
    child.send_signal(signal.SIGINT)
    time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    try:
        _, said = child.communicate(timeout=300)
    finally:
        child.kill()
    assert child.returncode == 130, said[-2000:]
    assert "Traceback" not in said
    assert outcome("runs/interrupted") == "failed"
    assert "Interrupted." in read("runs/interrupted/report.md")
    assert "tiny_upper" in read("runs/interrupted/report.md"), "what was measured stands there"


def read(path: str) -> str:
    return Path(path).read_text() if Path(path).is_file() else ""
