"""The libraries that a value is made with, and their versions: as recorded, and as installed.

An upgrade may change what the same code makes. Of a version the first two numbers count: what comes
after them is for repairs.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

# Those that values depend on, by the name they are imported by; with the distributions that may
# bring them.
DISTRIBUTIONS = {
    "jinja2": ("jinja2",),
    "keras": ("keras",),
    "matplotlib": ("matplotlib",),
    "numpy": ("numpy",),
    "pandas": ("pandas",),
    "PIL": ("pillow",),
    "scipy": ("scipy",),
    "sklearn": ("scikit-learn",),
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
}


def installed_version(*distributions: str) -> str | None:
    """The version of whichever of these distributions is installed."""
    for name in distributions:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None


def installed_versions(libraries: Iterable[str]) -> dict[str, str]:
    """The first two numbers of the installed versions, by the distributions' usual names.

    Args:
        libraries: Names of `DISTRIBUTIONS`.
    """
    names = [DISTRIBUTIONS[library] for library in libraries]
    return {first: _installed(first, *others) for first, *others in names}


@cache
def _installed(*distributions: str) -> str:
    return ".".join((installed_version(*distributions) or "none").split(".")[:2])


def describe_upgrades(recorded: Mapping[str, str]) -> str:
    """What has another version now than was recorded, as `numpy 2.3, now 2.4`; or nothing."""
    changed = [
        f"{name} {old}, now {new}"
        for name, old in recorded.items()
        if (new := _installed(*_distributions_of(name))) != old
    ]
    return "; ".join(changed)


def _distributions_of(name: str) -> tuple[str, ...]:
    return next((names for names in DISTRIBUTIONS.values() if names[0] == name), (name,))
