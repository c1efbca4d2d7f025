"""Where champions are kept, as a Dagster resource."""

from pathlib import Path

import dagster as dg

from mnist_assets.champion.archive import archive_folder


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
