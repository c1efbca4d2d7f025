"""What runs by itself after a change, with the daemon running and its sensor switched on."""

import dagster as dg


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
