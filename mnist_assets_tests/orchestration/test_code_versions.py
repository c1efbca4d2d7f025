import importlib
import inspect
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent, indent

import dagster as dg
import pytest
from dagster._core.definitions.decorators.op_decorator import DecoratedOpFunction
from pydantic import BaseModel

from mnist_assets.declarations.places import NETWORKS_FILE, Places
from mnist_assets.definitions import build_definitions
from mnist_assets.networks.declaration import read_networks
from mnist_assets.orchestration.versions import kept
from mnist_assets.orchestration.versions import modules as source_modules
from mnist_assets.orchestration.versions import source as source_code
from mnist_assets.orchestration.versions.code import code_version, imported_libraries
from mnist_assets.tuning.declaration import read_sweeps

Files = dict[str, str]
Versions = dict[str, str]
VersionsOf = Callable[[Files], Versions]
HELPERS = ("f", "g", "d", "_")  # what stands for a helper below


def forget_sources() -> None:
    for cached in (
        source_modules.read_module,
        source_modules.is_module,
        source_code.used_by,
        source_code._definition,
        kept._findings,
    ):
        cached.cache_clear()


@pytest.fixture
def versions_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VersionsOf]:
    """Writes and imports a package `fake`; gives the versions of the functions of `fake.assets`."""
    written = 0

    def write_and_import(files: Files) -> Versions:
        nonlocal written
        written += 1
        folder = tmp_path / str(written) / "fake"
        for name, content in {"__init__.py": "", **files}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(content))
            if not (path.parent / "__init__.py").exists():
                (path.parent / "__init__.py").write_text("")
        for module in [name for name in sys.modules if name.partition(".")[0] == "fake"]:
            del sys.modules[module]
        monkeypatch.syspath_prepend(folder.parent)
        monkeypatch.setattr(source_modules, "PACKAGE", "fake")
        monkeypatch.setattr(source_modules, "FOLDER", folder)
        forget_sources()
        assets = importlib.import_module("fake.assets")
        return {
            name: code_version(function)
            for name, function in vars(assets).items()
            if inspect.isfunction(function)
            and function.__globals__ is vars(assets)
            and name not in HELPERS
        }

    yield write_and_import
    forget_sources()


PACKAGE: Files = {
    "assets.py": """
        import fake.b as b_alias
        from fake import a
        from fake.a import first as renamed
        from fake.exports import shared
        from . import b

        def alone(x):
            return x

        def by_name(x):
            return renamed(x)

        def by_module(x):
            return a.first(x)

        def by_alias(x):
            return b_alias.second(x)

        def relatively(x):
            return b.second(x)

        def by_export(x):
            return shared(x)

        def lazily(x):
            from fake.b import second
            return second(x)

        def lazily_dotted(x):
            import fake.c
            return fake.c.third(x)

        def another(x):
            return b_alias.beside(x)

        def as_a_value(xs):
            return [*map(renamed, xs)]
        """,
    "a.py": """
        from fake.b import second

        def first(x):
            return second(x) + 1
        """,
    "b.py": """
        def second(x):
            from fake.c import third
            return third(x) * 2

        def beside(x):
            return x
        """,
    "c.py": """
        FACTOR = 3

        def third(x):
            return FACTOR * x
        """,
    "exports.py": "from fake.a import first as shared\n",
}
ALL = {
    "by_name",
    "by_module",
    "by_alias",
    "relatively",
    "by_export",
    "lazily",
    "lazily_dotted",
    "as_a_value",
}


def test_it_is_16_hexadecimal_digits_and_stays_the_same(versions_of: VersionsOf) -> None:
    versions = versions_of(PACKAGE)
    assert versions.keys() == ALL | {"alone", "another"}
    assert {len(version) for version in versions.values()} == {16}
    assert all(int(version, 16) for version in versions.values())
    assert versions_of(PACKAGE) == versions


