"""What runs by itself after a change, with the daemon running and its sensor switched on."""

import dagster as dg

from mnist_assets.settings import Schedules


def follow_changes() -> dg.AutomationCondition[dg.AssetKey]:
    """Run when an input's content or the asset's own code changed, once, and nothing otherwise.

    A plain `eager()` also runs after an input was made again with the same content.
    """
    changed_input = dg.AutomationCondition.any_deps_match(
        dg.AutomationCondition.data_version_changed()
    )
    return (
        dg.AutomationCondition.eager().replace("any_deps_updated", changed_input)
        | dg.AutomationCondition.code_version_changed()
    ).with_label("inputs or code changed")


def follow_changes_sensor(settings: Schedules) -> dg.AutomationConditionSensorDefinition:
    """What the daemon evaluates these conditions with."""
    return dg.AutomationConditionSensorDefinition(
        "follow_changes",
        target=dg.AssetSelection.all() | dg.AssetSelection.assets("dataset/idx_files"),
        default_status=dg.DefaultSensorStatus.RUNNING
        if settings.running
        else dg.DefaultSensorStatus.STOPPED,
        description="Make what follows from a changed dataset, changed content or changed code.",
    )
