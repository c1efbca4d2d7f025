"""One module of the package as its source has it: what it defines, and what it imports.

Comments, docstrings, annotations and layout are dropped, since they change nothing. Which of the
definitions a piece of code uses, in whatever module, is `source.py`.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import resolve_name
from pathlib import Path
from typing import TypeAlias, TypeVar

PACKAGE = __name__.partition(".")[0]
FOLDER = Path(__file__).parents[2]

Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Module:
    """A module's source: what it defines at its top level, and what it imports of the package."""

    tree: ast.Module
    definitions: dict[str, list[ast.stmt]]
    imports: dict[str, list[str]]


@cache
def read_module(name: str) -> Module:
    """Read a module of the package by its full name."""
    tree = _Bare().visit(ast.parse(_path(name).read_text(encoding="utf-8")))
    outside_functions = [part for part in tree.body if not isinstance(part, Definition)]
    return Module(
        tree,
        grouped((defined, part) for part in tree.body for defined in sorted(set(_bound_by(part)))),
        grouped(found for part in outside_functions for found in imports_in(name, part)),
    )


def _path(module: str) -> Path:
    path = FOLDER.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def is_module(name: str) -> bool:
    """Whether a full name inside the package is that of a module."""
    return _path(name).is_file()


def grouped(pairs: Iterable[tuple[str, _Item]]) -> dict[str, list[_Item]]:
    """The items of each name, in the order they came in."""
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
        return ast.Assign([node.target], node.value, lineno=node.lineno)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = [
            part if isinstance(part, ast.AnnAssign) else self.visit(part)  # a field has a type
            for part in _without_texts(node.body)
        ]
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for parts in _bodies_of(node):
            parts[:] = [self.visit(part) for part in parts]
        return node


def _bodies_of(node: ast.AST) -> Iterator[list[ast.AST]]:
    """What a statement has other statements in; expressions have none."""
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        if parts := getattr(node, name, None):
            yield parts


def statements_in(node: ast.AST) -> Iterator[ast.AST]:
    """A statement, or a module, and all statements within it."""
    yield node
    for parts in _bodies_of(node):
        for part in parts:
            yield from statements_in(part)


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
                chain for part in node.decorator_list for chain in dotted_names(part)
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


def imports_in(importer: str, node: ast.AST) -> Iterator[tuple[str, str]]:
    """Names bound by the imports in a piece of a module, with what they stand for."""
    for part in statements_in(node):
        if isinstance(part, ast.Import):
            for alias in part.names:
                module = alias.name if alias.asname else alias.name.partition(".")[0]
                yield alias.asname or module, module
        elif isinstance(part, ast.ImportFrom):
            module = part.module or ""
            if part.level:
                is_package = _path(importer).stem == "__init__"
                package = importer if is_package else importer.rpartition(".")[0]
                module = resolve_name("." * part.level + module, package)
            for alias in part.names:
                yield alias.asname or alias.name, f"{module}.{alias.name}"


def dotted_names(node: ast.AST) -> Iterator[list[str]]:
    """Every name in a piece of code, with the attributes read of it: `a.b.c`."""
    pending = [node]
    while pending:
        part = pending.pop()
        attributes: list[str] = []
        while isinstance(part, ast.Attribute):
            attributes.insert(0, part.attr)
            part = part.value
        if isinstance(part, ast.Name):
            yield [part.id, *attributes]
        else:
            pending += reversed([*ast.iter_child_nodes(part)])