@pytest.mark.parametrize(
    ("file", "old", "new", "users"),
    [
        ("c.py", "FACTOR * x", "x * FACTOR", ALL),
        ("c.py", "FACTOR = 3", "FACTOR = 4", ALL),
        ("b.py", "third(x) * 2", "third(x) * 3", ALL - {"lazily_dotted"}),
        (
            "a.py",
            "second(x) + 1",
            "second(x) + 2",
            {"by_name", "by_module", "by_export", "as_a_value"},
        ),
        ("b.py", "return x\n", "return -x\n", {"another"}),
        ("exports.py", "fake.a import first", "fake.c import third", {"by_export"}),
        ("assets.py", "    return a.first(x)", "    return -a.first(x)", {"by_module"}),
        ("assets.py", "fake.a import first", "fake.b import second", {"by_name", "as_a_value"}),
    ],
)
def test_an_edit_changes_just_the_versions_of_what_uses_it(
    *, versions_of: VersionsOf, file: str, old: str, new: str, users: set[str]
) -> None:
    assert PACKAGE[file].count(old) == 1
    before = versions_of(PACKAGE)
    after = versions_of(PACKAGE | {file: PACKAGE[file].replace(old, new)})
    assert {name for name in before if before[name] != after[name]} == users


def assets_file(module: str, body: str) -> Files:
    """A module with one asset, and another that nothing but its own code can change."""
    asset = (
        f"\ndef asset(x=None):\n{indent(dedent(body), '    ')}\ndef bystander():\n    return 0\n"
    )
    return {"assets.py": dedent(module) + asset}


DISPATCHED = """
from functools import singledispatch
@singledispatch
def f(x):
    return 0
@f.register
def _(x: int):
    return 1
@f.register(str)
def _(x):
    return 2
"""
DECORATED = """
def d(n):
    return lambda f: f
@d(1)
def f():
    pass
"""
CONDITIONAL = """
try:
    def f():
        return 1
except ImportError:
    def f():
        return 2
"""
# What: the module before, what in it becomes what, and the body of the asset.
COUNTED: dict[str, tuple[str, str, str]] = {
    "constant": ("N = 1", "1 -> 2", "return N"),
    "annotated constant": ("N: int = 1", "1 -> 2", "return N"),
    "one of several constants": ("M, N = 1, 2", "2 -> 3", "return N"),
    "constant of two names": ("M = N = 1", "1 -> 2", "return N"),
    "addition to a constant": ("N = 1\nN += 2", "2 -> 3", "return N"),
    "entry added to a constant": ("N = {}\nN['a'] = 1", "1 -> 2", "return N"),
    "call that changes a constant": ("N = {}\nN.update(a=1)", "1 -> 2", "return N"),
    "attribute set on a class": ("class N:\n    a = 1\nN.a = 2", "2 -> 3", "return N"),
    "constant made in a loop": ("N = []\nfor i in (1, 2):\n    N.append(i)", "2 -> 3", "return N"),
    "constant under a condition": ("if 1:\n    N = 2\nelse:\n    N = 3", "3 -> 4", "return N"),
    "condition": ("if 1:\n    N = 2\nelse:\n    N = 3", "1 -> 0", "return N"),
    "function under a condition": (CONDITIONAL, "return 2 -> return 3", "return f()"),
    "constant in a context": ("with open(__file__) as N:\n    M = 1", "1 -> 2", "return N"),
    "constant by the way": ("print(end=str(N := ''))", "'' -> str()", "return N"),
    "constant of a constant": ("M = 1\nN = M", "1 -> 2", "return N"),
    "lambda": ("f = lambda x: x", "x: x -> x: -x", "return f(1)"),
    "default": ("def f(n=1):\n    return n", "n=1 -> n=2", "return f()"),
    "constant in a default": ("N = 1\ndef f(n=N):\n    return n", "1 -> 2", "return f()"),
    "asynchronous helper": ("async def f():\n    return 1", "1 -> 2", "return f()"),
    "generator": ("def f():\n    yield 1", "1 -> 2", "return f()"),
    "what a nested function uses": ("N = 1\ndef f():\n    return lambda: N", "1 -> 2", "f()"),
    "decorator": (DECORATED, "lambda f: f -> lambda f: print", "return f()"),
    "decorator's argument": (DECORATED, "d(1) -> d(2)", "return f()"),
    "method": ("class C:\n    def m(self):\n        return 1", "1 -> 2", "return C().m()"),
    "what a method uses": ("N = 1\nclass C:\n    def m(self):\n        N", "1 -> 2", "C().m()"),
    "field": ("class C:\n    n = 1", "1 -> 2", "return C().n"),
    "field's type": ("class C:\n    n: int = 1", "int -> float", "return C().n"),
    "what a field is taken from": ("N = 1\nclass C:\n    N = N", "1 -> 2", "return C"),
    "base class": ("class B:\n    n = 1\nclass C(B):\n    pass", "1 -> 2", "return C().n"),
    "class in a pattern": (
        "class C:\n    n = 1",
        "1 -> 2",
        "match x:\n    case C():\n        pass",
    ),
    "name also bound in a comprehension": ("N = 1", "1 -> 2", "return [N for N in ()], N"),
    "name in a comprehension's source": ("N = [1]", "1 -> 2", "return [N for N in N]"),
    "name also bound in a function": ("N = 1", "1 -> 2", "def f(N):\n    return N\nreturn f(N)"),
    "global name that is set": ("N = 1", "1 -> 2", "global N\nN += 1\nreturn N"),
    "registered function": (DISPATCHED, "return 1 -> return 3", "return f(1)"),
    "another registered function": (DISPATCHED, "return 2 -> return 3", "return f(1)"),
    "recursion": ("def f(x):\n    return f(x - 1)", "1 -> 2", "return f(1)"),
    "mutual recursion": ("def f(x):\n    g(x)\ndef g(x):\n    f(x - 1)", "1 -> 2", "return f(1)"),
}


