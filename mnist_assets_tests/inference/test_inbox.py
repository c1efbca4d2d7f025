import errno
import os
import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from upath import UPath

from mnist_assets.dataset.idx import encode_header
from mnist_assets.errors import InputError
from mnist_assets.inference.entries import list_entries, look
from mnist_assets.inference.inbox import Verdict, file_key, look_at, quarantine

NOW = 1_000_000.0
LIMITS = {"largest_file": 10_000, "largest_picture": 1_000}
DIGIT = np.pad(np.full((9, 3), 255, np.uint8), 5)


def png(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] = DIGIT) -> bytes:
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


IDX = encode_header((1, *DIGIT.shape)) + DIGIT.tobytes()


def drop(path: Path, data: bytes, age: float = 60) -> Path:
    path.write_bytes(data)
    os.utime(path, (NOW - age, NOW - age))
    return path


def inspect(path: Path) -> Verdict:
    entry = look(UPath(path.parent), path.name)
    assert entry
    return look_at(entry, settled_seconds=5, now=NOW)


def quarantined(path: Path) -> str:
    verdict = inspect(path)
    assert verdict.state == "quarantine"
    return verdict.reason


def waiting(path: Path) -> str:
    verdict = inspect(path)
    assert verdict.state == "waiting"
    return verdict.reason


# --- what a file is ---


def test_a_file_is_ready_whatever_it_is_and_is_not_read(tmp_path: Path) -> None:
    path = drop(tmp_path / "7", b"Dear all, see the attached digit")
    path.chmod(0)
    assert inspect(path) == Verdict("ready")


@pytest.mark.parametrize("age", [0, 4.9, -4.9])
def test_a_file_that_changed_just_now_has_to_wait(tmp_path: Path, age: float) -> None:
    assert "less than 5 seconds ago" in waiting(drop(tmp_path / "7.png", png()[:-9], age))


@pytest.mark.parametrize("age", [5, 1e6, -1e6])
def test_a_file_that_is_settled_need_not_even_by_another_clock(tmp_path: Path, age: float) -> None:
    assert inspect(drop(tmp_path / "7.png", png(), age)).state == "ready"


@pytest.mark.parametrize("name", [".7.png", ".DS_Store", "7.png.part", "7.TMP", "7.crdownload"])
def test_hidden_and_unfinished_files_are_left_alone(tmp_path: Path, name: str) -> None:
    assert "not finished" in waiting(drop(tmp_path / name, png()))


def test_a_file_that_is_gone_is_no_fault(tmp_path: Path) -> None:
    assert look(UPath(tmp_path), "7.png") is None
    assert list_entries(UPath(tmp_path)) == list_entries(UPath(tmp_path / "nowhere")) == []


