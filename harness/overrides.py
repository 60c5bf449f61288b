"""Hydra overrides as people type them."""


def quoted(word: str) -> str:
    """`key=value` with the value quoted when it holds a `=` of its own, as a sweep's folders do
    (`model=runs/s/trainer=sft/checkpoint`): Hydra would take it for a mistake. Lists and mappings stay as they are."""
    key, equals, value = word.partition("=")
    if not equals or "=" not in value or value[:1] in "'\"[{" or "," in value:
        return word
    escaped = value.replace("'", "\\'")
    return f"{key}='{escaped}'"
