"""What runs again after an edit: the exact set of assets, for twenty edits, on tiny data."""

import importlib
import re
import shutil
from base64 import b64decode

import dagster as dg
import pytest

from mnist_assets.dataset.idx_names import FILE_NAMES
from mnist_assets.orchestration import presentation
from mnist_assets.orchestration.versions import modules as source_modules
from mnist_assets_tests.orchestration.test_code_versions import forget_sources
from mnist_assets_tests.tiny import BLANK, Project, blank_pictures, build_once

pytestmark = pytest.mark.slow

TO_PNG = presentation.to_png

DATASET = {f"dataset/{name}" for name in (*FILE_NAMES, "description")}
NETWORKS = {"networks/small", "networks/normalised"}
HISTORIES = {f"{network}_history" for network in NETWORKS}
PREDICTIONS = {"evaluation/small_predictions", "evaluation/normalised_predictions"}
EVALUATIONS = {"evaluation/small", "evaluation/normalised"}
CHAMPION = {"champion/decision", "champion/model", "champion/training_log"}


def of_network(name):
    """All that is made of one network, but for the network itself."""
    kinds = ("_predictions", "", "_quality", "_mistakes", "_robustness")
    return {f"networks/{name}_history"} | {f"evaluation/{name}{kind}" for kind in kinds}


QUALITY = {
    f"evaluation/{name}_{kind}"
    for name in ("small", "normalised")
    for kind in ("quality", "mistakes", "robustness")
}
STUDY_SHOWN = {"report/notebook"}  # where it shows a study, it has to be one of today's code
REPORT = {"report/claims", "report/notebook"}
OF_ALL = {"evaluation/comparison", "evaluation/label_errors", "report/page_network"} | REPORT
TRAINED = NETWORKS | HISTORIES | PREDICTIONS | EVALUATIONS | QUALITY | CHAMPION | OF_ALL
NORMALIZATION = {"preparation/normalization", "preparation/normalized_digits"}
DESCRIBED = {  # what shows the classes, beside what is made of networks
    "exploration/average_digits",
    "exploration/class_distribution",
    "exploration/extreme_digits",
    "exploration/grey_levels",
    "exploration/pixel_histogram",
    "exploration/sample_digits",
    "preparation/one_hot_examples",
    "preparation/split",
}
EXPLORATION = {
    f"exploration/{name}"
    for name in (
        "average_digits",
        "class_distribution",
        "extreme_digits",
        "grey_levels",
        "pixel_histogram",
        "pixel_range",
        "sample_digits",
        "summary",
    )
}


def reload_definitions():
    """Tell code versions anew, those of assets that are made on import as well."""
    import mnist_assets.definitions
    from mnist_assets.exploration import assets as exploration
    from mnist_assets.preparation import assets as preparation

    forget_sources()
    build_once.cache_clear()
    for module in (exploration, preparation, mnist_assets.definitions):
        importlib.reload(module)


class Editable:
    """A tiny project, and a copy of the package's source from which code versions are told.

    The code that runs is the package's own: an edited step gives the value it gave before, so that
    the run stops there.
    """

    def __init__(self, project, sources):
        self.project = project
        self.sources = sources

    def code(self, *edits):
        for file, old, new in edits:
            path = self.sources / file
            text = path.read_text()
            assert old in text, file
            path.write_text(text.replace(old, new))
        reload_definitions()

    def declaration(self, old, new):
        self.project.edit("networks.yaml", old, new)

    def setting(self, old, new):
        self.project.edit("settings.yaml", old, new)

    def dataset(self, text):
        (self.project.folder / "raw" / "dataset.yaml").write_text(text)

    def pixels(self, name, position, value):
        path = self.project.folder / "raw" / FILE_NAMES[name]
        data = bytearray(path.read_bytes())
        data[position] = value
        path.write_bytes(data)

    def file(self, key, ending, content=None):
        path = self.project.path(key, ending)
        path.write_bytes(content) if content is not None else path.unlink()


