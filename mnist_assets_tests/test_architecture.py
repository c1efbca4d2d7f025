"""The rules of the house: what its parts may know of each other, read from their imports."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

import pytest

import mnist_assets
from mnist_assets_tests.conftest import TOGETHER

FOLDER = Path(mnist_assets.__file__).parent
HEAVY = ("tensorflow", "keras", "pandas", "matplotlib", "sklearn", "scipy", "optuna")
ONLY_FOR_TESTS = ("pytest", "hypothesis", "mnist_assets_tests")

# The order of the graph: a stage imports those before it.
STAGES = (
    "dataset",
    "exploration",
    "preparation",
    "networks",
    "evaluation",
    "quality",
    "champion",
    "inference",
    "study",
    "tuning",
    "claims",
    "report",
)
# What wires a stage: its assets, and what they are given beside their inputs.
WIRING = ("assets", "resources", "sensor", "source", "storage")
DRAWING = ("figures", "plots")
SETTINGS = tuple(f"declarations.{part}" for part in ("settings", "bounds", "operation", "quality"))
# What of the orchestration is plain Python: versions, and what gets files to places and from them.
PLAIN = (
    "versions",
    *(f"storage.{part}" for part in ("addresses", "changes", "copies", "patience")),
)


def modules(part: str = "") -> list[str]:
    return sorted(str(path.relative_to(FOLDER)) for path in (FOLDER / part).rglob("*.py"))


def parts(module: str) -> tuple[str, ...]:
    """The folders of a module, and its name."""
    return Path(module).with_suffix("").parts


def knows_dagster(module: str) -> bool:
    folder, *rest = parts(module)
    if folder == "orchestration":
        return not names({".".join(rest)}, *PLAIN)
    return folder in {"definitions", "cli"} or (folder in STAGES and bool(set(WIRING) & set(rest)))


def draws(module: str) -> bool:
    return bool(set(DRAWING) & set(parts(module)))


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse((FOLDER / module).read_text(encoding="utf-8"))


@cache
def imported(module: str, *, when_loaded: bool = False) -> set[str]:
    """Full names of what a module imports, anywhere or just by being loaded."""
    tree = tree_of(module)
    package = ".".join(["mnist_assets", *Path(module).parent.parts])
    return set(_imports(_when_loaded(tree) if when_loaded else ast.walk(tree), package))


def _imports(nodes: Iterator[ast.AST], package: str) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{base}.{alias.name}" for alias in node.names)


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


def of_project(*folders: str) -> tuple[str, ...]:
    return tuple(f"mnist_assets.{folder}" for folder in folders)


def test_imports_are_found_wherever_they_are(tmp_path: Path) -> None:
    (tmp_path / "example.py").write_text(
        "import keras.layers\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import pandas as pd\n"
        "def f():\n    from matplotlib import pyplot\n    from . import sibling\n"
    )
    tree = ast.parse((tmp_path / "example.py").read_text())
    found = set(_imports(ast.walk(tree), "mnist_assets.study"))
    assert names(found, *HEAVY) == {"keras.layers", "pandas", "matplotlib.pyplot"}
    assert "mnist_assets.study.sibling" in found
    assert names(set(_imports(_when_loaded(tree), "")), *HEAVY) == {"keras.layers"}
    assert names({"pandas_stubs"}, "pandas") == set()


def test_every_folder_has_its_place_in_the_house() -> None:
    folders = {path.name for path in FOLDER.iterdir() if (path / "__init__.py").is_file()}
    assert folders == {*STAGES, "orchestration", "declarations", "plots", "cli"}


@pytest.mark.parametrize("module", [name for name in modules() if not knows_dagster(name)])
def test_what_computes_knows_neither_dagster_nor_wiring(module: str) -> None:
    folders = (*STAGES, "tuning.search")
    wiring = [f"mnist_assets.{folder}.{part}" for folder in folders for part in WIRING]
    settings = of_project("definitions", "cli", *SETTINGS)
    settings = settings if parts(module)[0] != "declarations" else ()
    found = imported(module)
    assert names(found, "dagster", "dagster_shared", *wiring, *settings) == set()
    allowed = names(found, *(f"mnist_assets.orchestration.{part}" for part in PLAIN))
    assert names(found, "mnist_assets.orchestration") <= allowed


@pytest.mark.parametrize("module", modules())
def test_only_figures_draw_and_what_is_heavy_is_imported_where_it_is_used(module: str) -> None:
    at_once, anywhere = imported(module, when_loaded=True), imported(module)
    if draws(module):
        assert names(at_once, *HEAVY) <= names(at_once, "matplotlib")
        assert names(anywhere, "matplotlib.pyplot", *of_project(*SETTINGS)) == set()
    else:
        assert names(at_once, *HEAVY) == set()
        assert names(anywhere, "matplotlib") <= {"matplotlib.figure.Figure"}  # the type of a figure
    assert names(anywhere, *ONLY_FOR_TESTS) == set()


@pytest.mark.parametrize("stage", STAGES)
def test_stages_import_stages_to_their_left(stage: str) -> None:
    right = of_project(*STAGES[STAGES.index(stage) + 1 :], "definitions", "cli")
    found = {module: names(imported(module), *right) for module in modules(stage)}
    assert {module: name for module, name in found.items() if name} == {}


@pytest.mark.parametrize("folder", ["orchestration", "declarations", "plots"])
def test_what_all_stages_share_imports_no_stage(folder: str) -> None:
    forbidden = of_project(*STAGES, "definitions", "cli")
    found = {module: names(imported(module), *forbidden) for module in modules(folder)}
    assert {module: name for module, name in found.items() if name} == {}


PRIVATE_OF_DAGSTER = "orchestration/dagster_internals.py"
PRIVATE_OF_KERAS = "networks/loop/keras_internals.py"
DOCUMENTED = {"_asdict", "_replace", "_exit"}  # of named tuples, and of `os`


def undocumented(tree: ast.Module) -> set[str]:
    """Names with an underscore that a module uses and nothing in it defines."""
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
    assert undocumented(ast.parse(source)) == {"_of_base", "_moments", "_replaced"}


@pytest.mark.parametrize("module", modules())
def test_what_is_not_documented_is_named_in_one_place(module: str) -> None:
    undocumented_modules = {
        name for name in imported(module) if name.startswith(("dagster._", "dagster_shared"))
    }
    assert (undocumented_modules == set()) != (module == PRIVATE_OF_DAGSTER)
    found = undocumented(tree_of(module))
    assert found == ({"_moments"} if module == PRIVATE_OF_KERAS else set())


LOADING = """
import sys
from mnist_assets.definitions import definitions
from dagster import Definitions
assert isinstance(definitions(), Definitions)
print(*sorted(sys.modules))
"""


def test_files_that_run_in_one_process_are_there_and_named_once() -> None:
    tests = Path(__file__).parent
    named = [name for files in TOGETHER.values() for name in files]
    assert [name for name in named if not (tests / name).is_file()] == []
    assert len(named) == len(set(named))


@pytest.mark.slow
def test_definitions_load_without_what_steps_need() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", LOADING], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.split()
    assert "mnist_assets.networks.assets" in loaded
    assert "dagster" in loaded
    assert {"tensorflow", "keras", "matplotlib.pyplot", "pandas", "sklearn", "scipy"}.isdisjoint(
        loaded
    )
