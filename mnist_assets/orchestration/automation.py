"""What runs by itself after a change, with the daemon running and its sensor switched on."""

from functools import cache

import dagster as dg

from mnist_assets.declarations.operation import Schedules

ON_REQUEST = "mnist_assets/on_request"  # tag of what is made only when asked for


@cache
def follow_changes(optional_deps: tuple[str, ...] = ()) -> dg.AutomationCondition[dg.AssetKey]:
    """Run when an input's content or the asset's own code changed, once, and nothing otherwise.

    A plain `eager()` also runs after an input was made again with the same content.

    Args:
        optional_deps: Keys of what it depends on without needing it: it does not wait for these.
    """
    changed_input = dg.AutomationCondition.any_deps_match(
        dg.AutomationCondition.data_version_changed()
    )
    eager = dg.AutomationCondition.eager().replace("any_deps_updated", changed_input)
    if optional_deps:
        needless = dg.AssetSelection.assets(*map(dg.AssetKey.from_user_string, optional_deps))
        missing = dg.AutomationCondition.any_deps_missing().ignore(needless)
        eager = eager.replace("any_deps_missing", missing)
    return (eager | dg.AutomationCondition.code_version_changed()).with_label(
        "inputs or code changed"
    )


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
