"""What reading the source has found, kept in a file for the next process.

Reading takes as long as importing Dagster, and finds the same as long as no module of the package
has changed: so the file is named after the content of all of them, and after Python's version,
which the text of a definition depends on.
"""

import hashlib
import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mnist_assets.declarations.places import PROJECT
from mnist_assets.orchestration.versions import modules, source
from mnist_assets.orchestration.versions.source import Used

FOLDER = PROJECT / "data" / "cache" / "code"


@dataclass
class _Findings:
    """What is known in this process.

    Attributes:
        state: Of the package when it was first looked at.
        used: What each function uses.
        kept: How many of these the file has.
    """

    state: str
    used: dict[str, Used]
    kept: int

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.state}.json"


def used_by(module: str, function: str, bound: tuple[str, ...]) -> Used:
    """Find what a function's code uses, as `source.used_by`: in the file, or else by reading."""
    used, name = _findings().used, f"{module}.{function}({', '.join(bound)})"
    if name not in used:
        used[name] = source.used_by(module, function, bound)
    return used[name]


def keep_found() -> None:
    """Keep what had to be read, if it can be written, in place of what was kept before."""
    findings = _findings()
    if len(findings.used) == findings.kept or _state_of_package() != findings.state:
        return  # nothing is new, or the package was edited meanwhile
    with suppress(OSError):
        for other in FOLDER.glob("*"):
            other.unlink(missing_ok=True)
        FOLDER.mkdir(parents=True, exist_ok=True)
        written = findings.file.with_suffix(f".{os.getpid()}")
        written.write_bytes(_to_json(findings.used))
        written.replace(findings.file)
        findings.kept = len(findings.used)


@cache
def _findings() -> _Findings:
    """What was kept; nothing, if it is damaged."""
    findings = _Findings(_state_of_package(), {}, 0)
    with suppress(OSError, ValueError, LookupError, TypeError):
        findings.used = _from_json(findings.file.read_bytes())
        findings.kept = len(findings.used)
    return findings


def _state_of_package() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(modules.FOLDER.rglob("*.py")):
        digest.update(f"{path.relative_to(modules.FOLDER)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _to_json(found: dict[str, Used]) -> bytes:
    """What functions use, each source once."""
    sources = {name: text for used in found.values() for name, text in used.sources.items()}
    functions = {
        name: {"uses": [*used.sources], "libraries": sorted(used.libraries)}
        for name, used in found.items()
    }
    return json.dumps({"sources": sources, "functions": functions}).encode()


def _from_json(content: bytes) -> dict[str, Used]:
    kept = json.loads(content)
    return {
        name: Used({use: kept["sources"][use] for use in of["uses"]}, frozenset(of["libraries"]))
        for name, of in kept["functions"].items()
    }