@pytest.mark.parametrize("what", COUNTED)
def test_a_change_that_counts(versions_of: VersionsOf, what: str) -> None:
    module, edit, body = COUNTED[what]
    old, new = edit.split(" -> ")
    assert old in module
    before = versions_of(assets_file(module, body))
    after = versions_of(assets_file(module.replace(old, new), body))
    assert before["asset"] != after["asset"]
    assert before["bystander"] == after["bystander"]


@pytest.mark.parametrize(
    ("old", "new"),
    [("return x", "return -x"), ("x=None", "x=1"), ("(x=None)", "(x=None, *y)")],
)
def test_a_change_of_the_assets_own_code_counts(
    versions_of: VersionsOf, old: str, new: str
) -> None:
    file = assets_file("", "return x")
    changed = {"assets.py": file["assets.py"].replace(old, new)}
    before, after = versions_of(file), versions_of(changed)
    assert before["asset"] != after["asset"]
    assert before["bystander"] == after["bystander"]


WRITTEN = '''"""A module."""

from collections.abc import Mapping

N: int = 1
UNUSED = 2


class C:
    """A class."""

    def method(self, x: int) -> int:
        """A method."""
        return x


def helper(x: int, *others: int, named: str = "a", **rest: int) -> int:
    """A helper."""
    total: int = N + x  # a comment
    return C().method(total)


async def waits():
    """Waits."""
    return 1


def split(x):
    return x


def asset(x: int) -> Mapping[str, int]:
    """An asset."""
    split = helper(x)
    return {"a": split, "b": waits()}
'''
SAME = {
    "comment": ("# a comment", "# another comment, which says more"),
    "no comment": ("  # a comment", ""),
    "module's docstring": ('"""A module."""', '"""Another text."""'),
    "class's docstring": ('"""A class."""', '"""Another text."""'),
    "method's docstring": ('"""A method."""', '"""Another text."""'),
    "helper's docstring": ('"""A helper."""', '"""Another text."""'),
    "no docstring": ('    """A helper."""\n', ""),
    "asynchronous helper's docstring": ('"""Waits."""', '"""Another text."""'),
    "asset's docstring": ('"""An asset."""', '"""Another text."""'),
    "argument's type": ("def helper(x: int", "def helper(x: float"),
    "no argument's type": ("def helper(x: int", "def helper(x"),
    "other arguments' type": ("*others: int", "*others: float"),
    "named arguments' type": ("**rest: int", "**rest: float"),
    "method's type": ("def method(self, x: int) -> int", "def method(self, x) -> float"),
    "result's type": ("Mapping[str, int]", "dict[str, int]"),
    "constant's type": ("N: int = 1", "N = 1"),
    "variable's type": ("total: int = N", "total = N"),
    "layout": ("C().method(total)", "C().method(\n            (total),\n        )"),
    "quotes": ('"a": split', "'a': split"),
    "blank line": ("    return {", "\n    return {"),
    "unused import": ("import Mapping", "import Callable, Mapping"),
    "unused constant": ("UNUSED = 2", "UNUSED = 3"),
    "function that shares its name with a variable": ("def split(x):", "def split(x, y=1):"),
}


