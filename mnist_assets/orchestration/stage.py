"""What all assets of a stage have in common, said once: key, group, storage, version, checks."""

import inspect
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Literal, TypeAlias

import dagster as dg

from mnist_assets.declarations.operation import Needs
from mnist_assets.findings import Finding
from mnist_assets.orchestration.automation import ON_REQUEST, follow_changes
from mnist_assets.orchestration.executor import NEEDS_TENSORFLOW
from mnist_assets.orchestration.executor.needs import priority_tags, tags_of
from mnist_assets.orchestration.presentation import Picture, inline
from mnist_assets.orchestration.storage.files import LIBRARIES
from mnist_assets.orchestration.storage.pictures import Illustrated
from mnist_assets.orchestration.versions.code import code_version, imported_libraries
from mnist_assets.orchestration.versions.content import content_version
from mnist_assets.orchestration.versions.libraries import DISTRIBUTIONS

Stored: TypeAlias = dg.MaterializeResult[Any]
OWNERS = ("team:mnist-assets",)


@dataclass(frozen=True)
class Check:
    """A check that runs inside the step that makes the value.

    Attributes:
        name: Its name on the asset.
        description: What is expected of the value.
        blocking: Whether a failure is an error that stops everything downstream, or a warning.
        group: Where it holds: what is `exact` does in every dataset; what is `derived` has a bound
            that follows from the data at hand; what is of `mnist` alone has one measured there, and
            can only warn elsewhere.
    """

    name: str
    description: str
    blocking: bool = True
    group: Literal["exact", "derived", "mnist"] = "exact"

    def spec(self, key: dg.AssetKey) -> dg.AssetCheckSpec:
        """The check's declaration on an asset."""
        return dg.AssetCheckSpec(
            self.name,
            asset=key,
            description=self.description,
            blocking=self.blocking,
            metadata={"group": self.group},
        )

    def result(
        self,
        finding: Finding,
        key: dg.AssetKey | None = None,
        *,
        binding: bool | None = None,
        **metadata: Any,
    ) -> dg.AssetCheckResult:
        """What the check found, with the values seen and expected, and more, as metadata.

        A failure stops what follows only where its bound is `binding` for the data at hand, which
        the finding tells if it is not given.
        """
        stops = self.blocking and (finding.binding if binding is None else binding)
        return dg.AssetCheckResult(
            asset_key=key,
            check_name=self.name,
            passed=finding.passed,
            severity=dg.AssetCheckSeverity.ERROR if stops else dg.AssetCheckSeverity.WARN,
            description=finding.message,
            metadata={
                **{f"seen {name}": value for name, value in finding.seen.items()},
                **{f"expected {name}": value for name, value in finding.expected.items()},
                **metadata,
            },
        )


@dataclass(frozen=True)
class Stage:
    """A stage of the graph.

    Attributes:
        name: Its folder in the package, and the group of its assets.
        priority: Which of the steps that are ready runs first: the one with the highest.
        prefix: Of its assets' keys, and so the folder of their files; its name, if none is given.
    """

    name: str
    priority: int = 0
    prefix: str = ""

    def key(self, name: str) -> dg.AssetKey:
        """The key of one of the stage's assets."""
        return dg.AssetKey([self.prefix or self.name, name])

    def op_tags(self, kinds: Collection[str] = (), priority: int | None = None) -> dict[str, str]:
        """What an executor has to know of a step that makes such things."""
        urgency = priority_tags(self.priority if priority is None else priority)
        return urgency | NEEDS_TENSORFLOW if "tensorflow" in kinds else urgency

    def asset(
        self,
        storage: str,
        *,
        reads: Sequence[str] | Mapping[str, str] = (),
        deps: Sequence[str] = (),
        optional_deps: Sequence[str] = (),
        kinds: set[str],
        checks: Sequence[Check] = (),
        name: str | None = None,
        description: str | None = None,
        due_within: timedelta | None = None,
        partitions: dg.PartitionsDefinition[str] | None = None,
        on_request: bool = False,
        priority: int | None = None,
        needs: Needs | None = None,
    ) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
        """Make a function an asset of this stage.

        Args:
            storage: Key of the I/O manager, which is the file's ending.
            reads: Keys of the assets it is given, each as the argument named like the key's last
                part, or a mapping from argument to key.
            deps: Keys of assets it depends on without reading them.
            optional_deps: Keys of assets that it shows where they have been made, and does without
                where not: one that was never made neither blocks it nor makes it stale.
            kinds: What it is made with, shown in the web UI; what is made with `tensorflow` runs in
                a process that has imported it.
            checks: The checks whose results it returns.
            name: Its name, if not the function's.
            description: What it is, if not the function's docstring.
            due_within: Age from which the web UI shows it as overdue.
            partitions: The parts it is made of, each made when asked for; without any, it follows
                changes by itself.
            on_request: Whether it, too, is made only when asked for, since it takes long.
            priority: If not the stage's.
            needs: What workers elsewhere have to have, if it is more than others need.
        """

        def define(function: Callable[..., Any]) -> dg.AssetsDefinition:
            key, ins = self.key(name or function.__name__), inputs(reads)
            return dg.asset(
                key=key,
                ins=ins,
                deps=[*map(dg.AssetKey.from_user_string, (*deps, *optional_deps))],
                io_manager_key=storage,
                group_name=self.name,
                kinds=kinds,
                op_tags=self.op_tags(kinds, priority) | (tags_of(needs) if needs else {}),
                owners=OWNERS,
                code_version=code_version(function),
                check_specs=[check.spec(key) for check in checks],
                description=description,
                automation_condition=None
                if partitions or on_request
                else follow_changes(tuple(optional_deps)),
                tags={ON_REQUEST: "true"} if on_request else None,
                metadata=code_metadata(function),
                partitions_def=partitions,
                freshness_policy=dg.FreshnessPolicy.time_window(due_within) if due_within else None,
            )(with_plain_signature(function, ins))

        return define


