"""What a dataset says of itself in a `dataset.yaml`, or in a `classes.txt`, that comes with it.

In a folder these are the names; beside `shapes.npz` they are `shapes.dataset.yaml` and
`shapes.classes.txt`. Its `bounds` are checked where they are merged with the settings.
"""

from pathlib import Path
from typing import Any

from pydantic import Field

from mnist_assets.declarations.yaml_files import Declared, Real, read_yaml
from mnist_assets.errors import InputError

FILE, CLASSES = "dataset.yaml", "classes.txt"
LONGEST_NAME = 40  # characters: more would not fit into any table or picture


class Declaration(Declared):
    """The content of a `dataset.yaml`; every field may be left out.

    Attributes:
        title: What to call the dataset.
        class_names: What to call each class, in the order of the labels.
        transposed: Whether rows and columns of its images are swapped.
        test_share: Share of the training part that becomes the test part, where there is none.
        bounds: Settings of its own, as in `settings.yaml`.
    """

    title: str | None = Field(default=None, min_length=1, max_length=80)
    class_names: tuple[str, ...] | None = None
    transposed: bool = False
    test_share: Real | None = Field(default=None, gt=0, lt=1)
    bounds: dict[str, Any] = Field(default_factory=dict)


def beside(location: Path, name: str) -> Path:
    """Give the place of one of the files: in the dataset's folder, or beside its one file."""
    is_folder = location.is_dir() or not location.suffix
    return location / name if is_folder else location.with_suffix(f".{name}")


def read_declaration(location: Path) -> Declaration:
    """Read what a dataset says of itself.

    Args:
        location: Its folder, or its `.npz` file.

    Raises:
        InputError: `dataset.yaml` or `classes.txt` cannot be read, or holds what is not allowed.
    """
    file, names_file = beside(location, FILE), beside(location, CLASSES)
    declared = read_yaml(file, Declaration) if file.is_file() else Declaration()
    if declared.class_names is not None:
        _require_names(declared.class_names, file)
    elif names_file.is_file():
        names = _read_names(names_file)
        _require_names(names, names_file)
        declared = declared.model_copy(update={"class_names": names})
    return declared


def _read_names(path: Path) -> tuple[str, ...]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            path,
            seen=str(error),
            expected="a text in UTF-8, one name a line",
            remedy="Correct the file, or take it away.",
        ) from error
    return tuple(line.strip() for line in text.strip().splitlines())


def _require_names(names: tuple[str, ...], path: Path) -> None:
    for number, name in enumerate(names, 1):
        if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
            raise InputError(
                f"{path}, name {number}",
                seen=repr(name),
                expected=f"a name of 1 to {LONGEST_NAME} printable characters",
                remedy="Correct the name.",
            )
        if name in names[: number - 1]:
            raise InputError(
                f"{path}, name {number}",
                seen=f"a second '{name}'",
                expected="another name for each class",
                remedy="Rename one of the two.",
            )
