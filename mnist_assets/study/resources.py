"""What a study needs beside its inputs, as Dagster resources: processes, and a place for its runs.

Either lasts as long as a run: processes that were started for one network train the next, too.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg

from mnist_assets.declarations.places import PROJECT
from mnist_assets.study.workers import Workers

ENDING = "_runs"
REMOTE_RUNS = PROJECT / "data" / "cache"


class RunsFolder(dg.ConfigurableResource):  # type: ignore[type-arg]  # nothing is yielded
    """Where finished runs are kept until their study is complete, and after.

    Attributes:
        assets: The folder of all values. Runs are beside the study's own, or in the project's cache
            if values are at a remote address.
        stage: The folder of the stage's values.
    """

    assets: str
    stage: str = "study"

    def path(self, name: str) -> Path:
        """The folder of the runs of a network or a sweep."""
        return self._folder / f"{name}{ENDING}"

    def kept(self) -> Iterator[tuple[str, Path]]:
        """What has runs, by name, each with their folder."""
        for folder in sorted(self._folder.glob(f"*{ENDING}/")):
            yield folder.name.removesuffix(ENDING), folder

    @property
    def _folder(self) -> Path:
        return (REMOTE_RUNS if "://" in self.assets else Path(self.assets)) / self.stage


def study_workers(processes: int) -> dg.ResourceDefinition:
    """The processes that train, at most so many at a time."""

    @dg.resource(description="Processes that train side by side, ended with the run.")
    def workers(_: dg.InitResourceContext) -> Iterator[Workers]:
        with closing(Workers(processes)) as started:
            yield started

    return workers
