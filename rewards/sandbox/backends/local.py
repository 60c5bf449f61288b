"""The `unsafe-local` backend: the same supervisor and judge as plain processes. No isolation whatever: a program can
read, change and kill everything that this user can. For debugging tests, never for a model's code."""

import shutil
import sys
import tempfile
from pathlib import Path

from holdfast.rewards.sandbox.backends import boot
from holdfast.rewards.sandbox.channel import PipeChannel
from holdfast.rewards.sandbox.limits import Limits


def start(_limits: Limits) -> PipeChannel:
    """A supervisor beside us, with scratch directories of its own. Raises LostError when it cannot start."""
    top = Path(tempfile.mkdtemp(prefix="holdfast-unsafe-"))
    for name in ("home", "judge", "build", "check"):
        (top / name).mkdir()

    def remove() -> None:
        shutil.rmtree(top, ignore_errors=True)

    channel = PipeChannel([sys.executable, *boot.COMMAND], boot.ENVIRONMENT | {"PATH": "/usr/bin:/bin"}, remove)
    home = str(top / "home")
    channel.write(
        boot.first_frame(
            {
                "separation": "none",
                "home": home,
                "judge_home": str(top / "judge"),
                "build_home": str(top / "build"),
                "check_home": str(top / "check"),
                "wipe": [home],
                "path": [],
            }
        )
    )
    return channel
