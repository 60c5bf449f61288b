"""A comparison as JUnit XML: what CI systems draw as a table of tests."""

import re
from xml.etree import ElementTree as ET

from holdfast.compare.result import Benchmark, Check, Comparison, Decision, Verdict

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(comparison: Comparison) -> str:
    """One test per benchmark, one per demand of the policy, and one for the suite's decision.

    A regression is a failure; a benchmark not decided is skipped (the suite's test says whether that matters); the
    suite's test fails unless the decision is PASS.
    """
    cases = [_benchmark(result) for result in comparison.benchmarks]
    cases += [_check(check) for check in comparison.checks]
    cases.append(_suite(comparison))
    failed = sum(case.find("failure") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    counts = {"tests": str(len(cases)), "failures": str(failed), "skipped": str(skipped), "errors": "0"}
    name = f"holdfast compare {comparison.before.name} {comparison.after.name}"
    root = ET.Element("testsuites", {"name": "holdfast", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": _clean(name), "timestamp": comparison.created, **counts})
    suite.extend(cases)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _benchmark(result: Benchmark) -> ET.Element:
    case = _case(result.task, f"holdfast.{result.role}")
    if result.role != "ignored" and result.verdict is Verdict.REGRESSED:
        _add(case, "failure", result.explanation, str(result.verdict))
    elif result.verdict in (Verdict.INCONCLUSIVE, Verdict.BEYOND_MARGIN):
        _add(case, "skipped", result.explanation)
    _output(case, f"{result.verdict}: {result.explanation}")
    return case


def _check(check: Check) -> ET.Element:
    case = _case(f"{check.name}: {check.task or check.text}", "holdfast.policy")
    if not check.passed:
        _add(case, "failure", check.text, "undecided" if check.passed is None else check.name)
    return case


def _suite(comparison: Comparison) -> ET.Element:
    case = _case("suite", "holdfast.suite")
    if comparison.decision is not Decision.PASS:
        _add(case, "failure", comparison.sentence, str(comparison.decision))
    _output(case, "\n".join([comparison.sentence, *comparison.warnings]))
    return case


def _case(name: str, group: str) -> ET.Element:
    return ET.Element("testcase", {"name": _clean(name), "classname": group, "time": "0"})


def _add(case: ET.Element, tag: str, message: str, kind: str = "") -> None:
    element = ET.SubElement(case, tag, {"message": _clean(message)} | ({"type": kind} if kind else {}))
    element.text = _clean(message)


def _output(case: ET.Element, text: str) -> None:
    ET.SubElement(case, "system-out").text = _clean(text)


def _clean(text: str) -> str:
    """XML knows no control characters; they become the replacement sign."""
    return _FORBIDDEN.sub("\ufffd", text)