@pytest.mark.parametrize("what", SAME)
def test_a_change_that_does_not_count(versions_of: VersionsOf, what: str) -> None:
    old, new = SAME[what]
    assert WRITTEN.count(old) == 1
    before = versions_of({"assets.py": WRITTEN})["asset"]
    assert versions_of({"assets.py": WRITTEN.replace(old, new)})["asset"] == before


def test_the_assets_own_decorators_do_not_count(versions_of: VersionsOf) -> None:
    module = """
        def _described(text):
            return lambda function: function

        @_described("{text}")
        def asset():
            return 1
        """
    versions = [versions_of({"assets.py": module.format(text=text)}) for text in ("one", "another")]
    assert versions[0] == versions[1]


def test_a_decorator_that_wraps_the_asset_counts(versions_of: VersionsOf) -> None:
    module = """
        from functools import wraps

        def _wrapped(function):
            @wraps(function)
            def call(*arguments):
                return {outer}
            return call

        @_wrapped
        def asset():
            return {inner}
        """
    formats = [("function()", 1), ("-function()", 1), ("function()", 2)]
    versions = {
        versions_of({"assets.py": module.format(outer=outer, inner=inner)})["asset"]
        for outer, inner in formats
    }
    assert len(versions) == 3


def test_modules_that_use_each_other_come_to_an_end(versions_of: VersionsOf) -> None:
    def files(number: int) -> Files:
        return {
            "assets.py": "from fake import a\ndef asset(x):\n    return a.f(x)\n",
            "a.py": "from fake import b\ndef f(x):\n    return b.g(x)\n",
            "b.py": f"from fake import a\ndef g(x):\n    return a.f(x - {number})\n",
        }

    assert versions_of(files(1)) != versions_of(files(2))


def test_a_module_handed_on_counts_as_a_whole(versions_of: VersionsOf) -> None:
    def files(number: int) -> Files:
        return {
            "assets.py": "from fake import a\ndef asset(name):\n    return getattr(a, name)()\n",
            "a.py": f"def f():\n    return {number}\n",
        }

    assert versions_of(files(1)) != versions_of(files(2))


def test_a_package_of_packages_is_followed(versions_of: VersionsOf) -> None:
    def files(number: int) -> Files:
        return {
            "assets.py": "from fake import steps\ndef asset():\n    steps.shared.N, steps.M\n",
            "steps/__init__.py": "from fake.steps import shared\nfrom .shared import N as M\n",
            "steps/shared.py": f"N = {number}\n",
        }

    assert versions_of(files(1)) != versions_of(files(2))


EITHER = """
try:
    from fake.a import f
except ImportError:
    from fake.b import f
def asset():
    return f()
"""


def test_either_of_two_imports_counts(versions_of: VersionsOf) -> None:
    def files(first: int, second: int) -> Files:
        return {
            "assets.py": EITHER,
            "a.py": f"def f():\n    return {first}\n",
            "b.py": f"def f():\n    return {second}\n",
        }

    versions = [versions_of(files(*numbers))["asset"] for numbers in ((1, 1), (1, 2), (2, 1))]
    assert len(set(versions)) == 3


def test_code_that_is_moved_to_another_module_is_the_same_code(versions_of: VersionsOf) -> None:
    def files(home: str) -> Files:
        code = {"a": "", "b": ""} | {home: "N = 2\ndef f():\n    return N\n"}
        assets = f"from fake.{home} import f\ndef asset():\n    return f()\n"
        return {"assets.py": assets, **{f"{name}.py": text for name, text in code.items()}}

    assert versions_of(files("a")) == versions_of(files("b"))


# Values that factories pass in


class Declared(BaseModel):
    number: int


def made_with(value: object) -> Callable[[], object]:
    def asset() -> object:
        return value

    return asset


