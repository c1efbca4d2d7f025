"""What the parts of the project may know of each other, read from their imports."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path

import pytest

import mnist_assets.steps

FOLDER = Path(mnist_assets.__file__).parent
HEAVY = ("tensorflow", "keras", "pandas", "matplotlib", "sklearn", "scipy")


def modules(part: str = "") -> list[str]:
    return sorted(
        str(path.relative_to(FOLDER))
        for path in (FOLDER / part).rglob("*.py")
        if path.name != "__init__.py"
    )


def imported(module: str, *, when_loaded: bool = False) -> set[str]:
    """Full names of what a module imports, anywhere or just by being loaded."""
    tree = ast.parse((FOLDER / module).read_text(encoding="utf-8"))
    package = ".".join(["mnist_assets", *Path(module).parent.parts])
    return set(_imports(_when_loaded(tree) if when_loaded else ast.walk(tree), package))


def _imports(parts: Iterator[ast.AST], package: str) -> Iterator[str]:
    for part in parts:
        if isinstance(part, ast.Import):
            yield from (alias.name for alias in part.names)
        elif isinstance(part, ast.ImportFrom):
            base = resolve_name("." * part.level + (part.module or ""), package)
            yield from (f"{base}.{alias.name}" for alias in part.names)


def _when_loaded(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is loaded: neither functions nor what is for type checkers alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from _when_loaded(child)


def names(full_names: set[str], *forbidden: str) -> set[str]:
    """Those of the names that are forbidden, or are inside something forbidden."""
    return {
        name
        for name in full_names
        if any(name == other or name.startswith(f"{other}.") for other in forbidden)
    }


def test_imports_are_found_wherever_they_are(tmp_path: Path) -> None:
    (tmp_path / "example.py").write_text(
        "import keras.layers\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import pandas as pd\n"
        "def f():\n    from matplotlib import pyplot\n    from . import sibling\n"
    )
    tree = ast.parse((tmp_path / "example.py").read_text())
    found = set(_imports(ast.walk(tree), "mnist_assets.steps"))
    assert names(found, *HEAVY) == {"keras.layers", "pandas", "matplotlib.pyplot"}
    assert "mnist_assets.steps.sibling" in found
    assert names(set(_imports(_when_loaded(tree), "")), *HEAVY) == {"keras.layers"}
    assert names({"pandas_stubs"}, "pandas") == set()


def test_the_map_of_the_steps_names_each_module_once() -> None:
    _, _, of_stages = (mnist_assets.steps.__doc__ or "").partition("those beside it:")
    without_remarks = re.sub(r"\(.*?\)", "", of_stages, flags=re.DOTALL)
    lists = re.sub(r"^\w+  ", "", without_remarks, flags=re.MULTILINE)
    assert sorted(re.findall(r"\w+", lists)) == [Path(name).stem for name in modules("steps")]


@pytest.mark.parametrize("module", modules("steps"))
def test_steps_know_nothing_of_dagster_nor_of_settings(module: str) -> None:
    wiring = (
        *("assets", "resources", "settings", "storage", "file_formats"),
        *("definitions", "incremental", "figures"),
    )
    forbidden = ["dagster", *(f"mnist_assets.{part}" for part in wiring)]
    assert names(imported(module), *forbidden) == set()


@pytest.mark.parametrize("module", modules("steps"))
def test_steps_draw_nothing_and_load_in_no_time(module: str) -> None:
    assert names(imported(module), "matplotlib") == set()
    assert names(imported(module, when_loaded=True), *HEAVY) == set()


@pytest.mark.parametrize("module", modules("figures"))
def test_figures_only_draw(module: str) -> None:
    forbidden = (
        "matplotlib.pyplot",
        "dagster",
        "mnist_assets.assets",
        "mnist_assets.declarations.settings",
    )
    assert names(imported(module), *forbidden) == set()


@pytest.mark.parametrize("module", modules())
def test_what_only_tests_need_is_imported_by_tests_only(module: str) -> None:
    assert names(imported(module), "sklearn", "scipy", "pytest", "hypothesis") == set()


PRIVATE_OF_DAGSTER = "orchestration/dagster_internals.py"
PRIVATE_OF_KERAS = "networks/keras_internals.py"
DOCUMENTED = {"_asdict", "_exit"}  # of named tuples, and of `os`


def undocumented(source: str) -> set[str]:
    """Names with an underscore that a module uses and nothing in it defines."""
    tree = ast.parse(source)
    used, defined = set(), set(DOCUMENTED)
    for part in ast.walk(tree):
        if isinstance(part, ast.FunctionDef | ast.ClassDef):
            defined.add(part.name)
        elif isinstance(part, ast.Attribute) and re.match("_[^_]", part.attr):
            own = isinstance(part.value, ast.Name) and part.value.id in {"self", "cls"}
            (defined if own and isinstance(part.ctx, ast.Store) else used).add(part.attr)
    return used - defined


def test_undocumented_names_are_found() -> None:
    source = """
class Storage(Base):
    def __init__(self):
        self._own = os._exit
    def _also_own(self):
        self._also_own(self._own)
        self._of_base(), layer._moments
        layer._replaced = 1
"""
    assert undocumented(source) == {"_of_base", "_moments", "_replaced"}


@pytest.mark.parametrize("module", modules())
def test_what_is_not_documented_is_named_in_one_place(module: str) -> None:
    undocumented_modules = {
        name for name in imported(module) if name.startswith(("dagster._", "dagster_shared"))
    }
    assert (undocumented_modules == set()) != (module == PRIVATE_OF_DAGSTER)
    source = (FOLDER / module).read_text(encoding="utf-8")
    assert undocumented(source) == ({"_moments"} if module == PRIVATE_OF_KERAS else set())


LOADING = """
import sys
from mnist_assets.definitions import definitions
from dagster import Definitions
assert isinstance(definitions(), Definitions)
print(*sorted(sys.modules))
"""


def test_definitions_load_without_what_steps_need() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", LOADING], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.split()
    assert "mnist_assets.networks.assets" in loaded
    assert "dagster" in loaded
    assert {"tensorflow", "keras", "matplotlib.pyplot", "pandas", "sklearn"}.isdisjoint(loaded)
