"""Everything of lm-eval's inside that is overridden or called here, and the versions in which it was read.

`recording_hf` overrides methods of its transformers model, `api_patches` wraps methods of its endpoint models,
`local_data` replaces its call of `datasets.load_dataset`, `requests` applies a task's filters.
"""

import logging
from collections.abc import Iterator
from typing import Any

from holdfast.benchmarks.lm_eval_fence.index import version

log = logging.getLogger("holdfast")
READ_VERSIONS = ("0.4.13",)
"""Versions whose source was read and tested against this list."""


def check_version() -> None:
    """Warn of a version of lm-eval that was not tested: what is patched may have moved."""
    if version() not in READ_VERSIONS:
        log.warning("lm-eval %s was not tested with this release (%s was)", version(), ", ".join(READ_VERSIONS))


def relied_on() -> Iterator[tuple[Any, str, tuple[str, ...]]]:
    """(class, method, the parameters that are given or taken by name)."""
    from lm_eval.api.task import ConfigurableTask
    from lm_eval.models.api_models import TemplateAPI
    from lm_eval.models.huggingface import HFLM

    yield HFLM, "_model_generate", ("context", "max_length", "stop")
    yield HFLM, "_model_call", ("inps",)
    yield HFLM, "_loglikelihood_tokens", ("requests", "disable_tqdm", "override_bs")
    yield HFLM, "tok_batch_encode", ("strings", "left_truncate_len")
    yield HFLM, "tok_decode", ("tokens", "skip_special_tokens")
    yield HFLM, "apply_chat_template", ("chat_history", "add_generation_prompt")
    yield HFLM, "generate_until", ("requests", "disable_tqdm")
    yield TemplateAPI, "parse_generations", ("outputs",)
    yield TemplateAPI, "_create_payload", ("messages", "generate", "gen_kwargs", "seed")
    yield TemplateAPI, "amodel_call", ("session", "sem", "messages", "gen_kwargs")
    yield TemplateAPI, "get_batched_requests", ("requests", "cache_keys")
    yield (
        ConfigurableTask,
        "build_all_requests",
        (
            *("samples", "system_instruction", "apply_chat_template", "fewshot_as_multiturn"),
            *("chat_template", "tokenizer_name"),
        ),
    )
    yield ConfigurableTask, "process_results", ("doc", "results")
    yield ConfigurableTask, "set_config", ("key", "value")
