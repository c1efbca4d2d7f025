"""How champions are kept: every one in a folder of its own, and a pointer to the current one.

    champion/
        versions/0001-given/   model.keras and, as JSON, what explains it; never changed again
        current                a symbolic link to one of them; where there are none, current.json
        log.jsonl              who changed the champion, when and why, a line each

The model of the current champion is `current/model.keras`, which plain Keras reads:

    import keras
    model = keras.saving.load_model("data/assets/champion/current/model.keras")

A version is written under a temporary name, renamed, logged, and only then pointed at, each step
brought to the disk before the next. So a reader sees the old champion or the new one, whole, and
the pointer is the truth. The log may hold a change that a crash prevented, never lack one that
happened: a line took effect if the next one starts where it ends or, the last, if the pointer does.

Readers that want several files of one champion take them from `current(folder)`, once, since the
link may be switched between two reads. Writers exclude each other by a lock, which the operating
system lifts when its holder dies.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_assets.errors import InputError
from mnist_assets.steps.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    import pandas as pd

MODEL = "model.keras"
EXPLANATION = ("decision", "declaration", "metrics", "versions")
VERSIONS, LINK, POINTER, LOG, LOCK = "versions", "current", "current.json", "log.jsonl", ".lock"
LOG_COLUMNS = ("when", "action", "who", "why", "from", "to")
_NO_LINKS_HERE = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


@dataclass(frozen=True)
class Champion:
    """A version in the archive, whole and never changed again.

    Attributes:
        version: Its name, such as 0003-best: a number that grows, and the network.
        folder: Where its files are.
    """

    version: str
    folder: Path

    @property
    def model_path(self) -> Path:
        """The trained network, which plain Keras reads."""
        return self.folder / MODEL

    def explanation(self) -> dict[str, Any]:
        """What was given at its promotion: decision, declaration, metrics and versions."""
        return {
            name: json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
            for name in EXPLANATION
        }


def promote(
    folder: Path,
    model_path: Path,
    explanation: Mapping[str, Any],
    *,
    network: str,
    replaces: str | None,
    who: str,
    why: str,
    when: datetime,
    forced: bool = False,
) -> str:
    """Make a network the champion.

    Args:
        folder: The archive, made if there is none.
        model_path: The `.keras` file of the network, which is copied.
        explanation: Plain values under each name in `EXPLANATION`.
        network: Its declared name.
        replaces: The version that was champion when this was decided, None if there was none.
        who: Who decides: a person, or the run that carries out a decision.
        why: The reason, in words.
        when: The time to log, with a time zone.
        forced: Whether it is promoted against the decision, which the log then says.

    Returns:
        The name of the new version.

    Raises:
        InputError: The model is missing or damaged, the explanation incomplete or not plain, who or
            why is empty, the time has no zone, another is champion by now, or somebody else is just
            changing it. The champion is the same as before.
    """
    entry = _entry("forced promotion" if forced else "promotion", who, why, when)
    files = _explanation_files(explanation)
    with _locked(folder):
        if _pointed(folder) != replaces:
            raise InputError(
                "champion to replace",
                seen=f"{_pointed(folder)}, by now",
                expected=replaces,
                remedy="Decide again, against the present champion.",
            )
        last = max(map(_number, _folders(folder)), default=0)
        version = f"{last + 1:04d}-{network}"
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder / VERSIONS) as temporary:
            written = Path(temporary) / version
            written.mkdir()
            _copy_model(model_path, written / MODEL)
            for name, text in files.items():
                _write(written / name, text)
            _sync(written)
            written.rename(folder / VERSIONS / version)
        _sync(folder / VERSIONS)
        _switch(folder, version, entry)
    return version


def rollback(folder: Path, version: str, *, who: str, why: str, when: datetime) -> None:
    """Make an earlier champion the champion again.

    Args:
        folder: The archive.
        version: Its name, as `list_versions` gives it.
        who: Who decides.
        why: The reason, in words.
        when: The time to log, with a time zone.

    Raises:
        InputError: There is no such version, it is the champion, who or why is empty, the time has
            no zone, or somebody else is changing the champion.
    """
    entry = _entry("rollback", who, why, when)
    with _locked(folder):
        known = [champion.version for champion in _versions(folder)]
        if version not in known or version == _pointed(folder):
            raise InputError(
                "version to roll back to",
                seen=version if version not in known else f"{version}, the champion",
                expected=f"another of {', '.join(known) or 'none, as none was ever promoted'}",
                remedy="Give an earlier champion's version.",
            )
        _switch(folder, version, entry)


def current(folder: Path) -> Champion | None:
    """Find the champion, or None if there was never one.

    Raises:
        InputError: The champion's files are not all there.
    """
    version = _pointed(folder)
    if version is None:
        return None
    champion = Champion(version, folder / VERSIONS / version)
    if not _is_whole(champion):
        raise InputError(
            champion.folder,
            seen="missing files",
            expected=f"{MODEL} and the JSON files {', '.join(EXPLANATION)}",
            remedy="Restore them, or roll back to another version: "
            f"{', '.join(whole.version for whole in _versions(folder)) or 'there is none'}.",
        )
    return champion


def list_versions(folder: Path) -> pd.DataFrame:
    """List every version that can be rolled back to, the oldest first.

    Returns:
        Columns: version; current, bool; when, action, who, why: how it last became champion, None
        if a crash came between.
    """
    import pandas as pd

    log = promotion_log(folder)
    latest = {entry["to"]: entry for entry in log[log["took_effect"]].to_dict("records")}
    champion = _pointed(folder)
    return pd.DataFrame(
        [
            {"version": version, "current": version == champion}
            | {name: latest.get(version, {}).get(name) for name in ("when", "action", "who", "why")}
            for version in (whole.version for whole in _versions(folder))
        ],
        columns=["version", "current", "when", "action", "who", "why"],
        dtype=object,
    ).astype({"current": bool})


def promotion_log(folder: Path) -> pd.DataFrame:
    """List every change of champion, the oldest first.

    Returns:
        Columns: when (ISO 8601), action (promotion, forced promotion or rollback), who, why, from
        (None for the first) and to, versions; took_effect, False where a crash came between.

    Raises:
        InputError: A line of the log is no JSON.
    """
    import pandas as pd

    log, entries = folder / LOG, []
    # What follows the last line end is still being written, or was when its writer died.
    lines = log.read_text(encoding="utf-8").split("\n")[:-1] if log.exists() else []
    for number, line in enumerate(lines, start=1):
        try:
            entries.append(json.loads(line))
        except json.JSONDecodeError as error:
            raise InputError(
                f"{log}, line {number}", seen=line, expected="JSON", remedy="Mend the line."
            ) from error
    table = pd.DataFrame(entries, columns=list(LOG_COLUMNS), dtype=object)
    starts = [*(entry["from"] for entry in entries[1:]), _pointed(folder)]
    table["took_effect"] = [
        entry["to"] == start for entry, start in zip(entries, starts[: len(entries)], strict=True)
    ]
    return table.astype({"took_effect": bool})


def _entry(action: str, who: str, why: str, when: datetime) -> dict[str, str]:
    if not who.strip() or not why.strip() or when.tzinfo is None:
        raise InputError(
            f"{action} of a champion",
            seen=f"who {who!r}, why {why!r}, when {when.isoformat()}",
            expected="a name, a reason, and a time with its zone",
            remedy="Say who decides, why, and when.",
        )
    return {"when": when.isoformat(), "action": action, "who": who, "why": why}


def _explanation_files(explanation: Mapping[str, Any]) -> dict[str, str]:
    """The text of each file, made before anything is written."""
    seen = ", ".join(explanation) or "nothing"
    files = {}
    try:
        for name, value in explanation.items():
            files[f"{name}.json"] = json.dumps(value, indent=2, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        seen = f"{name}: {error}"
    if len(files) < len(EXPLANATION) or set(explanation) != set(EXPLANATION):
        raise InputError(
            "explanation of a champion",
            seen=seen,
            expected=f"plain values, finite, for each of {', '.join(EXPLANATION)}",
            remedy="Give what JSON can hold.",
        )
    return files


def _copy_model(source: Path, target: Path) -> None:
    """Copy a `.keras` archive, and see that the copy is whole."""
    try:
        shutil.copyfile(source, target)
        with zipfile.ZipFile(target) as archive:
            if damaged := archive.testzip():
                raise zipfile.BadZipFile(f"its member {damaged} is damaged")
    except (FileNotFoundError, IsADirectoryError, *_DAMAGED) as error:
        raise InputError(
            source,
            seen=error,
            expected="a whole .keras archive",
            remedy="Train the network again, or give another file. The champion is unchanged.",
        ) from error
    _sync(target)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other writers out, and remove what a killed one left behind."""
    versions = folder / VERSIONS
    versions.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                folder,
                seen="another process that is changing the champion",
                expected="one at a time",
                remedy="Wait until it is done, which takes a moment, and see who is champion then.",
            ) from error
        for left in versions.glob(".new-*"):
            shutil.rmtree(left)
        yield


