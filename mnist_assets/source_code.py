"""Reading the package's source: what a function's code uses, however indirectly.

Every name the code uses is followed through the package: helpers, their helpers, classes,
constants. Comments, docstrings, annotations and layout are dropped, since they change nothing.

Names are followed, values are not: the methods of a resource or of an input's value do not count,
unless the code names their class. Nor is a name found that only running the code could tell.
"""

import ast
import symtable
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from functools import cache
from importlib.util import resolve_name
from pathlib import Path
from typing import TypeAlias, TypeVar

PACKAGE = __name__.partition(".")[0]
FOLDER = Path(__file__).parent

_Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Name: TypeAlias = tuple[str, str]  # a module, and a name at its top level
_Item = TypeVar("_Item")


@cache
def sources(module: str, function: str, bound: tuple[str, ...]) -> dict[str, str]:
    """The source of a function and of every definition of the package that it uses, by name.

    Args:
        module: The module that defines the function.
        function: The function's qualified name. Its decorators are left out: they say how it is
            used, and the version of an asset is to be that of its value.
        bound: Names that the function takes from the function around it.

    Raises:
        TypeError: It is no named function of this package.
    """
    roots = _find(module, function)
    found = {f"{module}.{function}": _as_text(roots)}
    pending = [used for root in roots for used in _uses(module, root, bound)]
    while pending:
        name = pending.pop()
        if ".".join(name) not in found:
            found[".".join(name)], used = _definition(*name)
            pending += used
    return found


@cache
def _definition(module: str, name: str) -> tuple[str, list[_Name]]:
    """The source of a top-level name, and what it uses itself."""
    parts = _read_module(module).definitions[name]
    return _as_text(parts), [used for part in parts for used in _uses(module, part)]


def _as_text(parts: Iterable[ast.stmt]) -> str:
    return "\n".join(ast.unparse(part) for part in parts)


def _find(module: str, function: str) -> list[ast.stmt]:
    """A function's definitions, undecorated: several, if it is defined under conditions."""
    found: list[ast.AST] = []
    if module.partition(".")[0] == PACKAGE:
        found = [_read_module(module).tree]
        for name in function.replace("<locals>.", "").split("."):
            inside = [part for node in found for part in ast.walk(node) if part is not node]
            found = [part for part in inside if isinstance(part, _Definition) and part.name == name]
    if not found:
        raise TypeError(f"{module}.{function} is no named function of {PACKAGE}")
    return [_undecorated(node) for node in found if isinstance(node, _Definition)]


def _undecorated(definition: _Definition) -> ast.stmt:
    bare = copy(definition)
    bare.decorator_list = []
    return bare


@dataclass(frozen=True)
class _Module:
    """A module's source: what it defines at its top level, and what it imports of the package."""

    tree: ast.Module
    definitions: dict[str, list[ast.stmt]]
    imports: dict[str, list[str]]


@cache
def _read_module(name: str) -> _Module:
    tree = _Bare().visit(ast.parse(_path(name).read_text(encoding="utf-8")))
    outside_functions = [part for part in tree.body if not isinstance(part, _Definition)]
    return _Module(
        tree,
        _grouped((defined, part) for part in tree.body for defined in set(_bound_by(part))),
        _grouped(found for part in outside_functions for found in _imports(name, part)),
    )


def _path(module: str) -> Path:
    path = FOLDER.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _is_module(name: str) -> bool:
    return _path(name).is_file()


def _grouped(pairs: Iterable[tuple[str, _Item]]) -> dict[str, list[_Item]]:
    groups: dict[str, list[_Item]] = {}
    for name, item in pairs:
        groups.setdefault(name, []).append(item)
    return groups


