"""Claims: every checkable statement of the notebook, with a verdict computed from the graph."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

from mnist_assets.dataset.source import DatasetSource
from mnist_assets.declarations.yaml_files import read_yaml
from mnist_assets.networks.declaration import Network
from mnist_assets.orchestration.presentation import table
from mnist_assets.orchestration.stage import Check, Stage, Stored, stored
from mnist_assets.steps import claims as steps
from mnist_assets.steps.claim_evidence import Graph, NetworkValues
from mnist_assets.steps.claim_notebook import Notebook, Verdict, claims_of, require_consistent

STAGE = Stage("report")
CLAIMS_FILE = Path(__file__).parents[1] / "claims.yaml"
SHOWN = ["number", "id", "words", "notebook", "found", "why"]

ONE_VERDICT = Check(
    "one_verdict", "Each claim of claims.yaml has exactly one verdict of the six, and its reason."
)

READS = (
    "dataset/train_images",
    "dataset/train_labels",
    "dataset/test_images",
    "dataset/test_labels",
    "exploration/summary",
    "exploration/average_digits",
    "exploration/extreme_digits",
    "exploration/grey_levels",
    "exploration/pixel_histogram",
    "preparation/split",
    "preparation/normalization",
    "evaluation/comparison",
)


def read_notebook(path: Path = CLAIMS_FILE) -> Notebook:
    """Read the claims and what the notebook prints.

    Raises:
        InputError: The file is unreadable, holds a value that is not allowed, repeats an id or
            names a network that the notebook does not have; the message says where.
    """
    return _read(path, path.stat().st_mtime_ns if path.is_file() else 0)


@cache
def _read(path: Path, modified: int) -> Notebook:
    del modified  # only a file that changed is read again
    notebook = read_yaml(path, Notebook)
    require_consistent(notebook, path)
    return notebook


def claims_asset(networks: Mapping[str, Network], path: Path = CLAIMS_FILE) -> dg.AssetsDefinition:
    """The claims about the dataset and those of the notebook's networks that are declared."""
    notebook = read_notebook(path)
    names = [name for name in notebook.printed.networks if name in networks]
    declared = {name: networks[name].training for name in names}
    reads = {key.rpartition("/")[2]: key for key in READS}
    for name in names:
        reads |= {f"history_{name}": f"networks/{name}_history"}
        reads |= {f"evaluation_{name}": f"evaluation/{name}"}
        reads |= {f"predictions_{name}": f"evaluation/{name}_predictions"}

    @STAGE.asset("csv", reads=reads, kinds={"pandas"}, checks=[ONE_VERDICT])
    def claims(source: DatasetSource, **values: Any) -> Stored:
        """Every checkable statement of the notebook, in its order, each with a verdict.

        Its own words, the figure it gives, the figure found here, how the two were compared, what
        came of it and why. Of a dataset other than MNIST its statements cannot be checked.
        """
        of_networks = {
            name: NetworkValues(
                training=training,
                history=values.pop(f"history_{name}"),
                evaluation=values.pop(f"evaluation_{name}"),
                predictions=values.pop(f"predictions_{name}"),
            )
            for name, training in declared.items()
        }
        graph = Graph(**values, networks=of_networks) if source.facts else None
        judged = steps.judge_claims(notebook, graph)
        counts = steps.count_verdicts(judged)
        by_verdict: dict[str, Any] = {
            f"claims {verdict}": table(judged.loc[judged["verdict"] == verdict, SHOWN])
            for verdict in Verdict
            if counts[verdict]
        }
        ids = [name for name, _, _ in claims_of(notebook)]
        return stored(
            judged,
            ONE_VERDICT.result(steps.check_verdicts(judged, ids)),
            claims=len(judged),
            verdicts=counts,
            **by_verdict,
        )

    return claims