def _switch(folder: Path, version: str, entry: Mapping[str, str]) -> None:
    """Log the change, then make it: an entry too many can be told, a missing one cannot."""
    _append(folder / LOG, {**entry, "from": _pointed(folder), "to": version})
    _point(folder, version)


def _append(log: Path, entry: Mapping[str, str | None]) -> None:
    line = json.dumps(entry, ensure_ascii=False) + "\n"
    with log.open("a+b") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)  # a line cut short led to nothing
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())


def _point(folder: Path, version: str) -> None:
    link, temporary = folder / LINK, folder / f".{LINK}.new"
    temporary.unlink(missing_ok=True)
    try:
        temporary.symlink_to(Path(VERSIONS) / version, target_is_directory=True)
    except OSError as error:
        if link.is_symlink() or error.errno not in _NO_LINKS_HERE:
            raise
        _write(temporary, json.dumps({"version": version}) + "\n")
        temporary.replace(folder / POINTER)
    else:
        temporary.replace(link)
    _sync(folder)


def _pointed(folder: Path) -> str | None:
    link, pointer = folder / LINK, folder / POINTER
    if link.is_symlink():
        return link.readlink().name
    if link.exists():
        raise InputError(
            link,
            seen="a folder or file, as some ways of copying leave one",
            expected=f"a symbolic link into {VERSIONS}",
            remedy="Delete it, and roll back to the version that it is a copy of.",
        )
    if pointer.exists():
        return str(json.loads(pointer.read_text())["version"])
    return None