# Each edit with what has to run again after it, in an order in which they can follow each other.
EDITS = {
    "nothing": (lambda edit: None, set()),
    "a comment, a docstring and layout": (
        lambda edit: edit.code(
            ("networks/loop/training_loop.py", "        import", "        # why\n        import"),
            ("evaluation/metrics.py", "Metrics of a classifier", "How right it is"),
            ("evaluation/metrics.py", "tn / (tn + fp)", "(tn) / (tn+fp)"),
        ),
        set(),
    ),
    "a helper three calls deep": (
        lambda edit: edit.code(("evaluation/metrics.py", "(tn) / (tn+fp)", "1.0 * tn / (tn + fp)")),
        EVALUATIONS | {"report/notebook"},  # as their pictures may have changed with their code
    ),
    "the training loop": (
        lambda edit: edit.code(
            ("networks/loop/training_loop.py", "VALIDATION_CHUNK = 2_", "VALIDATION_CHUNK = 1_")
        ),
        NETWORKS | {"evaluation/label_errors"} | STUDY_SHOWN,
    ),
    "the order of chunks": (
        lambda edit: edit.code(("networks/loop/batches.py", "BLOCK = 1024", "BLOCK = 2048")),
        NETWORKS | {"evaluation/label_errors"} | STUDY_SHOWN,
    ),
    "one network's learning rate": (
        lambda edit: edit.declaration("learning_rate: 0.01", "learning_rate: 0.011"),
        CHAMPION | {"champion/quality"} | OF_ALL | {"networks/small"} | of_network("small"),
    ),
    "one network's threshold": (
        lambda edit: edit.declaration(
            "thresholds: {validation_accuracy: 0.9, generalization_gap: 0.2}\n"
            "    parameters: {total: 2004",
            "thresholds: {validation_accuracy: 0.8, generalization_gap: 0.2}\n"
            "    parameters: {total: 2004",
        ),
        {"networks/small_history", "report/notebook"},
    ),
    "a bound that only one asset counts by": (
        lambda edit: edit.setting("dark_below: 10", "dark_below: 11"),
        {"exploration/grey_levels", "report/notebook"},
    ),
    "the margin of a near tie": (
        lambda edit: edit.setting("near_tie_margin: 0.00001", "near_tie_margin: 0.00002"),
        EVALUATIONS | {"report/notebook"},
    ),
    "the palette": (
        lambda edit: edit.code(("plots/style.py", '"#0072B2"', '"#0072B3"')),
        EXPLORATION - {"exploration/summary"}
        | NORMALIZATION
        | HISTORIES
        | EVALUATIONS
        | QUALITY
        | {"evaluation/comparison", "evaluation/label_errors", "report/notebook"}
        | {"champion/decision", "champion/quality", "champion/training_log"},
    ),
    "the floor of the normalisation": (
        lambda edit: edit.setting("std_floor: 25.5", "std_floor: 30"),
        NORMALIZATION | TRAINED | {"champion/quality"},
    ),
    "the seed of the split": (
        lambda edit: edit.setting("  seed: 0", "  seed: 1"),
        {"preparation/split", "inference/shapes", "inference/reference", "champion/quality"}
        | NORMALIZATION
        | TRAINED,
    ),
    "a pixel of a test image": (
        lambda edit: edit.pixels("test_images", 16 + 65, 77),
        DATASET
        | {"exploration/summary", "evaluation/comparison"}
        | PREDICTIONS
        | EVALUATIONS
        | QUALITY
        | CHAMPION
        | {"champion/quality", "champion/export"}
        | REPORT,
    ),
    "the dataset's title": (
        lambda edit: edit.dataset("title: Rows\n"),
        DATASET
        | DESCRIBED
        | HISTORIES
        | EVALUATIONS
        | QUALITY
        | {"evaluation/comparison", "evaluation/label_errors", "champion/decision"}
        | {"champion/quality", "champion/export", "report/notebook", "report/claims"},
    ),
    "a value that was deleted": (
        lambda edit: edit.file("exploration/class_distribution", "csv"),
        {"exploration/class_distribution"},
    ),
    "a value that was damaged": (
        lambda edit: edit.file("evaluation/small", "json", b"{"),
        {"evaluation/small"},
    ),
    "a picture that was deleted": (
        lambda edit: edit.file("evaluation/small.ratios", "png"),
        {"evaluation/small"},
    ),
    "a picture that was damaged": (
        lambda edit: edit.file("exploration/grey_levels", "png", b"\x89PNG"),
        {"exploration/grey_levels"},
    ),
    "a network's file that was deleted": (
        lambda edit: edit.file("networks/small", "keras"),
        {"networks/small"},
    ),
    "a further network": (
        lambda edit: edit.declaration(
            "  normalised:",
            """  third:
    description: A copy.
    training:
      layers: [{kind: dense, units: 8}]
      optimizer: {kind: adam, learning_rate: 0.02}
      batch_size: 32
      epochs: 3
      seed: 5
    thresholds: {validation_accuracy: 0.5, generalization_gap: 0.5}
    parameters: {total: 1, trainable: 1}
  normalised:""",
        ),
        CHAMPION
        | REPORT
        | {"networks/third", "evaluation/comparison", "report/page_network", "champion/quality"}
        | of_network("third"),
    ),
}


@pytest.fixture(scope="module")
def editable(tmp_path_factory, uncompiled):
    folder = tmp_path_factory.mktemp("edits")
    sources = folder / "mnist_assets"
    shutil.copytree(source_modules.FOLDER, sources)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source_modules, "FOLDER", sources)
        forget_sources()
        project = Project.create(folder)
        history = str(folder / "history")
        with dg.DagsterInstance.ephemeral(tempdir=history) as instance, blank_pictures():
            assert project.update(instance).success
            yield Editable(project, sources), instance
    reload_definitions()  # the tests that follow see the package as it is


@pytest.mark.parametrize("edit", EDITS)
def test_exactly_what_an_edit_touches_runs_again(editable, edit):
    project, instance = editable
    apply, expected = EDITS[edit]
    apply(project)
    outcome = project.project.update(instance)
    assert outcome.success, outcome.failures()
    assert set(outcome.made) ^ expected == set()
    assert len(outcome.made) == len(set(outcome.made)), "each asset once"
    assert project.project.update(instance).made == []


def embedded(page, name):
    """A picture of the page, as a file."""
    return b64decode(re.search(f'id="picture-{name}"[^>]*base64,([^"]*)"', page)[1])


def test_new_pictures_come_into_the_report(editable, monkeypatch):
    """Here the code that runs is edited, too, and pictures are drawn."""
    edit, instance = editable
    monkeypatch.setattr(presentation, "to_png", TO_PNG)
    picture = edit.project.path("exploration/class_distribution", "png")
    page = edit.project.path("report/notebook", "html")
    drawn = 'key:"exploration/class_distribution" or key:"report/notebook"'
    assert edit.project.update(instance, drawn, force=True).success
    before = picture.read_bytes()
    assert before != BLANK
    assert embedded(page.read_text(), "class_distribution") == before
    monkeypatch.setattr("mnist_assets.exploration.figures.digits.BLUE", "#123456")
    edit.code(("plots/style.py", '"#0072B3"', '"#123456"'))
    outcome = edit.project.update(instance, drawn)
    assert outcome.success, outcome.failures()
    assert set(outcome.made) == {"exploration/class_distribution", "report/notebook"}
    assert picture.read_bytes() != before
    assert embedded(page.read_text(), "class_distribution") == picture.read_bytes()
