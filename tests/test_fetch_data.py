"""`make data`: pinned files arrive in the layout that tests read, and a file with another content is refused."""

import gzip
import json
import sys
from pathlib import Path

import pytest
from helpers.paths import ROOT, shared

sys.path.insert(0, str(ROOT / "tests" / "bench"))
import fetch_data

FILES = (
    "gsm8k/test.jsonl",
    "gsm8k/recorded/zeroeval/gsm.Qwen2-7B-Instruct.json.gz",
)


def _forge(folder: Path, file: fetch_data.Wanted, raw: bytes) -> None:
    path = folder / file.repo / file.commit / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)


def _only(monkeypatch: pytest.MonkeyPatch, forge: Path, files: tuple[str, ...]) -> list[fetch_data.Wanted]:
    chosen = [file for file in fetch_data.wanted() if file.file in files]
    monkeypatch.setattr(fetch_data, "FORGE", forge.as_uri())
    monkeypatch.setattr(fetch_data, "wanted", lambda: iter(chosen))
    return chosen


def test_every_shared_file_is_listed_with_its_hash() -> None:
    folder = shared()
    listed = {file.file: file for file in fetch_data.wanted()}
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.name != "SOURCE.txt"}
    assert found <= set(listed)
    assert all(len(file.commit) == 40 or file.package or file.kind == "excerpt" for file in listed.values())
    wrong = [name for name in found if not fetch_data.fits(folder / name, listed[name])]
    assert not wrong


def test_files_arrive_as_they_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = _only(monkeypatch, tmp_path / "forge", FILES)
    for file in files:
        raw = shared(*file.file.split("/")).read_bytes()
        _forge(tmp_path / "forge", file, gzip.decompress(raw) if file.unpacked_sha256 else raw)
    assert fetch_data.main([str(tmp_path / "data")]) == 0
    for file in files:
        assert fetch_data.fits(tmp_path / "data" / file.file, file)
    monkeypatch.setattr(fetch_data, "FORGE", "file:///nowhere")
    assert fetch_data.main([str(tmp_path / "data")]) == 0, "nothing is fetched twice"


def test_another_content_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file,) = _only(monkeypatch, tmp_path / "forge", FILES[:1])
    _forge(tmp_path / "forge", file, b"{}\n")
    assert fetch_data.main([str(tmp_path / "data")]) == 1
    assert not (tmp_path / "data" / file.file).exists()


def test_the_literals_of_a_task_list_are_read_and_not_run() -> None:
    source = 'from x import Task\nTASKS = [Task(user_id="a", actions=[Action(name="n", kwargs={"k": [1, None]})])]\n'
    assert fetch_data._literals(source) == [{"user_id": "a", "actions": [{"name": "n", "kwargs": {"k": [1, None]}}]}]
    with pytest.raises(ValueError, match="malformed"):
        fetch_data._literals("TASKS = [__import__('os').getcwd()]".replace("__import__('os').getcwd()", "open"))


def test_what_has_no_licence_is_named_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without = next(file for file in fetch_data.wanted() if file.licence is None and file.kind == "file")
    _only(monkeypatch, tmp_path, (without.file,))
    assert fetch_data.main([str(tmp_path / "data")]) == 0
    assert f"no licence    {without.file}" in capsys.readouterr().out
    assert json.loads(fetch_data.SOURCES.read_text())
