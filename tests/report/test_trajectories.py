"""The viewer of episodes: turns side by side, what differs marked, nothing of a model's text is markup."""

from dataclasses import replace

from helpers.page_outline import outline
from helpers.report_samples import HOSTILE, benchmark, full

from holdfast.compare.result import Flip, Side, Verdict
from holdfast.report.html.page import render
from holdfast.report.html.trajectories import LONGEST, MOST, TURNS, aligned, is_episode
from holdfast.sample import Message

ASKED: Message = {"role": "user", "content": "Sort the digits of ana"}


def called(tool: str, **arguments: str) -> Message:
    function = {"name": tool, "arguments": arguments}
    return {"role": "assistant", "content": "", "tool_calls": [{"id": "1", "type": "function", "function": function}]}


def told(name: str, content: str) -> Message:
    return {"role": "tool", "tool_call_id": "1", "name": name, "content": content}


LOOKED = [called("look", name="ana"), told("look", "5 2 9")]
RIGHT = [*LOOKED, called("save", value="2 5 9"), told("save", "saved"), {"role": "assistant", "content": "Done"}]
WRONG = [*LOOKED, called("save", value="5 2 9"), told("save", "saved"), {"role": "assistant", "content": "Done"}]


def flip(before: list[Message], after: list[Message], number: int = 0) -> Flip:
    good = Side(before, 1.0, "correct", "", None, "stop", 9)
    bad = Side(after, 0.0, "wrong", "saved '5 2 9', wanted '2 5 9'", None, "stop", 9)
    return Flip("lost", f"ana{number}", "h", [ASKED], {"key": "ana"}, good, bad, change=-1.0)


def page(*flips: Flip) -> str:
    task = benchmark("tiny_form", 0.9, 0.5, 0.05, Verdict.REGRESSED, flips=flips)
    return render(replace(full(), benchmarks=(task,)))


def test_turns_stand_side_by_side_and_what_differs_is_marked() -> None:
    shown = page(flip(RIGHT, WRONG))
    assert outline(shown).open == []
    section = shown.partition('<section id="episodes"')[2].partition("</section>")[0]
    assert section.count('class="turn"') == 5
    assert section.count('class="cut"') == section.count('class="new"') == 1
    assert "2 5 9" in section.partition('class="cut"')[2].partition("</div>")[0]
    assert "5 2 9" in section.partition('class="new"')[2].partition("</div>")[0]
    assert "saved &#x27;5 2 9&#x27;, wanted" in section and "→ look(" in section
    assert "<script" not in section and 'href="#episodes"' in shown


def test_longer_and_shorter_episodes_are_aligned() -> None:
    assert aligned(RIGHT, RIGHT[:2]) == [*((one, one) for one in RIGHT[:2]), *((one, None) for one in RIGHT[2:])]
    assert aligned([], RIGHT) == [(None, one) for one in RIGHT]
    one, other = aligned(RIGHT, [LOOKED[0], told("look", "7"), *RIGHT[2:]])[1]
    assert one is not None and other is not None and one["content"] != other["content"]


def test_whatever_a_model_wrote_is_text_and_bounded() -> None:
    odd = [called(text, x=text) for text in HOSTILE] + [{"role": "assistant", "content": text} for text in HOSTILE]
    shown = page(flip(odd, [*odd, {"role": "assistant", "content": "x" * 10**6}]))
    assert outline(shown).open == []
    section = shown.partition('<section id="episodes"')[2].partition("</section>")[0]
    assert "<img" not in section and "<svg" not in section and "x" * LONGEST in section
    assert "x" * (LONGEST + 1) not in section


def test_many_and_long_episodes_are_told_of() -> None:
    long = [called("look", name=str(i)) for i in range(TURNS + 5)]
    shown = page(*(flip(long, WRONG, i) for i in range(MOST + 3)))
    section = shown.partition('<section id="episodes"')[2].partition("</section>")[0]
    assert section.count('class="episode"') == MOST and f"{MOST + 3} episodes changed; {MOST} are shown" in section
    assert "more messages are in the sample file" in section


def test_answers_that_are_no_episodes_have_no_section() -> None:
    assert not is_episode("text") and not is_episode([{"role": "assistant", "content": "x"}])
    assert is_episode(RIGHT) and '<section id="episodes"' not in render(full())
