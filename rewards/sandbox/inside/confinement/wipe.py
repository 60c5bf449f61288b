"""Emptying a directory that a hostile program filled."""

import os


def empty(top: str) -> None:
    """Remove everything in `top` that the caller may remove: any depth, any mode, no recursion, no symlink followed."""
    number = 0
    queue = [top]
    while queue:
        directory = queue.pop()
        if directory != top:
            _quietly(os.chmod, directory, 0o700)
        for entry in _entries(directory):
            if not entry.is_dir(follow_symlinks=False):
                _quietly(os.unlink, entry.path)
            elif directory == top:
                queue.append(entry.path)
            else:
                # Moved up, a tree of any depth never makes a path too long for the kernel.
                number += 1
                flat = f"{top}/.wipe-{os.getpid()}-{number}"
                _quietly(os.chmod, entry.path, 0o700)  # moving a directory writes to it
                if _quietly(os.rename, entry.path, flat):
                    queue.append(flat)
        if directory != top:
            _quietly(os.rmdir, directory)


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as found:
            return list(found)
    except OSError:
        return []


def _quietly(action: object, *arguments: str | int) -> bool:
    try:
        action(*arguments)  # type: ignore[operator]
    except OSError:
        return False
    return True
