"""Where champions are kept, as a Dagster resource."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from mnist_assets.champion.archive import archive_folder, superseded_versions
from mnist_assets.orchestration.leftovers import Leftover, folder_left


class ChampionArchive(dg.ConfigurableResource):  # type: ignore[type-arg]  # nothing is yielded
    """Where champions are kept, beside the other values.

    Attributes:
        assets: The folder of all values.
    """

    assets: str

    @property
    def path(self) -> Path:
        """The archive's folder.

        Raises:
            InputError: Values are kept at a remote address.
        """
        return archive_folder(self.assets)

    def superseded(self, keep: int) -> Iterator[Leftover]:
        """The champions before the last `keep`, never the present one; none at a remote address."""
        if "://" not in self.assets:
            for champion in superseded_versions(self.path, keep):
                yield folder_left(f"superseded champion {champion.version}", champion.folder)
