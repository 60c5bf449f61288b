"""What a program finds defined before its first line: LeetCode's names for methods of Solution, a setup's imports."""

from holdfast.rewards.sandbox.source.reference import CodeReference
from holdfast.rewards.sandbox.source.test_source import imports_of

LEETCODE = (
    "import bisect, collections, copy, datetime, functools, heapq, itertools, math, operator, random, re, string, sys",
    "from typing import *",
    "from collections import *",
    "from bisect import bisect, bisect_left, bisect_right, insort, insort_left, insort_right",
    "from heapq import heapify, heappop, heappush, heappushpop, heapreplace, merge, nlargest, nsmallest",
    "from itertools import accumulate, chain, combinations, count, cycle, groupby, permutations, product, zip_longest",
    "from itertools import combinations_with_replacement, compress, dropwhile, filterfalse, islice, pairwise, repeat",
    "from itertools import starmap, takewhile, tee",
    "from functools import cache, cmp_to_key, lru_cache, partial, reduce, wraps",
    "from math import ceil, comb, cos, dist, e, exp, factorial, floor, fmod, gcd, hypot, inf, isqrt, lcm, log, log10",
    "from math import log2, perm, pi, prod, sin, sqrt, tan",
    "from operator import add, and_, itemgetter, mul, or_, xor",
    "from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits",
    "from random import choice, randint, randrange, shuffle",
    "class ListNode:\n    def __init__(self, val=0, next=None):\n        self.val = val\n        self.next = next",
    "class TreeNode:\n    def __init__(self, val=0, left=None, right=None):\n        self.val = val\n"
    "        self.left = left\n        self.right = right",
)
"""Statements that LeetCode runs before a submission (as LeetCodeDataset, LiveCodeBench and APPS graders do)."""


def prelude_of(task: CodeReference) -> list[str]:
    """The statements for a task's programs: the row's own `prelude`, the imports and classes of `setup` (not its values
    and functions, which may hold what is expected), LeetCode's where the tests are about its class Solution."""
    given = task.keys.get("prelude")
    own = [given] if isinstance(given, str) else list(given or ())
    shared = imports_of(str(task.keys.get("setup") or ""))
    leetcode = (
        LEETCODE if "Solution" in {name.partition(".")[0] for name in task.names} or task.keys.get("any_class") else ()
    )
    return [*leetcode, *shared, *own]
