"""The guard: damage done when it stops, against the same training without it; and what looking costs.

python tests/bench/bench_guard.py [SEEDS]
"""

import logging
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpers.guard_damage import SETTINGS, damage


def main(seeds: int) -> None:
    """Print a row per training."""
    logging.disable(logging.WARNING)
    print(
        "| training | seed | stopped at step | points lost | worst skill | rolled back | unguarded | share | guard, s |"
    )
    print("| --- | --: | --: | --: | --: | --: | --: | --: | --: |")
    for setting in SETTINGS:
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as place:
                d = damage(setting, seed, Path(place))
            row = f"| {setting} | {seed} | {d.stopped} | {d.at_stop:.1f} | {d.worst_at_stop:.0f} |"
            print(
                f"{row} {d.restored:.1f} | {d.at_end:.1f} | {100 * d.share:.0f} % | {d.guard_seconds:.1f} |", flush=True
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
