"""A project in small: 300 + 60 images of 12 x 10 pixels in four classes, networks of seconds."""

import shutil
from base64 import b64decode
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
from dagster._core.instance.runs.run_domain import RunDomain

from mnist_assets.dataset.assets import SOURCE
from mnist_assets.dataset.declaration import FILE, beside
from mnist_assets.dataset.idx import encode_header
from mnist_assets.dataset.idx_names import FILE_NAMES
from mnist_assets.declarations.places import SETTINGS_FILE, Places
from mnist_assets.definitions import EVERYTHING, build_definitions, build_source, build_storages
from mnist_assets.orchestration import presentation
from mnist_assets.orchestration.dagster_internals import history_kept_open
from mnist_assets.orchestration.history import observe
from mnist_assets.orchestration.incremental import Graph, Run, bring_up_to_date
from mnist_assets.orchestration.runs import failure_reason

CLASSES, SHAPE = 4, (12, 10)
NETWORKS = """
networks:
  small:
    description: Learns the tiny digits.
    training:
      layers: [{kind: dense, units: 16}]
      optimizer: {kind: adam, learning_rate: 0.01}
      batch_size: 32
      epochs: 3
      seed: 1
    thresholds: {validation_accuracy: 0.9, generalization_gap: 0.2}
    parameters: {total: 2004, trainable: 2004}
  normalised:
    description: The same with batch normalisation.
    training:
      layers: [{kind: dense, units: 16}, {kind: batch_normalization}]
      optimizer: {kind: sgd, learning_rate: 0.1, momentum: 0.9}
      batch_size: 32
      epochs: 3
      seed: 2
    thresholds: {validation_accuracy: 0.9, generalization_gap: 0.2}
    parameters: {total: 2068, trainable: 2036}
"""
SETTINGS_CHANGES = {
    "seeds: 10": "seeds: 3",
    "processes: 8": "processes: 1",
}
# One transparent pixel as PNG.
BLANK = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def make_digits(count, seed):
    """Images that are light in rows which tell their class, on noise; and their labels."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.uint8) % CLASSES
    images = generator.integers(0, 90, (count, *SHAPE)).astype(np.uint8)
    for label in range(CLASSES):
        images[labels == label, 3 * label : 3 * label + 2] += 120
    images[:, 0, 0] = 0  # a pixel that is constant in both parts
    return images, labels


def write_dataset(folder, train=300, test=60, seed=0):
    """Write the four IDX files."""
    folder.mkdir(parents=True, exist_ok=True)
    write_arrays(folder, *make_digits(train, seed), *make_digits(test, seed + 1))
    return folder


def write_arrays(folder, train_images, train_labels, test_images, test_labels):
    """Write these as the four IDX files."""
    arrays = (train_images, train_labels, test_images, test_labels)
    for name, array in zip(FILE_NAMES, arrays, strict=True):
        (folder / FILE_NAMES[name]).write_bytes(encode_header(array.shape) + array.tobytes())


@contextmanager
def without_xla():
    """Train uncompiled: to compile takes longer than to train a tiny network, which is the same."""
    import tensorflow as tf

    function = tf.function

    def uncompiled(*args, jit_compile=None, **options):
        return function(*args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tf, "function", uncompiled)
        yield


@contextmanager
def blank_pictures():
    """Draw nothing, which would take a third of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(presentation, "to_png", lambda *drawing, **options: BLANK)
        yield


# What a run tells of its steps for people to read, which is most of its history.
UNREAD = {
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    dg.DagsterEventType.HANDLED_OUTPUT,
    dg.DagsterEventType.LOADED_INPUT,
    dg.DagsterEventType.STEP_INPUT,
    dg.DagsterEventType.STEP_OUTPUT,
    dg.DagsterEventType.STEP_START,
    dg.DagsterEventType.STEP_SUCCESS,
}


@contextmanager
def short_history():
    """Keep neither events that nothing here looks for nor what a run's job was like.

    The web UI shows both, and to keep them takes a third of the time.
    """
    keep = dg.DagsterInstance.handle_new_event

    def keep_if_read(self, entry, **options):
        if entry.is_dagster_event and entry.dagster_event_type not in UNREAD:
            keep(self, entry, **options)

    def describe(self, job_name, run_id, run_config, status, step_keys_to_execute, tags, **unread):
        return dg.DagsterRun(
            job_name=job_name,
            run_id=run_id,
            run_config=run_config,
            status=status,
            step_keys_to_execute=step_keys_to_execute,
            tags=tags,
            asset_selection=unread["asset_selection"],
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dg.DagsterInstance, "handle_new_event", keep_if_read)
        patch.setattr(RunDomain, "construct_run_with_snapshots", describe)
        for name in ("get_job_snapshot", "get_parent_job_snapshot"):
            patch.setattr(dg.JobDefinition, name, lambda job: None)
        patch.setattr(dg.JobDefinition, "get_job_snapshot_id", lambda job: "")
        yield


