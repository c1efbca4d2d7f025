import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import dvc_stages, kept_fast, memory, processes
from benchmarks.changes import IMPORT, NOTHING, ONE, _stages, show_changes
from benchmarks.evaluate import evaluate
from benchmarks.graph import GRAPH, PART, SCRIPT, show_graph
from benchmarks.images import read_repeated, require_space, shift_images, write_repeated
from benchmarks.implementations import ENTRIES
from benchmarks.machine import describe_machine
from benchmarks.networks_scale import TASKS, show_networks_scale
from benchmarks.products import Product, products_of
from benchmarks.products import show as show_products
from benchmarks.scale import show_scale
from benchmarks.search import show_search
from benchmarks.searches import KERAS_TUNER, OURS, SPACE
from benchmarks.tables import medians, ratios, render, write_csv
from benchmarks.training import show_training
from benchmarks.work import Work, layers_to_logits
from mnist_assets.dataset.loading import Dataset
from mnist_assets.errors import InputError
from mnist_assets.networks.declaration import Training
from mnist_assets.networks.layers import BatchNormalization, Dense, Dropout
from mnist_assets.networks.optimizers import SGD, Adam, Optimizer
from mnist_assets.tuning.search.declaration import Search
from mnist_assets.tuning.search.space import Space

DENSE = Dense(kind="dense", units=2)
NORMALIZATION = BatchNormalization(kind="batch_normalization")
ADAM = Adam(kind="adam", learning_rate=0.01)


def training(
    *layers: Dense | BatchNormalization | Dropout, optimizer: Optimizer = ADAM, epochs: int = 1
) -> Training:
    return Training(layers=layers, optimizer=optimizer, batch_size=8, epochs=epochs, seed=0)


def test_every_implementation_has_each_turn_once_a_round() -> None:
    turns = list(processes.in_turns(["a", "b", "c"], 4))
    assert [name for turn, name in turns if turn == 1] == ["a", "b", "c"]
    assert [name for turn, name in turns if turn == 2] == ["b", "c", "a"]
    assert [name for turn, name in turns if turn == 4] == ["a", "b", "c"]
    assert len(turns) == 12


def test_a_process_is_timed_and_its_last_line_read(tmp_path: Path) -> None:
    program = (
        "import os, time; time.sleep(.1); print('x'); print('{\"folder\": \"%s\"}' % os.getcwd())"
    )
    finished = processes.run_python(["-c", program], folder=tmp_path)
    assert finished.result == {"folder": str(tmp_path)}
    assert 0.1 < finished.seconds < 5
    assert finished.peak_with_files_megabytes > 1


def test_a_process_gets_the_project_and_the_environment(tmp_path: Path) -> None:
    program = "import os, mnist_assets.errors; print(os.environ['SETTING'])"
    finished = processes.run_python(
        ["-c", program], folder=tmp_path, environment={"SETTING": "set"}
    )
    assert finished.output == "set\n"


def test_the_memory_of_a_process_is_seen_from_outside(tmp_path: Path) -> None:
    program = "import time; held = bytearray(100_000_000); time.sleep(.2)"
    finished = processes.run_python(["-c", program], folder=tmp_path)
    assert finished.peak_with_files_megabytes > 100
    assert not finished.peak_megabytes < 100  # NaN where the system does not tell


def test_a_failed_process_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match=r"failed \(3\):\nlast words"):
        processes.run_python(
            ["-c", "import sys; print('last words'); sys.exit(3)"], folder=tmp_path
        )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells anonymous memory apart")