def _versions(folder: Path) -> list[Champion]:
    """All whole versions, the oldest first."""
    champions = [Champion(path.name, path) for path in sorted(_folders(folder), key=_number)]
    return [champion for champion in champions if _is_whole(champion)]


def _folders(folder: Path) -> list[Path]:
    return [path for path in (folder / VERSIONS).glob("*") if re.fullmatch(r"\d+-\w+", path.name)]


def _number(version: Path) -> int:
    return int(version.name.partition("-")[0])


def _is_whole(champion: Champion) -> bool:
    return all(
        (champion.folder / name).is_file()
        for name in (MODEL, *(f"{part}.json" for part in EXPLANATION))
    )


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    _sync(path)


def _sync(path: Path) -> None:
    """Bring a file or a folder's list of files to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_current(folder: Path, version: str | None) -> Finding:
    """Check that the champion is the version expected, and its file an archive Keras can open.

    Args:
        folder: The archive.
        version: The version expected, None where no network was ever promoted.
    """
    champion = current(folder)
    seen = champion.version if champion else None
    whole = champion is None or zipfile.is_zipfile(champion.model_path)
    message = f"The champion is {seen}." if seen else "No network was promoted yet."
    if not whole:
        message = f"The file of the champion {seen} is no Keras archive: roll back to another."
    return Finding(
        passed=whole and seen == version,
        message=message,
        seen={"version": seen, "whole": whole},
        expected={"version": version, "whole": True},
    )
