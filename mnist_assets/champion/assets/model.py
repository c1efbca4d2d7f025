"""Champion: the network that serves; changed as decided, by force, or back to an earlier one.

Whether a challenger takes its place is decided in `decision.py`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import dagster as dg
from pydantic import Field
from upath import UPath

from mnist_assets.champion import archive as archiving
from mnist_assets.champion.history import promotion_log
from mnist_assets.champion.promotion import promote, rollback
from mnist_assets.champion.resources import ChampionArchive
from mnist_assets.champion.storage import PointerStorage
from mnist_assets.declarations.operation import Schedules
from mnist_assets.errors import InputError
from mnist_assets.networks.declaration import Network
from mnist_assets.orchestration.presentation import table
from mnist_assets.orchestration.stage import Check, Stage, Stored, stored
from mnist_assets.orchestration.storage.optional import Group, OptionalInputs, keys_of, split_reads
from mnist_assets.orchestration.versions.content import content_version

STAGE = Stage("champion")
LOADS = Check("loads", "The champion's file is there and is the version that was chosen.")


class Change(dg.Config):
    """What to do about the champion; with nothing set, the decision is carried out."""

    promote: str = Field("", description="Network to promote whatever the decision says.")
    roll_back_to: str = Field("", description="Earlier version to make the champion again.")
    who: str = Field("", description="Who decides so, for the log.")
    why: str = Field("", description="The reason, for the log.")


def champion_asset(
    declared: Mapping[str, Network],
    schedules: Schedules,
    requested: Mapping[str, Group] = MappingProxyType({}),
) -> dg.AssetsDefinition:
    """The champion that comes of the decision, due anew as often as networks are retrained.

    Those made only on request, whose assets are `requested`, can be it where they are up to date.
    """
    due_within = timedelta(days=schedules.retrained_within_days)
    names, groups = list(declared), dict(requested)
    of_each = {
        name: {
            f"{name}_predictions": f"evaluation/{name}_predictions",
            f"{name}_evaluation": f"evaluation/{name}",
            f"{name}_network": f"networks/{name}",
        }
        for name in names
    }
    reads, optional = split_reads(of_each, groups)

    @STAGE.asset(
        PointerStorage.key,
        reads=reads | {"decision": "champion/decision"},
        optional_deps=keys_of(requested),
        kinds={"keras"},
        checks=[LOADS],
        due_within=due_within,
    )
    def model(
        context: dg.AssetExecutionContext,
        config: Change,
        archive: ChampionArchive,
        optional_inputs: OptionalInputs,
        decision: Any,
        **of_networks: Any,
    ) -> Stored:
        """The champion: which network serves, since when and why. Its file is beside this one.

        `keras.saving.load_model("data/assets/champion/current/model.keras")` loads it.
        """
        folder, now = archive.path, datetime.now(UTC)
        version = archiving.pointed(folder)  # which may be damaged: to be changed all the same
        promoted = config.promote or decision["promoted"]
        found, without = optional_inputs.read_groups(context.instance, groups, optional)
        of_networks |= found
        if config.roll_back_to:
            rollback(folder, config.roll_back_to, who=config.who, why=config.why, when=now)
        elif config.promote and config.promote not in names:
            raise InputError(
                "champion to promote",
                seen=config.promote,
                expected=f"one of {', '.join(names)}",
                remedy="Give the name of a declared network.",
            )
        elif config.promote or (promoted and decision["replaces"] == version):
            # A decision that was carried out, or from before somebody forced another champion,
            # compares with another than the champion of now.
            if f"{promoted}_network" not in of_networks:
                raise InputError(
                    "champion to promote",
                    seen=f"{promoted}, which is made on request and is not up to date",
                    expected="a network that is up to date",
                    remedy=f"`mnist-assets materialize --select 'key:\"networks/{promoted}\"+'`.",
                )
            predictions = content_version(dict(of_networks[f"{promoted}_predictions"]))
            promote(
                folder,
                of_networks[f"{promoted}_network"].path,
                {
                    "decision": decision,
                    "declaration": of_networks[f"{promoted}_network"].training,
                    "metrics": of_networks[f"{promoted}_evaluation"],
                    "versions": {"predictions": predictions, "run": context.run.run_id},
                },
                network=promoted,
                replaces=version,
                who=config.who or ("" if config.promote else "champion/decision"),
                why=config.why or ("" if config.promote else decision["summary"]),
                when=now,
                forced=bool(config.promote),
            )
        return _present(folder, without)

    return model


def _present(folder: UPath, without: Mapping[str, Any]) -> Stored:
    version = archiving.pointed(folder)
    return stored(
        archiving.describe(folder, version),
        LOADS.result(archiving.check_current(folder, version)),
        version=version or "none yet",
        promotions=table(promotion_log(folder).tail(20)),
        **without,
    )
