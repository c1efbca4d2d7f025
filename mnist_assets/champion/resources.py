"""Where champions are kept, as a Dagster resource."""

from collections.abc import Iterator

import dagster as dg
from upath import UPath

from mnist_assets.champion.archive import archive_folder, superseded_versions, unfinished_versions
from mnist_assets.orchestration.leftovers import Leftover, folder_left


class ChampionArchive(dg.ConfigurableResource):  # type: ignore[type-arg]  # nothing is yielded
    """Where champions are kept, beside the other values.

    Attributes:
        assets: The folder or address of all values.
    """

    assets: str

    @property
    def path(self) -> UPath:
        """The archive's folder."""
        return archive_folder(self.assets)

    def superseded(self, keep: int) -> Iterator[Leftover]:
        """The champions before the last `keep`, never the present one; and what is none."""
        for champion in superseded_versions(self.path, keep):
            yield folder_left(f"superseded champion {champion.version}", champion.folder)
        for folder in unfinished_versions(self.path):
            yield folder_left(f"unfinished champion {folder.name}", folder)
