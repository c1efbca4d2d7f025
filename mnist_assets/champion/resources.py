"""Where champions are kept, as a Dagster resource."""

from pathlib import Path

import dagster as dg

from mnist_assets.errors import InputError


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
            InputError: Values are kept at a remote address, where a champion cannot be switched
                in one step.
        """
        if "://" in self.assets:
            raise InputError(
                "MNIST_ASSETS_DATA",
                seen=self.assets,
                expected="a local folder, for the champion",
                remedy="Keep the values in a local folder, or leave out group:champion.",
            )
        return Path(self.assets) / "champion"
