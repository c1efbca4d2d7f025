"""Code versions: hashes of the code an asset really runs, found by reading the source.

From an asset's function, every name it uses is followed through the package: helpers, their
helpers, classes, constants. Comments, docstrings, argument annotations and layout do not count,
since what is hashed is the syntax tree; what a factory passed in (a network's declaration, a
setting) counts by value. Nothing is imported for it, so it costs no TensorFlow.
"""

import ast
import hashlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

PACKAGE = __name__.partition(".")[0]
FOLDER = Path(__file__).parent


def code_version(function: Callable[..., Any]) -> str:
    """Hash of a function of this package with everything it uses, 16 hexadecimal digits.

    Raises:
        TypeError: The function closes over a value whose content cannot be told, so that a change
            of it would go unnoticed.
    """
    module = _read_module(function.__module__)
    root = _find(module.tree, function.__qualname__)
    digest = hashlib.sha256(ast.dump(root).encode())
    for name, value in sorted(inspect.getclosurevars(function).nonlocals.items()):
        digest.update(f"{name}={_content(function, name, value)}".encode())
    for definition, source in sorted(_reach(module, root).items()):
        digest.update(f"{definition}={source}".encode())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class _Module:
    """A module's source: what it defines at its top level, and what it imports of the package."""

    name: str
    tree: ast.Module
    definitions: dict[str, ast.stmt]
    imports: dict[str, str]


@cache
def _read_module(name: str) -> _Module:
    path = FOLDER.joinpath(*name.split(".")[1:])
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    tree = _Bare().visit(ast.parse(path.read_text(encoding="utf-8")))
    definitions: dict[str, ast.stmt] = {}
    for statement in tree.body:
        match statement:
            case ast.FunctionDef(name=defined) | ast.ClassDef(name=defined):
                definitions[defined] = statement
            case ast.Assign(targets=[ast.Name(id=defined)]):
                definitions[defined] = statement
            case ast.AnnAssign(target=ast.Name(id=defined)):
                definitions[defined] = statement
    return _Module(name, tree, definitions, dict(_imports(tree.body)))


class _Bare(ast.NodeTransformer):
    """Drops what does not change what code does: docstrings and annotations of functions."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:  # noqa: N802 - ast's own name
        node.returns = None
        arguments = node.args
        for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
            argument.annotation = None
        return self._without_docstring(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:  # noqa: N802 - ast's own name
        return self._without_docstring(node)

    def _without_docstring(self, node: ast.FunctionDef | ast.ClassDef) -> ast.AST:
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)


def _imports(statements: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Names bound by the statements' imports of this package, with what they stand for."""
    for statement in statements:
        if isinstance(statement, ast.ImportFrom) and statement.module:
            if statement.module.partition(".")[0] == PACKAGE:
                for alias in statement.names:
                    yield alias.asname or alias.name, f"{statement.module}.{alias.name}"


def _find(tree: ast.Module, qualified_name: str) -> ast.FunctionDef:
    """The function's node, without its decorators: they describe the asset, not its value."""
    node: Any = tree
    for name in qualified_name.replace("<locals>.", "").split("."):
        node = next(
            child
            for child in ast.walk(node)
            if isinstance(child, ast.FunctionDef | ast.ClassDef) and child.name == name
        )
    return ast.FunctionDef(node.name, node.args, node.body, [], lineno=0)


def _reach(module: _Module, root: ast.AST) -> dict[str, str]:
    """Every definition of the package that `root` uses, directly or not, with its syntax tree."""
    found: dict[str, str] = {}
    pending = [(module, root)]
    while pending:
        user, node = pending.pop()
        for definer, name in _definitions_used(user, node):
            key = f"{definer.name}.{name}"
            if key not in found:
                found[key] = ast.dump(definer.definitions[name])
                pending.append((definer, definer.definitions[name]))
    return found


def _definitions_used(module: _Module, node: ast.AST) -> Iterator[tuple[_Module, str]]:
    """The top-level definitions of the package that a piece of a module names."""
    statements = [child for child in ast.walk(node) if isinstance(child, ast.stmt)]
    imports = module.imports | dict(_imports(statements))
    for name, *attributes in _chains(node):
        if name in imports:
            yield from _follow(imports[name], attributes)
        elif name in module.definitions:
            yield module, name


def _chains(node: ast.AST) -> Iterator[list[str]]:
    """Every name read in a piece of code, with the attributes read of it: `a.b.c`."""
    for child in ast.walk(node):
        attributes: list[str] = []
        while isinstance(child, ast.Attribute):
            attributes.insert(0, child.attr)
            child = child.value
        if isinstance(child, ast.Name):
            yield [child.id, *attributes]


def _follow(target: str, attributes: list[str]) -> Iterator[tuple[_Module, str]]:
    """From an imported name to its definition, through modules and re-exports."""
    if _is_module(target):
        if attributes:
            yield from _follow(f"{target}.{attributes[0]}", attributes[1:])
        return
    module_name, _, name = target.rpartition(".")
    module = _read_module(module_name)
    if name in module.definitions:
        yield module, name
    elif name in module.imports:
        yield from _follow(module.imports[name], attributes)


def _is_module(name: str) -> bool:
    path = FOLDER.joinpath(*name.split(".")[1:])
    return path.is_dir() or path.with_suffix(".py").is_file()


def _content(function: Callable[..., Any], name: str, value: Any) -> str:
    """A value that a function closes over, as text that is equal only for equal content."""
    match value:
        case BaseModel():
            return value.model_dump_json()
        case str() | int() | float() | Path() | None:
            return repr(value)
        case tuple() | list():
            return str([_content(function, name, item) for item in value])
        case dict():
            return str({key: _content(function, name, item) for key, item in value.items()})
        case _ if inspect.isfunction(value):
            return code_version(value)
    raise TypeError(
        f"{function.__qualname__} closes over {name}, a {type(value).__name__} whose content cannot "
        "be told: pass it a plain value or a declaration."
    )