@lru_cache(maxsize=4)
def build_once(places, *contents):
    """The definitions over some places, as long as some files have these contents."""
    return build_definitions(places)


@dataclass(frozen=True)
class Project:
    """A tiny project in a folder of its own."""

    folder: Path
    places: Places

    @classmethod
    def create(cls, folder):
        settings = SETTINGS_FILE.read_text()
        for old, new in SETTINGS_CHANGES.items():
            assert old in settings
            settings = settings.replace(old, new)
        (folder / "settings.yaml").write_text(settings)
        (folder / "networks.yaml").write_text(NETWORKS)
        write_dataset(folder / "raw")
        (folder / "history").mkdir()
        (folder / "history" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        return cls.within(folder)

    @classmethod
    def within(cls, folder):
        """The project whose files are in a folder."""
        return cls(
            folder,
            Places(
                assets=str(folder / "assets"),
                dataset=str(folder / "raw"),
                inbox=str(folder / "inbox"),
                networks=folder / "networks.yaml",
                settings=folder / "settings.yaml",
            ),
        )

    def copy(self, folder):
        """The same project, with all it has made, in another folder."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return self.within(folder)

    @property
    def environment(self):
        """What makes the command line work on this project."""
        return {
            "DAGSTER_HOME": str(self.folder / "history"),
            "MNIST_ASSETS_DATA": self.places.assets,
            "MNIST_ASSETS_DATASET": self.places.dataset,
            "MNIST_ASSETS_INBOX": self.places.inbox,
            "MNIST_ASSETS_NETWORKS": str(self.places.networks),
            "MNIST_ASSETS_SETTINGS": str(self.places.settings),
        }

    def edit(self, file, old, new):
        """Change a text file of the project."""
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def path(self, key, ending):
        return self.folder / "assets" / f"{key}.{ending}"

    @contextmanager
    def instance(self):
        with dg.DagsterInstance.local_temp(str(self.folder / "history")) as instance:
            yield instance

    def definitions(self):
        """Its definitions, built once as long as nothing changes that they are built from."""
        declared = beside(Path(self.places.dataset), FILE)
        files = (self.places.settings, self.places.networks, self.places.tuning, declared)
        return build_once(self.places, *(file.read_text() for file in files if file.is_file()))

    def graph(self, instance, *, on_request=False):
        version = build_source(self.places).version()
        return self._graph(self.definitions(), instance, version, on_request=on_request)

    def _graph(self, definitions, instance, version, *, on_request):
        storages = build_storages(self.places)
        return Graph(definitions, instance, {SOURCE: version}, storages, on_request=on_request)

    def checks(self, instance):
        """The last evaluation of each check, by asset and name."""
        return {
            f"{key.asset_key.to_user_string()}:{key.name}": evaluation
            for key, evaluation in self.graph(instance).evaluations().items()
        }

    def at(self, **places):
        """The same project over other places."""
        return replace(self, places=replace(self.places, **places))

    def update(self, instance, select="*", *, force=False, on_request=False):
        """Bring everything up to date, quietly; returns the keys made and the last run's result."""
        definitions = self.definitions()
        version = build_source(self.places).version()
        observe(instance, SOURCE, version)
        graph = self._graph(definitions, instance, version, on_request=on_request)
        job = definitions.resolve_job_def(EVERYTHING)
        if on_request:
            job = definitions.resolve_implicit_global_asset_job_def()
        results = []

        def run(keys):
            with history_kept_open(instance), short_history():
                result = job.execute_in_process(
                    instance=instance,
                    asset_selection=list(keys),
                    run_config={"loggers": {"terminal": {}}},
                    raise_on_error=False,
                )
            results.append(result)
            events = result.get_asset_materialization_events()
            return Run({event.asset_key for event in events}, result.success)

        outcome = bring_up_to_date(graph, graph.select(select), run, force=force)
        return Outcome(
            [key.to_user_string() for key in graph.keys if key in outcome.made],
            outcome.success,
            results,
        )


@dataclass(frozen=True)
class Outcome:
    """What came of bringing a project up to date."""

    made: list
    success: bool
    results: list

    def failures(self):
        """What is told of each step that failed for another reason than a check."""
        reasons = [
            failure_reason(event.step_failure_data.error)
            for event in (self.results[-1].all_events if self.results else [])
            if event.is_step_failure
        ]
        return [reason for reason in reasons if reason]

    def checks(self):
        """Each check evaluated, by asset and name."""
        return {
            f"{evaluation.asset_key.to_user_string()}:{evaluation.check_name}": evaluation
            for result in self.results
            for evaluation in result.get_asset_check_evaluations()
        }