@pytest.fixture
def tests_as_package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The functions of this file are those of the package."""
    monkeypatch.setattr(source_modules, "PACKAGE", __name__.partition(".")[0])
    monkeypatch.setattr(source_modules, "FOLDER", Path(__file__).parents[1])
    forget_sources()
    yield
    forget_sources()


@pytest.mark.usefixtures("tests_as_package")
@pytest.mark.parametrize(
    ("value", "other"),
    [
        (1, 2),
        (1, 1.0),
        (1, True),
        (1, "1"),
        ("a", "b"),
        (b"a", "a"),
        (None, 0),
        ((1, 2), (2, 1)),
        ([1], [[1]]),
        (["a, b"], ["a", "b"]),
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"b": 1}),
        (Declared(number=1), Declared(number=2)),
        ({"a": (Declared(number=1),)}, {"a": (Declared(number=2),)}),
    ],
)
def test_what_a_factory_passes_in_counts_by_value(value: object, other: object) -> None:
    version = code_version(made_with(value))
    assert code_version(made_with(value)) == version
    assert code_version(made_with(other)) != version


@pytest.mark.usefixtures("tests_as_package")
def test_equal_values_count_as_equal() -> None:
    versions = {code_version(made_with({"a": Declared(number=number)})) for number in (1, 1)}
    assert len(versions) == 1


@pytest.mark.usefixtures("tests_as_package")
@pytest.mark.parametrize(
    "value", [object(), {1, 2}, dg.AssetKey("a"), [object()], Path, Path("a"), len]
)
def test_a_value_whose_content_cannot_be_told_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match=r"asset closes over value, a \w+ whose content cannot"):
        code_version(made_with(value))


@pytest.mark.usefixtures("tests_as_package")
def test_a_function_passed_in_counts_by_its_code_and_values() -> None:
    versions = {code_version(made_with(made_with(number))) for number in (1, 2)}
    assert len(versions) == 2


@pytest.mark.usefixtures("tests_as_package")
def test_a_lambda_passed_in_is_refused() -> None:
    with pytest.raises(TypeError, match="is no named function of mnist_assets_tests"):
        code_version(made_with(lambda: 1))


@pytest.mark.usefixtures("tests_as_package")
def test_a_function_of_another_package_is_refused() -> None:
    with pytest.raises(TypeError, match=r"shutil\.copy is no named function"):
        code_version(made_with(shutil.copy))


def made_with_default(value: object) -> Callable[..., object]:
    def asset(given: object = value, *, named: object = value) -> object:
        return given, named

    return asset


@pytest.mark.usefixtures("tests_as_package")
def test_a_default_argument_that_a_factory_sets_counts_by_value() -> None:
    assert code_version(made_with_default(1)) != code_version(made_with_default(2))
    with pytest.raises(TypeError, match="closes over given, a object"):
        code_version(made_with_default(object()))


def test_a_value_passed_in_is_not_the_definition_of_the_same_name(
    versions_of: VersionsOf,
) -> None:
    module = """
        def split():
            return {number}

        def f(split):
            def asset():
                nonlocal split
                split += 1
                return split
            return asset

        asset = f(1)
        """
    versions = [versions_of({"assets.py": module.format(number=n)})["asset"] for n in (1, 2)]
    assert versions[0] == versions[1]


def made_recursive(end: int) -> Callable[[int], int]:
    def asset(x: int) -> int:
        return x if x > end else other(x)

    def other(x: int) -> int:
        return asset(x + 1)

    return asset


@pytest.mark.usefixtures("tests_as_package")
def test_functions_that_close_over_each_other_come_to_an_end() -> None:
    assert code_version(made_recursive(3)) != code_version(made_recursive(4))


@pytest.mark.usefixtures("tests_as_package")
def test_what_is_not_yet_defined_is_refused_unless_it_is_the_function_itself() -> None:
    versions: list[str] = []

    def keep_version(function: Callable[..., object]) -> Callable[..., object]:
        versions.append(code_version(function))
        return function

    @keep_version
    def calls_itself(x: int) -> object:
        return calls_itself(x)

    assert len(versions) == 1
    with pytest.raises(TypeError, match="closes over later, which is not yet defined"):

        @keep_version
        def calls_another() -> object:
            return later()

    def later() -> int:
        return 1


# The real graph

NETWORKS, SWEEPS = tuple(read_networks()), tuple(read_sweeps(read_networks()))


def graph_versions(networks: Path = NETWORKS_FILE) -> Versions:
    graph = build_definitions(Places(networks=networks)).resolve_asset_graph()
    return {
        key.to_user_string(): graph.get(key).code_version or ""
        for key in graph.materializable_asset_keys
    }


def test_every_asset_has_a_code_version() -> None:
    versions = graph_versions()
    assert len(versions) > 20
    assert [key for key, version in versions.items() if not version] == []


def test_a_changed_declaration_is_a_new_version_of_that_network_alone(tmp_path: Path) -> None:
    text = NETWORKS_FILE.read_text()
    assert text.count("learning_rate: 0.00035") == 1
    edited = tmp_path / "networks.yaml"
    edited.write_text(text.replace("learning_rate: 0.00035", "learning_rate: 0.0004"))
    before, after = graph_versions(), graph_versions(edited)
    assert {
        key
        for key in before
        if before[key] != after[key] and not key.startswith("report/")  # it tells the declarations
    } == {"networks/best", "networks/best_history", "study/best"} | {
        f"tuning/{sweep}_runs" for sweep in SWEEPS
    }


@pytest.fixture
def real_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the package's sources, from which code versions are told; it is not imported."""
    copied = tmp_path / "mnist_assets"
    shutil.copytree(source_modules.FOLDER, copied)
    monkeypatch.setattr(source_modules, "FOLDER", copied)
    forget_sources()
    yield copied
    forget_sources()