def test_memory_is_watched_while_it_is_held() -> None:
    with memory.watched_memory() as watched:
        held = np.ones(50_000_000, np.uint8)
        time.sleep(5 * memory.INTERVAL)
        del held
    assert watched.peak - watched.before > 45
    assert memory.anonymous_megabytes() < watched.peak
    assert memory.anonymous_megabytes(2**22 + 1) == 0  # no process has this number


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells shared memory apart")
def test_what_a_family_shares_is_counted_once() -> None:
    program = (
        "import os, time\n"
        "shared = bytearray(100_000_000)\n"
        "os.fork() or setattr(os, 'own', bytearray(50_000_000))\n"
        "print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.read(2)  # both are ready
        assert 150 < memory.family_megabytes(process.pid) < 180
        for member in reversed(list(memory._family(process.pid))):
            os.kill(int(member), signal.SIGKILL)
    assert memory.family_megabytes(process.pid) == 0


def test_medians_and_ratios() -> None:
    rows = [{"who": "b", "s": 1.0}, {"who": "a", "s": 4.0}, {"who": "b", "s": 9.0}]
    rows += [{"who": "b", "s": 2.0}]
    seconds = medians(rows, by="who", column="s")
    assert list(seconds.items()) == [("b", 2.0), ("a", 4.0)]
    assert ratios(seconds, "a") == {"b": 0.5, "a": 1.0}


def test_a_table_lines_up() -> None:
    assert render(["", "s"], [["long name", "1.0"], ["x", "10.0"]]).splitlines() == [
        "              s",
        "long name   1.0",
        "x          10.0",
    ]


def test_rows_are_kept_as_csv(tmp_path: Path) -> None:
    rows = [{"who": "a, b", "s": 1.5}, {"who": "c", "s": 2}]
    write_csv(tmp_path / "new" / "rows.csv", rows)
    with (tmp_path / "new" / "rows.csv").open(encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == [{"who": "a, b", "s": "1.5"}, {"who": "c", "s": "2"}]


def test_training_table_has_times_beside_accuracies_and_the_limit() -> None:
    rows = [
        {
            "round": turn,
            "implementation": implementation,
            "network": network,
            "seconds": seconds * turn,
            "val_accuracy": 0.9,
            "test_accuracy": 0.8,
            "arithmetic_seconds": {"given": 1.0, "simplest": 0.5, "best": 1.5}[network],
            "matrix_gigaflops": 150.4,
            "peak_megabytes": 100.0,
        }
        for turn in (1, 2, 3)
        for implementation, seconds in (("this loop", 1.0), ("fit", 5.0))
        for network in ("given", "simplest", "best")
    ]
    ours, fit, limit = show_training(rows).splitlines()[1:4]
    assert "2.00 (0.9000 / 0.8000)" in ours
    assert ours.split()[-4:] == ["6.0", "1.00", "0.20", "100"]
    assert fit.split()[-4:] == ["30.0", "5.00", "1.00", "100"]
    assert limit.startswith("arithmetic at 150 GFLOP/s ")
    assert limit.split()[4:] == ["1.00", "0.50", "1.50", "3.0", "0.50", "0.10"]


def test_graph_table_ends_with_the_shares_of_the_script() -> None:
    rows = [
        {
            "implementation": implementation,
            "seconds": seconds,
            "peak_megabytes": megabytes,
            "given_val_accuracy": 0.9,
            "simplest_val_accuracy": 0.8,
            "best_val_accuracy": 0.7,
        }
        for implementation, seconds, megabytes in (
            (GRAPH, 20.0, 500.0),
            (PART, 10.0, 400.0),
            (SCRIPT, 50.0, 2000.0),
        )
    ]
    lines = show_graph(rows).splitlines()
    assert lines[1].split()[-5:] == ["20.0", "500", "0.9000", "0.8000", "0.7000"]
    assert lines[4].split() == ["graph", "/", "script", "0.40", "0.25"]
    assert lines[5].split() == ["that", "part", "/", "script", "0.20", "0.20"]


def test_changes_table_tells_what_is_not_training() -> None:
    rows = [
        {"round": turn, "task": task, "seconds": seconds + turn - 2, "training": training}
        for turn in (1, 2, 3)
        for task, seconds, training in ((IMPORT, 2.0, 0.0), (NOTHING, 3.0, 0.0), (ONE, 12.0, 5.0))
    ]
    lines = [line.split() for line in show_changes(rows).splitlines()]
    assert lines[2] == [*NOTHING.split(), "3.00", "1.50"]
    assert lines[3] == [*ONE.split(), "12.00", "6.00", "5.00", "7.00"]


def test_every_stage_of_dvc_is_a_command_and_reads_what_another_makes() -> None:
    stages = _stages()
    made = {file for stage in stages.values() for file in stage["outs"]}  # type: ignore[attr-defined]
    for name, stage in stages.items():
        command = str(stage["cmd"]).split()[3]
        assert command in dvc_stages.main.commands, name
        read = {file for file in stage["deps"] if not Path(file).is_absolute()}  # type: ignore[attr-defined]
        assert read <= made, name


def test_scale_table_gives_time_per_image() -> None:
    row = {
        "images": 2_000_000,
        "task": "exploration",
        "seconds": 5.0,
        "megabytes_before": 40.0,
        "peak_megabytes": 60.0,
        "peak_with_files_megabytes": 900.0,
    }
    assert show_scale([row]).splitlines()[1].split() == (
        ["exploration", "2,000,000", "5.0", "2.50", "60", "20", "900"]
    )


def test_networks_table_tells_what_each_further_network_costs() -> None:
    rows = [
        {"round": turn, "networks": networks, "task": task, "seconds": seconds + turn - 2}
        for turn in (1, 2, 3)
        for networks, seconds in ((3, 1.5), (13, 2.0), (203, 4.5))
        for task in TASKS
    ]
    first, *lines = show_networks_scale(rows).splitlines()
    assert "203 / 3" in first
    assert [line.split()[-5:] for line in lines] == [["1.50", "2.00", "4.50", "3.0", "15.0"]] * len(
        TASKS
    )


def test_the_machine_is_described() -> None:
    machine = describe_machine()
    assert machine["cores"] >= 1
    assert machine["memory_gigabytes"] > 0
    assert machine["numpy"] == np.__version__


def test_images_are_shifted_and_black_comes_in() -> None:
    images = np.zeros((200, 5, 7), np.uint8)
    images[:, 2, 3] = 9
    shifted = shift_images(images, 1, np.random.default_rng(0))
    assert (shifted.sum(axis=(1, 2)) == 9).all()
    moved_to = {(int(row), int(column)) for _, row, column in np.argwhere(shifted)}
    assert moved_to == {(row, column) for row in (1, 2, 3) for column in (2, 3, 4)}
    edge = shift_images(np.full((50, 2, 2), 5, np.uint8), 2, np.random.default_rng(0))
    assert 0 in edge.sum(axis=(1, 2))


def test_repeated_images_are_written_in_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.images.CHUNK", 4)
    images = np.zeros((3, 6, 6), np.uint8)
    images[:, 3, 3] = [10, 20, 30]
    write_repeated(tmp_path, images, np.array([1, 2, 3], np.uint8), 10)
    written, labels = read_repeated(tmp_path)
    assert written.shape == (10, 6, 6)
    assert written.dtype == np.uint8
    assert labels.tolist() == [1, 2, 3, 1, 2, 3, 1, 2, 3, 1]
    assert (written.max(axis=(1, 2)) == labels * 10).all()
    again = tmp_path / "again"
    again.mkdir()
    write_repeated(again, images, np.array([1, 2, 3], np.uint8), 10)
    assert (read_repeated(again)[0] == written).all()


def test_too_small_a_disk_is_said_before_writing(tmp_path: Path) -> None:
    require_space(tmp_path, 1)
    with pytest.raises(InputError, match=r"expected at least 1000000000\.0 GB\. Free some"):
        require_space(tmp_path, 10**18)


def test_the_judge_multiplies_out_the_weights() -> None:
    images = np.array([[[1, 0]], [[0, 1]], [[2, 0]], [[0, 2]]], np.float32)
    swap, identity = np.array([[0, 1], [1, 0]], np.float32), np.eye(2, dtype=np.float32)
    zeros, ones = np.zeros(2, np.float32), np.ones(2, np.float32)
    gamma, beta = np.array([1, 1.5], np.float32), np.array([2, 0], np.float32)
    mean = np.array([1, 0], np.float32)
    weights = [swap, zeros, gamma, beta, mean, ones, identity, zeros]
    layers = layers_to_logits(training(DENSE, NORMALIZATION), classes=2)
    # Swapped, 2 - 1 added to the first, the second times 1.5: [1, 1.5], [2, 0], [1, 3], [3, 0].
    assert evaluate(layers, weights, images, np.array([1, 0, 1, 0], np.uint8)) == 1
    assert evaluate(layers, weights, images, np.array([0, 0, 1, 1], np.uint8)) == 0.5
    # The ReLU makes the first 0 in every image, so that it comes to 1, and negated to -1.
    weights[1], weights[6] = np.array([-3, 0], np.float32), np.diag(np.array([-1, 1], np.float32))
    assert evaluate(layers, weights, images, np.array([1, 1, 1, 1], np.uint8)) == 1


def test_the_judge_refuses_weights_that_are_left_over() -> None:
    layers = layers_to_logits(training(), classes=1)
    weights = [np.ones((1, 1), np.float32), np.ones(1, np.float32), np.ones(1, np.float32)]
    with pytest.raises(ValueError, match="more weights than the layers have"):
        evaluate(layers, weights, np.ones((1, 1, 1), np.float32), np.zeros(1, np.uint8))


@pytest.mark.parametrize(
    "declared",
    [
        training(Dropout(kind="dropout", rate=0.5)),
        training(Dense(kind="dense", units=2, activation="tanh")),
        training(DENSE, optimizer=SGD(kind="sgd", learning_rate=0.1, momentum=0.9)),
    ],
)
def test_what_the_implementations_do_not_know_is_refused(declared: Training) -> None:
    with pytest.raises(InputError, match="as they were declared"):
        layers_to_logits(declared, classes=10)


def tiny_work() -> Work:
    """Images of 4 x 3 pixels in three classes, told apart by which column is bright."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, 330).astype(np.uint8)
    images = generator.integers(0, 60, (330, 4, 3)).astype(np.uint8)
    images[np.arange(330), :, labels] += 150
    indices = np.arange(300, dtype=np.int32)
    wide, sgd = Dense(kind="dense", units=16), SGD(kind="sgd", learning_rate=0.05)
    return Work(
        trainings={
            "plain": training(wide, optimizer=sgd, epochs=8),
            "normalised": training(wide, NORMALIZATION, epochs=8),
        },
        dataset=Dataset(images[:300], labels[:300], images[300:], labels[300:]),
        split={"train": indices[:270], "validation": indices[270:]},
        normalization={
            "mean": np.full((4, 3), 80, np.float32),
            "std": np.full((4, 3), 70, np.float32),
        },
        classes=3,
        memory_limit=10**9,
    )


@pytest.mark.slow
@pytest.mark.parametrize("implementation", ENTRIES)
def test_every_implementation_trains(implementation: str) -> None:
    entry = ENTRIES[implementation]
    if not entry.is_installed:
        pytest.skip(f"{entry.requires} is not installed")
    work = tiny_work()
    trainer = entry.make(work)
    for name, declared in work.trainings.items():
        trained = trainer.train(name, declared)
        assert len(trained.epochs) == declared.epochs
        first, last = trained.epochs[0], trained.epochs[-1]
        assert last.loss < first.loss
        layers = layers_to_logits(declared, work.classes)
        validation = evaluate(layers, trained.weights, *work.part("validation"))
        assert validation == pytest.approx(last.val_accuracy, abs=1e-6)
        assert evaluate(layers, trained.weights, *work.test_part()) > 0.9


def test_searches_are_compared_by_trials_a_minute() -> None:
    rows = [
        {
            "round": 1,
            "implementation": name,
            "trials": 4,
            "seconds": seconds,
            "training_seconds": seconds / 2,
            "compile_seconds": compiling,
            "best_validation_accuracy": 0.97,
            "processor_seconds": 7.0,
        }
        for name, seconds, compiling in ((OURS, 20.0, 5.0), (KERAS_TUNER, 120.0, 0.0))
    ]
    ours, theirs = (line.split() for line in show_search(rows).splitlines()[1:3])
    assert ours[2:] == ["12.0", "6.0", "7", "50", "%", "25", "%", "0.9700"]
    assert theirs[3:] == ["2.0", "1.0", "7", "50", "%", "0.9700"]


def test_the_space_that_is_searched_is_one() -> None:
    declared = Search.model_validate(SPACE)
    corners = list(Space(declared.training, "benchmark").corners())
    assert {len(training.layers) for training in corners} == {1, 2}


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A committed ratio of 2."""
    committed = tmp_path / "committed.json"
    committed.write_text(json.dumps({"one / other": 2}))
    monkeypatch.setattr(kept_fast, "COMMITTED", committed)
    return committed


@pytest.mark.parametrize(
    ("seen", "is_fast", "measured"),
    [
        ([2.5], True, 1),
        ([2.6, 2.4, 2.4], True, 3),  # once too slow, but not on the whole
        ([2.6, 2.6, 2.6, 2.4, 2.6], False, 5),
    ],
)
def test_what_is_a_quarter_worse_than_committed_fails_if_it_stays_so(
    held: Path,
    monkeypatch: pytest.MonkeyPatch,
    seen: list[float],
    is_fast: bool,
    measured: int,
) -> None:
    left = iter(seen)
    monkeypatch.setattr(kept_fast, "RATIOS", {"one / other": lambda _: next(left)})
    result = CliRunner().invoke(kept_fast.main)
    assert (result.exit_code == 0) is is_fast, result.output
    assert result.output.count("kept fast, round") == measured == len(seen) - len(list(left))
    assert ("slower than 1.25 times what is committed: one / other" in result.output) != is_fast
    assert json.loads(held.read_text()) == {"one / other": 2}


def test_what_is_measured_is_committed_when_asked(
    held: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter([9.0, 4.0, 4.25])
    monkeypatch.setattr(kept_fast, "RATIOS", {"one / other": lambda _: next(left)})
    assert CliRunner().invoke(kept_fast.main, ["--commit"]).exit_code == 0
    assert json.loads(held.read_text()) == {"one / other": 4.25}


def test_every_ratio_is_committed() -> None:
    assert json.loads(kept_fast.COMMITTED.read_text()).keys() == kept_fast.RATIOS.keys()


@pytest.mark.slow
def test_calls_are_counted_for_a_program_that_ends_as_commands_do(tmp_path: Path) -> None:
    """Twice the calls are twice the ratio, and the calls of importing Dagster are 1."""
    program = "import sys\nfor _ in range({}): abs(1)\nsys.exit(0)"
    few, many = (
        kept_fast._calls(program.format(count))(tmp_path) for count in (500_000, 1_000_000)
    )
    assert many == pytest.approx(2 * few, rel=0.01)
    assert kept_fast._calls("import dagster")(tmp_path) == pytest.approx(1, rel=0.01)


def test_an_update_has_the_products_of_its_dense_layers() -> None:
    """Of the first layer none for its inputs, which are data."""
    of = list(products_of(training(DENSE, NORMALIZATION), pixels=6, classes=3))
    assert [product[1:] for product in of] == [
        (8, 6, 2),
        (6, 8, 2),
        (8, 2, 3),
        (2, 8, 3),
        (8, 3, 2),
    ]
    assert of[0].operations == 2 * 8 * 6 * 2
    assert len({product.name for product in of}) == 5


def test_the_table_holds_an_update_against_its_products() -> None:
    table = show_products(3e-6, {Product("a", 10, 10, 10): 1e-6, Product("b", 1, 1, 1): 0.5e-6})
    assert [" ".join(line.split()) for line in table.splitlines()] == [
        "microseconds GFLOP/s",
        "a 1 2",
        "b 0 0",
        "all products 2 1",
        "an update 3 1",
        "update / products 2.00",
    ]
