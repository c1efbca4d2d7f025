"""The names under which the IDX files of a dataset are published, and finding them.

Beside MNIST's own names there are: a dot in place of the second dash; `test` for `t10k` and the
dataset's name before it, as EMNIST's `emnist-letters-test-images-idx3-ubyte`; `.gz` at the end; and
a folder of the name with the file in it, as unpacking makes one.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from mnist_assets.errors import InputError

FILE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "train_images": "train-images-idx3-ubyte",
        "train_labels": "train-labels-idx1-ubyte",
        "test_images": "t10k-images-idx3-ubyte",
        "test_labels": "t10k-labels-idx1-ubyte",
    }
)


def find_idx(folder: Path, file_name: str) -> Path:
    """Find an IDX file under its standard name or a variant of it.

    Args:
        folder: Where to look.
        file_name: The standard name, such as `train-images-idx3-ubyte`. Of several files the first
            in this order is taken: plain before gzipped, dash before dot.

    Raises:
        InputError: The folder is missing, not a folder or unreadable; it has no such file, or those
            of several datasets.
    """
    try:
        found = find_variants(folder, file_name)
    except OSError as error:
        raise InputError(
            folder,
            seen=error.strerror,
            expected=f"a folder with the IDX file {file_name}",
            remedy="Give the path of a folder that exists and can be read.",
        ) from error
    if not found:
        raise InputError(
            folder / file_name,
            seen="no such file",
            expected=f"a file of that name, or one that ends in {_published(file_name)[-1]}, "
            "gzipped or not",
            remedy="Put the file there, or give another folder.",
        )
    if len(prefixes := sorted({_prefix(path.name, file_name) for path in found})) > 1:
        raise InputError(
            folder,
            seen=f"{file_name} of several datasets: {', '.join(path.name for path in found)}",
            expected="the files of one dataset",
            remedy=f"Give each of {', '.join(map(repr, prefixes))} a folder of its own.",
        )
    return found[0]


def has_idx(folder: Path, file_name: str) -> bool:
    """Tell whether an IDX file is in a folder under a name that `find_idx` accepts."""
    return bool(find_variants(folder, file_name))


def find_variants(folder: Path, file_name: str) -> list[Path]:
    """List the files in a folder under all accepted names of one, those that go first at the top.

    Raises:
        OSError: There is no such folder, or it cannot be read.
    """
    named = [path for path in folder.iterdir() if _is_variant(path.name, file_name)]
    files = [path for path in named if path.is_file()] + [
        inside
        for outside in named
        if outside.is_dir()
        for inside in outside.iterdir()
        if inside.is_file() and _is_variant(inside.name, file_name)
    ]
    return sorted(
        files, key=lambda path: (path.name.endswith(".gz"), ".idx" in path.name, str(path))
    )


def _is_variant(name: str, file_name: str) -> bool:
    plain = _plain(name)
    return any(plain == each or plain.endswith(f"-{each}") for each in _published(file_name))


def _prefix(name: str, file_name: str) -> str:
    """What comes before the name as published, such as `emnist-letters-`."""
    ending = next(each for each in _published(file_name) if _plain(name).endswith(each))
    return _plain(name).removesuffix(ending)


def _plain(name: str) -> str:
    return name.removesuffix(".gz").replace(".idx", "-idx")


def _published(file_name: str) -> tuple[str, ...]:
    if not file_name.startswith("t10k-"):
        return (file_name,)
    return file_name, file_name.replace("t10k-", "test-", 1)
