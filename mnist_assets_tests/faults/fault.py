"""What a fault is, and how one function of the code is changed."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        name: What is wrong, in few words.
        place: Where it is put.
        put: Puts it into a project, by changing its files or, with pytest's `monkeypatch`, code;
            returns the project to run.
        rerun: The assets that run first with it, in Dagster's selection language; all that follows
            runs, too.
        stopped_by: The first check to fail, as `asset:check`, or `asset: error` where a step
            refuses to go on; None if nothing does.
        would: What would see it, where nothing does.
        warned_by: The checks that fail, but only warn, where nothing stops it.
    """

    name: str
    place: str
    put: Callable
    rerun: str
    stopped_by: str | None
    would: str = ""
    warned_by: tuple[str, ...] = ()


def around(patch, module, function, change):
    """Replace a function by one that is given the original before the arguments."""
    original = getattr(module, function)
    patch.setattr(module, function, lambda *args, **kwargs: change(original, *args, **kwargs))


def in_function(module, function, change):
    """Change one function of the code."""

    def put(project, patch):
        around(patch, module, function, change)
        return project

    return put
