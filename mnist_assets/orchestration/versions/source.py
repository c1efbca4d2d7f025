"""What a function's code uses, however indirectly, found by reading the package's source.

Every name the code uses is followed through the package: helpers, their helpers, classes,
constants; where it leaves the package, to the library. What a single module defines and imports is
`modules.py`.

Names are followed, values are not: the methods of a resource or of an input's value do not count,
unless the code names their class. Nor is a name found that only running the code could tell.
"""

import ast
import hashlib
import symtable
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from functools import cache, cached_property
from textwrap import indent
from typing import TypeAlias

from mnist_assets.orchestration.versions import modules as source_modules
from mnist_assets.orchestration.versions.modules import (
    Definition,
    dotted_names,
    grouped,
    imports_in,
    is_module,
    read_module,
    statements_in,
)

# A module, and a name at its top level; or a library, and "".
_Name: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class Used:
    """What a function's code uses.

    Attributes:
        sources: The source of the function and of every definition of the package that it uses, by
            name, in the order of their use, which neither a move nor the process changes.
        libraries: The top-level names of the packages from elsewhere that these import.
    """

    sources: dict[str, str]
    libraries: frozenset[str]

    @cached_property
    def digest(self) -> "hashlib._Hash":
        """A hash that was given the sources, to be copied before it is given more."""
        digest = hashlib.sha256()
        for text in self.sources.values():  # without its module: code that is moved is the same
            digest.update(f"{text}\n".encode())
        return digest


@cache
def used_by(module: str, function: str, bound: tuple[str, ...]) -> Used:
    """Find what a function's code uses.

    Args:
        module: The module that defines the function.
        function: The function's qualified name. Its decorators are left out: they say how it is
            used, and the version of an asset is to be that of its value.
        bound: Names that the function takes from the function around it.

    Raises:
        TypeError: It is no named function of this package.
    """
    text, pending = _read(module, _find(module, function), bound)
    found, libraries = {f"{module}.{function}": text}, set()
    while pending:
        name = pending.pop()
        if not name[1]:
            libraries.add(name[0])
        elif ".".join(name) not in found:
            found[".".join(name)], used = _definition(*name)
            pending += used
    return Used(found, frozenset(libraries))


@cache
def _definition(module: str, name: str) -> tuple[str, list[_Name]]:
    """The source of a top-level name, and what it uses itself."""
    return _read(module, read_module(module).definitions[name])


def _read(
    module: str, parts: Iterable[ast.stmt], bound: tuple[str, ...] = ()
) -> tuple[str, list[_Name]]:
    """The source of some pieces of a module, and what they use."""
    texts, used = list[str](), list[_Name]()
    for part in parts:
        texts.append(ast.unparse(part))
        used += _uses(module, part, _global_names(texts[-1], bound))
    return "\n".join(texts), used


def _find(module: str, function: str) -> list[ast.stmt]:
    """A function's definitions, undecorated: several, if it is defined under conditions."""
    found: list[ast.AST] = []
    if module.partition(".")[0] == source_modules.PACKAGE:
        found = [read_module(module).tree]
        for name in function.replace("<locals>.", "").split("."):
            inside = [part for node in found for part in statements_in(node) if part is not node]
            found = [part for part in inside if isinstance(part, Definition) and part.name == name]
    if not found:
        raise TypeError(f"{module}.{function} is no named function of {source_modules.PACKAGE}")
    return [_undecorated(node) for node in found if isinstance(node, Definition)]


def _undecorated(definition: Definition) -> ast.stmt:
    bare = copy(definition)
    bare.decorator_list = []
    return bare


def _uses(module: str, node: ast.stmt, of_module: set[str]) -> list[_Name]:
    """The definitions of the package that a piece of a module names.

    Args:
        module: The module.
        node: The piece.
        of_module: The names that it looks up at the module's top level.
    """
    imported = grouped(imports_in(module, node))
    used: list[_Name] = []
    for name, *attributes in dotted_names(node):
        for target in imported.get(name, ()):
            used += _follow(target, attributes)
        if name in of_module:
            used += _named(module, name, attributes)
    return used


def _global_names(text: str, bound: tuple[str, ...]) -> set[str]:
    """The names that a piece of a module looks up at its top level, as the compiler sees it.

    What is `bound` means something else there: names of the function around it.
    """
    if bound:
        text = f"def around({', '.join(bound)}):\n{indent(text, ' ')}"
    pending = [symtable.symtable(text, "", "exec")]
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


def _named(module: str, name: str, attributes: list[str]) -> list[_Name]:
    """What a name at a module's top level stands for: definitions there or, imported, elsewhere."""
    source = read_module(module)
    found = [(module, name)] if name in source.definitions else []
    for target in source.imports.get(name, ()):
        found += _follow(target, attributes)
    return found


def _follow(target: str, attributes: list[str]) -> list[_Name]:
    """From an imported name to its definitions; a module used as a whole counts as a whole."""
    parent, _, name = target.rpartition(".")
    if (library := target.partition(".")[0]) != source_modules.PACKAGE:
        return [(library, "")]
    if not is_module(target):
        return _named(parent, name, attributes)
    if attributes:
        return _follow(f"{target}.{attributes[0]}", attributes[1:])
    return [(target, name) for name in read_module(target).definitions]
