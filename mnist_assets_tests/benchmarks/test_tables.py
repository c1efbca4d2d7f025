import csv
from pathlib import Path

import numpy as np

from benchmarks.bfloat16 import Trained
from benchmarks.bfloat16 import show as show_bfloat16
from benchmarks.changes import IMPORT, NOTHING, ONE, show_changes
from benchmarks.graph import GRAPH, PART, SCRIPT, show_graph
from benchmarks.machine import describe_machine
from benchmarks.networks_scale import TASKS, show_networks_scale
from benchmarks.products import Product
from benchmarks.products import show as show_products
from benchmarks.scale import show_scale
from benchmarks.search import show_search
from benchmarks.searches import KERAS_TUNER, OURS
from benchmarks.tables import medians, ratios, render, write_csv
from benchmarks.training import show_training


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
        for networks, seconds in ((1, 1.0), (3, 1.5), (13, 2.0), (203, 4.5))
        for task in TASKS
    ]
    first, *lines = show_networks_scale(rows).splitlines()
    assert "203 / 3" in first
    assert [line.split()[-5:] for line in lines] == [["1.50", "2.00", "4.50", "3.0", "15.0"]] * len(
        TASKS
    )


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


def test_the_machine_is_described() -> None:
    machine = describe_machine()
    assert machine["cores"] >= 1
    assert machine["memory_gigabytes"] > 0
    assert machine["numpy"] == np.__version__


def test_precisions_are_compared_by_seconds_and_accuracy() -> None:
    table = show_bfloat16(
        {
            ("given", "float32"): [Trained(2, 0.7), Trained(1, 0.8), Trained(9, 0.9)],
            ("given", "mixed_bfloat16"): [Trained(3, 0.6), Trained(4, 0.6), Trained(1, 0.9)],
        }
    )
    assert table.splitlines()[1].split() == ["given", "2.00", "3.00", "1.50", "0.8000", "0.7000"]
