"""What was begun is taken back where what follows fails: the one place that catches whatever is raised for that."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def unless_done(undo: Callable[[], object]) -> Iterator[None]:
    """Call `undo` where the block does not come to its end, whatever ends it: an interrupt, too."""
    with ExitStack() as stack:
        stack.callback(undo)
        yield
        stack.pop_all()
