"""The OpenAPI document as a page for people: one file, no script, nothing of another host."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre { padding: .7rem .9rem; border: 1px solid #8884; border-radius: 6px; overflow-x: auto; }
details { border: 1px solid #8884; border-radius: 6px; margin: .5rem 0; padding: .4rem .9rem; }
summary { cursor: pointer; overflow-wrap: anywhere; }
summary b { display: inline-block; min-width: 3.2rem; }
summary span { opacity: .75; margin-left: .6rem; }
td { padding: .1rem .9rem .1rem 0; vertical-align: top; }
"""


def docs_page(document: Mapping[str, Any], rewards: Mapping[str, Mapping[str, Any]]) -> str:
    """The endpoints with an example call each, and what is served."""
    title = f"{document['info']['title']} {document['info']['version']}"
    first = next(iter(rewards))
    calls = "".join(
        _endpoint(path, method, operation, first)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    needs = "".join(
        f"<tr><td><code>{escape(name)}</code><td>version {escape(str(one['version']))}"
        f"<td>{'needs a reference' if one['needs_reference'] else 'needs no reference'}"
        for name, one in rewards.items()
    )
    token = "<p>Every call but /healthz and /readyz carries the token." if "security" in document else ""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>"
        f"<h2>Rewards</h2><table>{needs}</table><h2>Endpoints</h2>{token}{calls}"
        f"<h2>Types</h2>{_types(document['components']['schemas'])}"
        f'<p><a href="openapi.json">OpenAPI document</a>'
    )


def _endpoint(path: str, method: str, operation: Mapping[str, Any], reward: str) -> str:
    answers = "".join(
        f"<tr><td><code>{status}</code><td>{escape(answer['description'])}"
        for status, answer in operation["responses"].items()
    )
    call = _call(path.replace("{reward}", reward), operation, "security" not in operation)
    return (
        f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code><span>{escape(operation['summary'])}"
        f"</span></summary><pre>{escape(call)}</pre><table>{answers}</table></details>"
    )


def _call(path: str, operation: Mapping[str, Any], secured: bool) -> str:
    token = ' -H "Authorization: Bearer $TOKEN"' if secured else ""
    lines = [f"curl $SERVER{path}{token}"]
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        example = content["example"]
        data = example if isinstance(example, str) else json.dumps(example)
        lines += [f"  -H 'Content-Type: {kind}'", f"  --data-binary '{data.rstrip()}'"]
    return " \\\n".join(lines)


def _types(schemas: Mapping[str, Any]) -> str:
    return "".join(
        f"<details><summary><code>{escape(name)}</code><span>{escape(schema.get('description', ''))}</span></summary>"
        f"<pre>{escape(json.dumps(schema.get('properties', {}), indent=2))}</pre></details>"
        for name, schema in sorted(schemas.items())
    )
