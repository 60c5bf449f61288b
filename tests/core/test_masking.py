"""No secret is left in a text, in whatever form it is quoted; and what is none is left as it is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.paths import ROOT

from holdfast import masking
from holdfast.config import parsed
from holdfast.errors import UsageError
from holdfast.masking import command, error_text, masked_text, remember

SECRET = "abc-123-Xyz"
FOLDERS = ("harness", "rewards", "benchmarks", "trainers")
FORMS = (
    "api_key={}",
    "reward.api_key={} and more",
    "{{api_key: {}}}",
    '{{"api_key": "{}"}}',
    "{{'api_key': '{}', 'n': 3}}",
    '"{{\\"api_key\\": \\"{}\\"}}"',
    "Authorization: Bearer {}",
    "authorization: bearer {}",
    "Authorization: Basic {}",
    "Authorization: Token {}",
    "curl -H 'Authorization: Bearer {}' https://host",
    'curl -H "Authorization: Bearer {}"',
    "{{'Authorization': 'Bearer {}'}}",
    "headers=[(b'Authorization', b'Bearer {}')]",
    "X-Api-Key: {}",
    "script.py --hub_token {} --steps 3",
    "script.py --hub-token={}",
    "Incorrect API key provided: {}. You can find yours at https://host/keys",
    "invalid api key '{}'",
    "the password is '{}'",
    "The token given: {}",
    "cannot reach https://me:{}@host/v1",
    "GET https://host/v1?key={}&page=2",
    "postgresql://me:{}@host/db is down",
    "HF_TOKEN={} holdfast train",
    "password: '{}",
    "first line\n  api_key: {}\nlast line",
)
SHAPES = (
    "sk-123456",
    "sk-proj-abcDEF",
    "hf_" + "aB3" * 11,
    "ghp_" + "a1" * 18,
    "github_pat_" + "a1" * 15,
    "glpat-" + "a1" * 10,
    "AKIA" + "ABCD1234" * 2,
    "AIza" + "Sy-1_" * 7,
    "xoxb-1234-5678-abc",
    "eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSM",
)
HARMLESS = (
    "unknown key of `holdfast train` 'lr'; did you mean 'trainer.args.learning_rate'?",
    "max_tokens=512 and tokenizer=my/model",
    "the template lacks the token '<|im_end|>'",
    "eos_token: </s>, pad_token: <pad>",
    "add trainer.args.hub_token=… reward.api_key=…",
    "scikit-learn, sk-learn, task-123, models/sk-small-1",
    "hf_transfer and hf_overrides",
    "https://host/v1?page=2",
    "a bearer token is missing",
    "hub_token: None, hub_token=null",
)


@pytest.mark.parametrize("form", FORMS)
def test_every_form(form: str) -> None:
    shown = masked_text(form.format(SECRET))
    assert "***" in shown
    assert not any(piece in shown for piece in ("abc", "123", "Xyz")), shown


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("around", ["{}", "refused: {}.", "(got '{}')", "Bearer {}"])
def test_every_shape(shape: str, around: str) -> None:
    shown = masked_text(around.format(shape))
    assert "***" in shown and shape not in shown and shape[-5:] not in shown


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_none_stays(text: str) -> None:
    assert masked_text(text) == text


def test_what_the_settings_or_the_environment_hold_is_known_by_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_given", set())
    monkeypatch.setenv("MY_SERVICE_TOKEN", "of-the-environment")
    remember({"a": [{"api_key": "of-the-settings"}, "s3://me:of%2Dan%2Daddress@host/f"], "seed": 7, "name": "my-model"})
    remember({"headers": {"X-Mine": "Bearer of-a-header", "short": "abc"}})
    held = ("of-the-environment", "of-the-settings", "of%2Dan%2Daddress", "of-an-address", "of-a-header")
    assert masked_text(f"my-model: {' '.join(held)} abc") == f"my-model: {' '.join(['***'] * 5)} abc"
    assert error_text(KeyError("of-the-settings")) == "KeyError: '***'"


def test_a_scripts_flags() -> None:
    words = ["sft.py", "--hub_token", SECRET, "--api-key=x", "--max_tokens", "5", "--token", "--verbose"]
    assert command(words) == [
        "sft.py",
        "--hub_token",
        "***",
        "--api-key=***",
        "--max_tokens",
        "5",
        "--token",
        "--verbose",
    ]


def test_time_grows_with_the_length_alone() -> None:
    for piece in ("a", "a.", "a ", "'a' ", "key=", 'key="', "https://a", "token is ", "sk-", "--a "):
        masked_text(piece * 20_000)


def _raised(root: Path) -> Iterator[tuple[str, str]]:
    """(where, text) of every error of ours, `name7` in the places of its values."""
    for file in root.rglob("*.py"):
        for raised in (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Raise)):
            for node in ast.walk(raised):
                where = f"{file.name}:{raised.lineno}"
                if isinstance(node, ast.JoinedStr):
                    parts = [one.value if isinstance(one, ast.Constant) else "name7" for one in node.values]
                    yield where, "".join(map(str, parts))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield where, node.value


def test_no_error_of_ours_looks_like_a_secret() -> None:
    """`expected key=value` was shown as `expected key=***`."""
    found = [(where, text) for folder in FOLDERS for where, text in _raised(ROOT / folder)]
    assert len(found) > 2000
    assert [(where, text) for where, text in found if masked_text(text) != text] == []


@pytest.mark.parametrize("word", ["rows.jsonl", "folder", "suite.yaml", "absent"])
def test_a_word_without_a_key_is_told_so(word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.jsonl").touch()
    (tmp_path / "suite.yaml").touch()
    (tmp_path / "folder").mkdir()
    hint = {"rows.jsonl": "data=rows.jsonl", "folder": "model=folder", "suite.yaml": "suite=suite.yaml"}
    with pytest.raises(UsageError) as raised:
        parsed(word)
    said = masked_text(str(raised.value))
    assert said.startswith(f"cannot read '{word}': expected key=value (")
    assert said.endswith(f"; did you mean {hint[word]}?" if word in hint else ")")
