"""Tools of one's own in GRPO, as TRL takes them: functions that the model calls while it writes an answer.

def weather(city: str) -> str:
    \"\"\"The weather of a city.

    Args:
        city: its name
    \"\"\"

holdfast train trainer=grpo tools=[my_tools:weather] …
"""

from collections.abc import Callable, Sequence
from typing import Any

from holdfast.errors import UsageError
from holdfast.own_reward import load_function


def own_tools(names: Sequence[str]) -> list[Callable[..., Any]]:
    """The functions that `module:function` or `file.py:function` name.

    Raises UsageError for one that cannot be loaded, or whose annotations or docstring make no schema of it.
    """
    return [_tool(name) for name in names]


def check_template(tokenizer: Any) -> None:
    """Raise UsageError for a chat template whose calls TRL cannot read back."""
    from trl.chat_template_utils import add_response_schema

    if getattr(tokenizer, "response_template", None) or getattr(tokenizer, "response_schema", None):
        return
    try:
        add_response_schema(tokenizer)
    except ValueError as error:
        raise UsageError(
            "tools= needs a chat template whose calls TRL reads (Qwen3, Llama 3, GPT-OSS and others), which this"
            " tokenizer's is not; model.chat_template=<file> gives one"
        ) from error


def _tool(name: str) -> Callable[..., Any]:
    from transformers.utils import get_json_schema
    from transformers.utils.chat_template_utils import DocstringParsingException, TypeHintParsingException

    function: Callable[..., Any] = load_function(name, "tool")
    try:
        get_json_schema(function)
    except (DocstringParsingException, TypeHintParsingException) as error:
        first = str(error).strip().partition("\n")[0]
        raise UsageError(f"tool {name!r} needs annotations and a docstring that says each argument: {first}") from error
    return function
