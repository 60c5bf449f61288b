"""Where the shipped configs of `accelerate launch` lie:

accelerate launch --config_file $(python -m holdfast.trainers.run.accelerate_config fsdp2) -m holdfast train …
"""

import sys
from importlib import resources
from pathlib import Path

from holdfast.errors import EXIT_USAGE, UsageError, unknown


def config_file(name: str) -> Path:
    """The file of `cpu`, `ddp`, `fsdp2` or `zero3`. Raises UsageError for another name."""
    folder = Path(str(resources.files("holdfast.conf"))) / "accelerate"
    if name not in (names := sorted(file.stem for file in folder.glob("*.yaml"))):
        raise unknown("accelerate config", name, names)
    return folder / f"{name}.yaml"


def main(words: list[str]) -> int:
    """Print the path of the one that is named."""
    try:
        print(config_file(*words[:1] or [""]))
    except UsageError as error:
        print(f"holdfast: {error}", file=sys.stderr)
        return EXIT_USAGE
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