def test_folders_and_pipes_are_due_for_quarantine(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")  # opening it would never return
    for path in (tmp_path / "folder", tmp_path / "pipe"):
        entry = look(UPath(path.parent), path.name)
        assert entry
        now = path.stat().st_mtime
        assert "changed less" in look_at(entry, settled_seconds=5, now=now).reason
    assert "a folder" in quarantined(tmp_path / "folder")
    assert "not a regular file" in quarantined(tmp_path / "pipe")


@pytest.mark.parametrize("target", ["/etc/hostname", "../7.png", "7.png", "missing", "link"])
def test_links_are_never_followed(tmp_path: Path, target: str) -> None:
    drop(tmp_path / "7.png", png())
    (tmp_path / "link").symlink_to(target)
    assert f"It is a link, to {target}" in quarantined(tmp_path / "link")


# --- which file it is ---


def test_keys_tell_contents_apart_and_names_but_for_their_endings() -> None:
    names, contents = ("7.png", "8.png"), ("e3b0c44298fc", "0123456789ab")
    assert len({file_key(name, sha) for name in names for sha in contents}) == 4
    assert file_key("My 7.PNG", "ab") == file_key("my 7.jpg", "ab")


# --- quarantine ---


def test_a_quarantined_file_is_moved_with_its_reason(tmp_path: Path) -> None:
    path = drop(tmp_path / "7.png", b"broken")
    moved = quarantine(path, tmp_path / "not" / "there", "It is broken.")
    assert moved == tmp_path / "not" / "there" / "7.png"
    assert moved.read_bytes() == b"broken"
    assert not path.exists()
    reason = tmp_path / "not" / "there" / "7.png.reason.txt"
    assert reason.read_text(encoding="utf-8") == "It is broken.\n"


def test_earlier_quarantined_files_are_never_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "quarantine"
    moved = [
        quarantine(drop(tmp_path / "7.png", data), folder, str(data)) for data in (b"1", b"2", b"3")
    ]
    assert [path.name for path in moved] == ["7.png", "7-2.png", "7-3.png"]
    assert [path.read_bytes() for path in moved] == [b"1", b"2", b"3"]
    assert (folder / "7-2.png.reason.txt").read_text(encoding="utf-8") == "b'2'\n"
    # A file put there by hand has no reason, and stays as well.
    drop(folder / "8.png", b"by hand")
    assert quarantine(drop(tmp_path / "8.png", b"4"), folder, "").name == "8-2.png"
    assert (folder / "8.png").read_bytes() == b"by hand"
    # Nor does a reason without its file, of another process or of one that was killed.
    drop(folder / "9.png.reason.txt", b"mine")
    assert quarantine(drop(tmp_path / "9.png", b"5"), folder, "").name == "9-2.png"
    assert (folder / "9.png.reason.txt").read_bytes() == b"mine"


def test_folders_links_and_names_of_any_length_are_quarantined(tmp_path: Path) -> None:
    folder = tmp_path / "quarantine"
    (tmp_path / "digits").mkdir()
    drop(tmp_path / "digits" / "7.png", png())
    (tmp_path / "link").symlink_to("/nowhere")
    assert (quarantine(tmp_path / "digits", folder, "") / "7.png").exists()
    assert quarantine(tmp_path / "link", folder, "").readlink() == Path("/nowhere")
    for _ in range(2):
        moved = quarantine(drop(tmp_path / ("7" * 251 + ".png"), b""), folder, "")
        assert len(moved.name) == 255 - len(".reason.txt")
    assert moved.name.endswith("7-2.png")
    assert list(tmp_path.iterdir()) == [folder]


def test_a_file_that_cannot_be_moved_stays_and_leaves_no_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="No such file"):
        quarantine(tmp_path / "gone.png", tmp_path / "quarantine", "")
    path = drop(tmp_path / "7.png", b"broken")
    drop(tmp_path / "occupied", b"")
    with pytest.raises(InputError, match="File exists"):
        quarantine(path, tmp_path / "occupied", "")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(InputError, match="No space left"):
        quarantine(path, tmp_path / "quarantine", "")
    assert path.read_bytes() == b"broken"
    assert list((tmp_path / "quarantine").iterdir()) == []


@pytest.fixture
def two_file_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that files can be renamed within, but not into."""
    folder = tmp_path / "other"
    folder.mkdir()
    replace = Path.replace

    def replace_within(self: Path, target: Path) -> Path:
        if self.parent != target.parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replace_within)
    return folder


def test_another_file_system_gets_a_copy_before_the_original_goes(
    tmp_path: Path, two_file_systems: Path
) -> None:
    (tmp_path / "digits").mkdir()
    drop(tmp_path / "digits" / "7.png", png())
    (tmp_path / "link").symlink_to("/nowhere")
    moved = [
        quarantine(path, two_file_systems, "Why.")
        for path in (drop(tmp_path / "7.png", b"1"), tmp_path / "digits", tmp_path / "link")
    ]
    assert moved[0].read_bytes() == b"1"
    assert moved[0].stat().st_mtime == NOW - 60
    assert (moved[1] / "7.png").read_bytes() == png()
    assert moved[2].readlink() == Path("/nowhere")
    assert list(tmp_path.iterdir()) == [two_file_systems]
    assert sorted(path.name for path in two_file_systems.iterdir()) == sorted(
        name for path in moved for name in (path.name, f"{path.name}.reason.txt")
    )


@pytest.mark.parametrize("copying", ["copy2", "copytree"])
def test_a_copy_that_was_killed_loses_nothing_and_is_cleared(
    tmp_path: Path, two_file_systems: Path, monkeypatch: pytest.MonkeyPatch, copying: str
) -> None:
    path = tmp_path / "7"
    if copying == "copytree":
        path.mkdir()
        drop(path / "7.png", png())
    else:
        drop(path, png())
    copy = getattr(shutil, copying)

    def copy_and_die(*arguments: Path, **options: bool) -> None:
        copy(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, copying, copy_and_die)
    with pytest.raises(KeyboardInterrupt):
        quarantine(path, two_file_systems, "Why.")
    assert path.exists()
    monkeypatch.setattr(shutil, copying, copy)
    moved = quarantine(path, two_file_systems, "Why.")
    assert (moved / "7.png" if copying == "copytree" else moved).read_bytes() == png()
    assert not path.exists()
    assert [file for file in two_file_systems.iterdir() if "reason" not in file.name] == [moved]
