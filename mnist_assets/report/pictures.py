"""The report's pictures: those of the assets that it tells of, by the names the page has."""

from collections.abc import Iterable, Sequence

AS_STORED = ("sample_digits", "pixel_range", "normalized_digits")  # values that are pictures


def picture_files(
    networks: Iterable[str],
    *,
    champion: bool,
    compared: bool,
    sweeps: Sequence[str] = (),
    overview: bool = False,
    searches: Sequence[str] = (),
) -> dict[str, str]:
    """The file of each picture that an asset draws, by the name under which the page shows it.

    Those of a champion, of networks compared in a study, of sweeps and of their overview, and of
    searches, where there are any.
    """
    files = {
        "class_distribution": "exploration/class_distribution",
        "average_digits": "exploration/average_digits",
        "extreme_digits": "exploration/extreme_digits",
        "grey_levels": "exploration/grey_levels",
        "pixel_histogram": "exploration/pixel_histogram",
        "normalization": "preparation/normalization",
        "comparison": "evaluation/comparison",
        "label_errors": "evaluation/label_errors",
    }
    for name in networks:
        files |= {
            f"{name}_history": f"networks/{name}_history",
            f"{name}_confusion": f"evaluation/{name}.confusion_matrices",
            f"{name}_ratios": f"evaluation/{name}.ratios",
            f"{name}_reliability": f"evaluation/{name}_quality",
            f"{name}_mistakes": f"evaluation/{name}_mistakes",
            f"{name}_robustness": f"evaluation/{name}_robustness",
        }
    if champion:
        kinds = ("reliability", "mistakes", "robustness")
        files |= {f"champion_{kind}": f"champion/quality.{kind}" for kind in kinds}
    if compared:
        files["study_differences"] = "study/comparison.differences"
    for name in sweeps:
        files |= {f"tuning_{name}_{kind}": f"tuning/{name}.{kind}" for kind in ("points", "curves")}
    if overview:
        files["tuning_overview"] = "tuning/overview"
    for name in searches:
        files[f"search_{name}"] = f"tuning/search.{name}_front"
    return files
