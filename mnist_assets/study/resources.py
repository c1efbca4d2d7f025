"""What a study needs beside its inputs, as Dagster resources: processes, and a place for its runs.

Either lasts as long as a run: processes that were started for one network train the next, too.
"""

from collections.abc import Iterator
from contextlib import closing

import dagster as dg
from upath import UPath

from mnist_assets.orchestration.storage.addresses import list_folder, open_address
from mnist_assets.study.workers import Workers

ENDING = "_runs"


class RunsFolder(dg.ConfigurableResource):  # type: ignore[type-arg]  # nothing is yielded
    """Where finished runs are kept until their study is complete, and after.

    Attributes:
        assets: The folder or address of all values. Runs are beside the study's own, so that any
            machine goes on with them.
        stage: The folder of the stage's values.
    """

    assets: str
    stage: str = "study"

    def path(self, name: str) -> UPath:
        """The folder of the runs of a network or a sweep."""
        return self._folder / f"{name}{ENDING}"

    def kept(self) -> Iterator[tuple[str, UPath]]:
        """What has runs, by name, each with their folder."""
        inside = list_folder(self._folder)
        for folder in sorted(path for path in inside if path.name.endswith(ENDING)):
            yield folder.name.removesuffix(ENDING), folder

    @property
    def _folder(self) -> UPath:
        return open_address(self.assets) / self.stage


def study_workers(processes: int) -> dg.ResourceDefinition:
    """The processes that train, at most so many at a time."""

    @dg.resource(description="Processes that train side by side, ended with the run.")
    def workers(_: dg.InitResourceContext) -> Iterator[Workers]:
        with closing(Workers(processes)) as started:
            yield started

    return workers