class _Bare(ast.NodeTransformer):
    """Drops what does not change what code does: annotations, but for fields, and docstrings."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._visit_function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._visit_function(node)

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                argument.annotation = None
        node.body = _without_texts(node.body)
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.Pass()
        return self.generic_visit(ast.Assign([node.target], node.value, lineno=node.lineno))

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = [
            part if isinstance(part, ast.AnnAssign) else self.visit(part)  # a field has a type
            for part in _without_texts(node.body)
        ]
        return node


def _without_texts(body: list[ast.stmt]) -> list[ast.stmt]:
    """A body without the texts that only stand there: docstrings, and those of attributes."""
    return [
        part
        for part in body
        if not (
            isinstance(part, ast.Expr)
            and isinstance(part.value, ast.Constant)
            and isinstance(part.value.value, str)
        )
    ] or [ast.Pass()]


def _bound_by(node: ast.AST) -> Iterator[str]:
    """The names that a statement outside functions gives a meaning to, or adds to: `TABLE[1] = 2`.

    To a function that `functools.singledispatch` made belongs what is registered with it.
    """
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
            for name, *attributes in (
                chain for part in node.decorator_list for chain in _chains(part)
            ):
                if attributes == ["register"]:
                    yield name
        case ast.Expr() | ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
            yield from _names(node)
        case ast.Name(ctx=ast.Store()):
            yield node.id
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _bound_by(child)


def _names(node: ast.AST) -> Iterator[str]:
    return (part.id for part in ast.walk(node) if isinstance(part, ast.Name))


def _imports(importer: str, node: ast.AST) -> Iterator[tuple[str, str]]:
    """Names bound by the imports in a piece of a module, with what they stand for."""
    package = importer if _path(importer).stem == "__init__" else importer.rpartition(".")[0]
    for part in ast.walk(node):
        if isinstance(part, ast.Import):
            for alias in part.names:
                module = alias.name if alias.asname else alias.name.partition(".")[0]
                yield alias.asname or module, module
        elif isinstance(part, ast.ImportFrom):
            module = resolve_name("." * part.level + (part.module or ""), package)
            for alias in part.names:
                yield alias.asname or alias.name, f"{module}.{alias.name}"


def _uses(module: str, node: ast.stmt, bound: tuple[str, ...] = ()) -> list[_Name]:
    """The definitions of the package that a piece of a module names.

    Args:
        module: The module's name.
        node: The piece.
        bound: Names that mean something else there: those of the function around it.
    """
    imported = _grouped(_imports(module, node))
    of_module = _global_names(node, bound)
    used: list[_Name] = []
    for name, *attributes in _chains(node):
        for target in imported.get(name, ()):
            used += _follow(target, attributes)
        if name in of_module:
            used += _named(module, name, attributes)
    return used


def _global_names(node: ast.stmt, bound: tuple[str, ...]) -> set[str]:
    """The names that a piece of a module looks up at its top level, as the compiler sees it."""
    parameters = ast.arguments([], [ast.arg(name) for name in bound], None, [], [], None, [])
    around = ast.FunctionDef("around", parameters, [node], [], lineno=node.lineno)
    pending = [symtable.symtable(ast.unparse(around if bound else node), "", "exec")]
    names = set()
    while pending:
        scope = pending.pop()
        pending += scope.get_children()
        in_function = scope.get_type() == "function"
        names |= {
            symbol.get_name()
            for symbol in scope.get_symbols()
            if (symbol.is_global() if in_function else symbol.is_referenced())
        }
    return names


def _chains(node: ast.AST) -> Iterator[list[str]]:
    """Every name in a piece of code, with the attributes read of it: `a.b.c`."""
    attributes: list[str] = []
    part = node
    while isinstance(part, ast.Attribute):
        attributes.insert(0, part.attr)
        part = part.value
    if isinstance(part, ast.Name):
        yield [part.id, *attributes]
    else:
        for child in ast.iter_child_nodes(node):
            yield from _chains(child)


def _named(module: str, name: str, attributes: list[str]) -> list[_Name]:
    """What a name at a module's top level stands for: definitions there or, imported, elsewhere."""
    source = _read_module(module)
    found = [(module, name)] if name in source.definitions else []
    for target in source.imports.get(name, ()):
        found += _follow(target, attributes)
    return found


def _follow(target: str, attributes: list[str]) -> list[_Name]:
    """From an imported name to its definitions; a module used as a whole counts as a whole."""
    parent, _, name = target.rpartition(".")
    if target.partition(".")[0] != PACKAGE:
        return []
    if not _is_module(target):
        return _named(parent, name, attributes)
    if attributes:
        return _follow(f"{target}.{attributes[0]}", attributes[1:])
    return [(target, name) for name in _read_module(target).definitions]
