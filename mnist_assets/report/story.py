"""The report's story: every value that the page shows. How it is told is the templates'.

What is derived from these values for the telling is `report_facts.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mnist_assets.networks.history import generalization_gap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from mnist_assets.claims.facts import NotebookFacts
    from mnist_assets.networks.declaration import Network


@dataclass(frozen=True)
class NetworkStory:
    """One network: how it was declared, how it learnt, how right it is, and what that is worth.

    Attributes:
        name: Its name.
        declared: Its entry in `networks.yaml`.
        parameters: Numbers of weights, as from `networks.parameters_of`.
        layers: As from `report_facts.layer_table`.
        history: One row an epoch; see `networks/history.py`.
        evaluation: What `scores.evaluate` returned for it.
        quality: What `assessment.assess` returned for it.
        robustness: What `robustness.measure_robustness` returned for it.
        mistakes: What `mistakes.most_confident_mistakes` returned for it.
    """

    name: str
    declared: Network
    parameters: Mapping[str, int]
    layers: list[dict[str, Any]]
    history: pd.DataFrame
    evaluation: Mapping[str, Any]
    quality: Mapping[str, Any]
    robustness: pd.DataFrame
    mistakes: pd.DataFrame

    @property
    def generalization_gap(self) -> float:
        """Training less validation accuracy after the last epoch."""
        return generalization_gap(self.history)


@dataclass(frozen=True)
class StudyStory:
    """What was made of the study.

    Attributes:
        summaries: What `study.summarise` returned, of each network that was studied.
        comparison: What `paired_tests.compare_networks` returned, or None.
        confidence: Of every interval.
    """

    summaries: Mapping[str, Mapping[str, Any]]
    comparison: pd.DataFrame | None
    confidence: float


@dataclass(frozen=True)
class Story:
    """All values that the page shows, in the notebook's order.

    Attributes:
        mnist: Whether the dataset is MNIST, of which alone the notebook's own figures speak.
        notebook: What the notebook says and prints.
        claims: As from `claim.judge_claims`.
        summary: As from `exploration.summarise`.
        class_distribution: As from `exploration.class_distribution`.
        average_peaks: The highest grey level of each class's average.
        extreme_digits: As from `exploration.extreme_digits`.
        first_grey_levels: Whole mean grey levels of the first images.
        grey_levels: As from `grey.summarise_grey_levels`.
        pixel_counts: Pixels at each of the 256 grey levels.
        pixels: As from `grey.summarise_pixels`.
        normalization: `std_floor`; `pixels_at_floor`; the largest |z| in `validation` and `test`;
            the `lowest` and `highest` value in the first nine images; `leak_mean` and `leak_std`,
            in grey levels: how far fitting on validation images too moves a pixel's figures; and
            `notebook`, as from `normalization.notebook_normalization_evidence`.
        one_hot: As from `preparation.one_hot_examples`.
        split: Images in `train` and `validation`.
        networks: Every declared network.
        comparison: As from `comparison.compare_networks`.
        study: What was made of the study, or None.
        champion: What `assessment.assess` returned for the champion, with its `version`,
            `robustness` and `mistakes` (rows as from `robustness.measure_robustness` and
            `mistakes.most_confident_mistakes`); empty if there is none.
        label_errors: As from `label_errors.find_label_errors`.
        labels_found_by: The network whose declaration found those.
        versions: The software by name.
    """

    mnist: bool
    notebook: NotebookFacts
    claims: pd.DataFrame
    summary: Mapping[str, Any]
    class_distribution: pd.DataFrame
    average_peaks: Sequence[float]
    extreme_digits: pd.DataFrame
    first_grey_levels: Sequence[int]
    grey_levels: Mapping[str, Any]
    pixel_counts: Sequence[int]
    pixels: Mapping[str, Any]
    normalization: Mapping[str, Any]
    one_hot: pd.DataFrame
    split: Mapping[str, int]
    networks: Sequence[NetworkStory]
    comparison: pd.DataFrame
    study: StudyStory | None
    champion: Mapping[str, Any]
    label_errors: pd.DataFrame
    labels_found_by: str
    versions: Mapping[str, str]
