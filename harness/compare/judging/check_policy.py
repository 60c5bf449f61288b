"""Read policies before they are needed, for a hook: what is misspelt in one, and which of its waivers are over.

usage: python -m holdfast.compare.judging.check_policy FILE.yaml [FILE.yaml …]

Exit codes: 0, 1 where a waiver's last day is over (take it out, or agree on another day), 64 or 65 where a file cannot
be read as a policy.
"""

import sys
from collections.abc import Sequence

from holdfast.compare.judging.policy import read_policy
from holdfast.compare.judging.policy_names import waivers
from holdfast.errors import HoldfastError


def main(paths: Sequence[str]) -> int:
    """Check each file; the worst exit code."""
    return max((_check(path) for path in paths), default=0)


def _check(path: str) -> int:
    try:
        policy = read_policy(path)
    except HoldfastError as error:
        print(f"holdfast: {error}", file=sys.stderr)
        return error.exit_code
    for line in waivers(policy):
        print(f"{path}: {line}")
    return int(any(waiver.expired for waiver in policy.waived.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
