"""ToolSandbox's own loop, execution environment and evaluation on a plan that is given: JSON objects by line."""

import json
import random
import sys

sys.path.insert(0, sys.argv[1])

from openai.types.chat.chat_completion_message_tool_call import ChatCompletionMessageToolCall, Function
from tool_sandbox.common.execution_context import RoleType, get_current_context
from tool_sandbox.common.message_conversion import Message, openai_tool_call_to_python_code
from tool_sandbox.common.tool_discovery import ToolBackend
from tool_sandbox.roles.base_role import BaseRole
from tool_sandbox.roles.execution_environment import ExecutionEnvironment
from tool_sandbox.scenarios import named_scenarios

random.seed(0)
SCENARIOS = named_scenarios(preferred_tool_backend=ToolBackend.DEFAULT)


class Agent(BaseRole):
    role_type = RoleType.AGENT

    def __init__(self, plan):
        self.plan, self.number = list(plan), 0

    def respond(self, ending_index=None):
        if self.filter_messages(self.get_messages(ending_index))[-1].sender == RoleType.SYSTEM:
            return
        said = self.plan.pop(0) if self.plan else "Done."
        if isinstance(said, str):
            self.add_messages([Message(sender=self.role_type, recipient=RoleType.USER, content=said)])
            return
        name, arguments = said
        self.number += 1
        function = Function(name=name, arguments=json.dumps(arguments))
        made = ChatCompletionMessageToolCall(id=f"call_{self.number}", type="function", function=function)
        inner = get_current_context().get_execution_facing_tool_name(name)
        code = openai_tool_call_to_python_code(made, set(self.get_available_tools()), inner)
        told = {"openai_tool_call_id": made.id, "openai_function_name": name}
        self.add_messages([Message(self.role_type, RoleType.EXECUTION_ENVIRONMENT, code, **told)])


class User(BaseRole):
    role_type = RoleType.USER

    def __init__(self, script):
        self.script = list(script)

    def respond(self, ending_index=None):
        if self.filter_messages(self.get_messages(ending_index))[-1].sender == RoleType.SYSTEM:
            return
        if self.script:
            self.add_messages([Message(self.role_type, RoleType.AGENT, self.script.pop(0))])
        else:
            self.add_messages([Message(self.role_type, RoleType.EXECUTION_ENVIRONMENT, "end_conversation()")])


def played(name, plan, script):
    scenario = SCENARIOS[name]
    roles = {
        RoleType.AGENT: Agent(plan),
        RoleType.USER: User(script),
        RoleType.EXECUTION_ENVIRONMENT: ExecutionEnvironment(),
    }
    context = scenario.play(roles, name)
    found = scenario.evaluation.evaluate(context, scenario.max_messages)
    said = [one.content for one in BaseRole.get_messages() if (one.sender, one.recipient) == (
        RoleType.EXECUTION_ENVIRONMENT, RoleType.AGENT)]  # fmt: skip
    return {"similarity": float(found.similarity), "milestones": float(found.milestone_similarity), "printed": said}


if __name__ == "__main__":
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        try:
            reply = {"result": played(**json.loads(line))}
        except Exception as error:  # noqa: BLE001 - told to the test
            reply = {"error": f"{type(error).__name__}: {error}"[:500]}
        print(json.dumps(reply), file=answers, flush=True)