def code_metadata(function: Callable[..., Any]) -> dict[str, Any]:
    """What an asset's definition says of its function: where it is, and its libraries."""
    code = function.__code__
    return {
        LIBRARIES: sorted(imported_libraries(function) & set(DISTRIBUTIONS)),
        "dagster/code_references": _code_reference(code.co_filename, code.co_firstlineno),
    }


@cache
def _code_reference(file: str, line: int) -> dg.CodeReferencesMetadataValue:
    """The link to a piece of code in the web UI."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # its interface may change, not its effect
        reference = dg.LocalFileCodeReference(file_path=file, line_number=line)
        return dg.CodeReferencesMetadataValue(code_references=[reference])


def with_plain_signature(
    function: Callable[..., Any], arguments: Collection[str]
) -> Callable[..., Any]:
    """The function as Dagster has to see it: its arguments that are inputs as one `**inputs`.

    Dagster asks for the signature of each a dozen times, and takes its time over each argument and
    over a return annotation, which it takes for the type of the outputs.

    Raises:
        TypeError: It has no such argument.
    """
    signature = inspect.signature(function)
    own = {name: of for name, of in signature.parameters.items() if name not in arguments}
    rest = inspect.Parameter("inputs", inspect.Parameter.VAR_KEYWORD)
    if not any(of.kind == rest.kind for of in own.values()):
        if lacking := set(arguments) - signature.parameters.keys():
            raise TypeError(f"{function.__qualname__} takes no {', '.join(sorted(lacking))}")
        own[rest.name] = rest
    function.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*own.values()], return_annotation=signature.empty
    )
    return function


def inputs(reads: Sequence[str] | Mapping[str, str]) -> dict[str, dg.AssetIn]:
    """Inputs from keys as strings: each becomes the argument named like the key's last part."""
    if not isinstance(reads, Mapping):
        reads = {key.rpartition("/")[2]: key for key in reads}
    return {name: dg.AssetIn(dg.AssetKey.from_user_string(key)) for name, key in reads.items()}


def stored(
    value: Any,
    *check_results: dg.AssetCheckResult,
    key: dg.AssetKey | None = None,
    **metadata: Any,
) -> Stored:
    """A value to be stored under the hash of its content, with what the web UI shows beside it.

    Args:
        value: The asset's value.
        check_results: Of its checks.
        key: Of the asset, in a step that makes several.
        metadata: What is shown. Each `Picture` is a file beside the value's, too, named like its
            argument if there are several; but for one that is the value.
    """
    pictures = {name: item for name, item in metadata.items() if isinstance(item, Picture)}
    beside = {
        name if len(pictures) > 1 else "": picture.png
        for name, picture in pictures.items()
        if picture.png and picture.png is not value
    }
    return dg.MaterializeResult(
        asset_key=key,
        value=Illustrated(value, beside) if beside else value,
        data_version=dg.DataVersion(content_version(value)),
        metadata={
            name: inline(item) if isinstance(item, Picture) else item
            for name, item in metadata.items()
        },
        check_results=check_results,
    )
