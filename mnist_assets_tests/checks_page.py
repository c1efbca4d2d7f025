"""The page docs/checks.md, from the checks that the graph declares.

`python -m mnist_assets_tests.checks_page` writes it.
"""

from pathlib import Path

from mnist_assets.declarations.places import Places
from mnist_assets.definitions import build_definitions
from mnist_assets.networks.declaration import read_networks
from mnist_assets.tuning.declaration import read_sweeps

PAGE = Path(__file__).parents[1] / "docs" / "checks.md"
COMMAND = "python -m mnist_assets_tests.checks_page"
STAGES = (
    "dataset",
    "preparation",
    "networks",
    "evaluation",
    "champion",
    "inference",
    "study",
    "tuning",
    "report",
)

# Of each check whose bound is derived: from what, and how often it fails without a fault. Shares of
# simulated datasets are those of the tests beside each check, run longer.
DERIVED = {
    "classes": "Hypergeometric: fails where a random division would leave the class out of the "
    "test part with a probability below `dataset.false_alarm_rate`, 10⁻⁶, all classes together; "
    "else it warns.",
    "not_in_training_part": "Hoeffding's bound on how many groups of equal images a random "
    "division puts on both sides: at most `dataset.false_alarm_rate`, 10⁻⁶. At 0.01, at most 1 of "
    "5,000 simulated divisions failed (300 images of 10, 100 or 1,000 kinds).",
    "alike_in_both_parts": "At most `dataset.false_alarm_rate`, 10⁻⁶, of parts drawn and labelled "
    "alike: Student's t of the jackknife's standard error for each change tried, and exact limits "
    "of how many images the nearest class average reads. At 0.05, at most 2 of 400 simulated "
    "datasets failed, with 2 to 10 classes of 10 to 200 images.",
    "upright": "`dataset.upright_significance`, 0.01, were each class as likely wide as tall. It "
    "warns.",
    "class_shares": "Hypergeometric, all classes together: at most `split.false_alarm_rate`, 10⁻⁶, "
    "of splits at random. At 0.01, at most 8 of 3,000 failed (2 to 49 classes of 1 to 500 images). "
    "A class without validation images by chance is a warning.",
    "validation_accuracy": "Binomial: at most `evaluation.false_alarm_rate`, 10⁻⁶, of networks "
    "that are as good as guessing the commonest class; a smaller difference warns.",
    "better_than_guessing": "Agreement under all orders of the labels, both parts together: of "
    "networks that guess, `evaluation.guessing_significance`, 0.01, pass (0.8 to 2.0 % of 20,000 "
    "simulated ones). Of networks right on 80 % of two classes, 0.5 % are stopped with 30 + 30 "
    "images and none of 20,000 with 60 + 60; of those right on 22 % of 49 classes, none with "
    "100 + 100. A single class that is hardly told is a warning.",
    "test_like_validation": "Fisher's exact test: at most `evaluation.part_significance`, 10⁻⁶, of "
    "networks, if both parts are drawn alike; 0 allows parts that are meant to differ. At 0.01, "
    "0.4 to 0.8 % of 4,000 simulated networks failed.",
    "drift": "`inbox.false_alarm_rate`, 0.01, of batches drawn from the training part. It warns.",
}

TEXT = """# Checks, and where their bounds hold

Every check of the graph, as the web UI shows it, with the asset that it belongs to. A failed check
stops what follows from its asset, or only warns. Which it is depends on where its bound comes from:

- **exact**: it holds in every dataset: a count, a type, a sum, or the same figure computed twice,
  but for rounding.
- **derived**: its bound follows from the data at hand: from how many images and classes there are,
  or from a simple model of them. The last column says how often it fails without a fault.
- **mnist**: its bound was measured on MNIST, and is marked so in
  [`settings.yaml`](../mnist_assets/settings.yaml) or stands in
  [`networks.yaml`](../mnist_assets/networks.yaml). It stops what follows on MNIST, and in a dataset
  whose own `dataset.yaml` sets that bound; elsewhere it only warns.

What each check stops is shown by deliberate [faults](faults.md). `<name>` is any declared network.
This page is written by `{command}`, and a test fails if it is
not up to date.

{rows}
"""


def checks():
    """Each check of the graph: asset, name, group, whether a failure may stop, description."""
    networks = read_networks()
    of_networks = dict.fromkeys(networks, "<name>")
    of_sweeps = dict.fromkeys(read_sweeps(networks), "<sweep>")
    graph = build_definitions(Places()).resolve_asset_graph()
    found = {}
    for key in graph.asset_check_keys:
        spec = graph.get_check_spec(key)
        names = of_sweeps if key.asset_key.path[0] == "tuning" else of_networks
        asset = "/".join(_place(part, names) for part in key.asset_key.path)
        found[asset, key.name] = (spec.metadata["group"], spec.blocking, spec.description)

    def place(key):
        return STAGES.index(key[0].partition("/")[0]), key

    return {key: found[key] for key in sorted(found, key=place)}


def _place(part, names):
    """A part of an asset's key, with the name of a network or a sweep left open."""
    for name, left_open in sorted(names.items(), key=lambda of: -len(of[0])):
        if part == name or part.startswith(f"{name}_"):
            return f"{left_open}{part.removeprefix(name)}"
    return part


def render():
    """The page."""
    rows = ["| Asset | Check | Group | Failed | Expects | False alarms |", "|" + 6 * "---|"]
    for (asset, name), (group, blocking, description) in checks().items():
        if not blocking:
            failed = "warns"
        elif group == "mnist":
            failed = "stops on MNIST, else warns"
        else:
            failed = "stops"
        alarms = {"exact": "none", "mnist": "not known"}.get(group) or DERIVED[name]
        rows.append(f"| `{asset}` | `{name}` | {group} | {failed} | {description} | {alarms} |")
    return TEXT.format(command=COMMAND, rows="\n".join(rows))


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