def asset_functions() -> dict[str, Callable[..., object]]:
    graph = build_definitions(Places()).resolve_asset_graph()
    functions = {}
    for key in graph.materializable_asset_keys:
        computation = graph.get(key).assets_def.op.compute_fn
        assert isinstance(computation, DecoratedOpFunction)
        functions[key.to_user_string()] = computation.decorated_fn
    return functions


def changed_by(path: Path, old: str, new: str) -> set[str]:
    """The assets with a new version once the source is edited, the report aside."""
    functions = asset_functions()
    before = {key: code_version(function) for key, function in functions.items()}
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    forget_sources()
    changed = {key for key, function in functions.items() if code_version(function) != before[key]}
    return {key for key in changed if not key.startswith("report/")}


@pytest.mark.slow
def test_the_palette_changes_just_what_draws(real_sources: Path) -> None:
    changed = changed_by(real_sources / "plots" / "style.py", '"#0072B2"', '"#0072B3"')
    assert changed == {
        "exploration/average_digits",
        "exploration/class_distribution",
        "exploration/extreme_digits",
        "exploration/grey_levels",
        "exploration/pixel_histogram",
        "exploration/pixel_range",
        "exploration/sample_digits",
        "preparation/normalization",
        "preparation/normalized_digits",
        *(f"networks/{name}_history" for name in NETWORKS),
        *(f"evaluation/{name}" for name in (*NETWORKS, "comparison", "label_errors")),
        *(
            f"evaluation/{name}_{kind}"
            for name in NETWORKS
            for kind in ("quality", "mistakes", "robustness")
        ),
        "champion/decision",
        "champion/quality",
        "champion/training_log",
        "inference/predictions",
        *(f"study/{name}" for name in (*NETWORKS, "comparison")),
        *(f"tuning/{name}" for name in (*SWEEPS, "overview", "search")),
    }


@pytest.mark.slow
def test_the_training_loop_changes_just_the_networks(real_sources: Path) -> None:
    path = real_sources / "networks" / "loop" / "training_loop.py"
    changed = changed_by(path, "VALIDATION_CHUNK = ", "VALIDATION_CHUNK = 1 + ")
    assert changed == {
        "evaluation/label_errors",
        *(f"networks/{name}" for name in NETWORKS),
        *(f"tuning/{sweep}_runs" for sweep in SWEEPS),
    }


@pytest.mark.slow
def test_a_comment_changes_nothing(real_sources: Path) -> None:
    path = real_sources / "dataset" / "idx.py"
    assert changed_by(path, "import hashlib", "import hashlib  # to tell files apart") == set()


def test_the_libraries_that_code_imports_are_found_wherever_it_does(
    versions_of: VersionsOf,
) -> None:
    versions_of(
        {
            "assets.py": """
                from __future__ import annotations
                import json
                from typing import TYPE_CHECKING
                import numpy as np
                from fake.helpers import draw
                if TYPE_CHECKING:
                    import pandas as pd

                def alone(x: pd.DataFrame): return x
                def direct(x): return np.mean(x)
                def indirect(x): return draw(x)
                def factory(function):
                    def made(x): return function(x)
                    return made
                passed_in = factory(direct)
            """,
            "helpers.py": """
                import scipy

                def draw(x):
                    from matplotlib import pyplot
                    return pyplot.plot(x)
            """,
        }
    )
    assets = importlib.import_module("fake.assets")
    found = {
        name: set(imported_libraries(getattr(assets, name)))
        for name in ("alone", "direct", "indirect", "passed_in")
    }
    assert found == {
        "alone": set(),
        "direct": {"numpy"},
        "indirect": {"matplotlib"},
        "passed_in": {"numpy"},
    }
