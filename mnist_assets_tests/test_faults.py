"""Each deliberate fault is stopped by the check named in `faults/`, before the report."""

import re

import pytest

from mnist_assets_tests.faults import EARLY, FAULTS, LATE, UNSEEN
from mnist_assets_tests.faults.project import (
    REPORT,
    copy_of,
    create_project,
    first_failure,
    put_into_graph,
    run,
)
from mnist_assets_tests.faults.table import COMMAND, PAGE, render, without_digits

# No fault can show these as the first to fail: each sees what another one sees before it.
ELSEWHERE = {
    "as_many_labels_as_images": "load_dataset refuses such files, and the checksum other arrays",
    "test_probabilities": "the validation images are predicted the same way",
    "test_confusion_matrix": "the validation images are counted the same way",
    "generalization_gap": "a warning, which stops nothing",
    "no_image_twice": "a warning in a dataset other than MNIST",
    "upright": "a warning, which stops nothing",
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A project with its dataset and its split stored."""
    project = create_project(tmp_path_factory.mktemp("loaded"))
    assert run(project, 'group:dataset or key:"preparation/split"').success
    return project


@pytest.fixture(scope="module")
def made(tmp_path_factory, uncompiled):
    """A project in which everything is made, and what came of it."""
    project = create_project(tmp_path_factory.mktemp("made"))
    return project, run(project, "*")


@pytest.fixture(scope="module")
def all_seen():
    """What was seen of each fault, by name."""
    return {}


def assert_is_stopped_as_named(fault, seen):
    assert seen.stopped_by == fault.stopped_by
    assert (REPORT in seen.made) == (fault in UNSEEN)
    if fault in UNSEEN:
        assert seen.warned_by == fault.warned_by


@pytest.mark.slow
@pytest.mark.parametrize("fault", EARLY, ids=lambda fault: fault.name)
def test_a_fault_is_stopped_before_any_training(fault, loaded, all_seen):
    seen = all_seen[fault.name] = put_into_graph(fault, loaded)
    assert_is_stopped_as_named(fault, seen)
    assert [key for key in seen.made if key.startswith(("networks/", "evaluation/"))] == []


@pytest.mark.slow
def test_without_a_fault_everything_is_made_and_every_check_passes(made):
    project, outcome = made
    assert outcome.success
    assert first_failure(outcome) == (None, "")
    assert [name for name, check in outcome.checks().items() if not check.passed] == []
    assert project.path(REPORT, "html").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("fault", [*LATE, *UNSEEN], ids=lambda fault: fault.name)
def test_a_fault_is_stopped_or_seen_by_none_as_is_said(fault, made, all_seen):
    project, _ = made
    seen = all_seen[fault.name] = put_into_graph(fault, project)
    assert_is_stopped_as_named(fault, seen)
    if fault not in UNSEEN:
        report = copy_of(project) / "assets" / f"{REPORT}.html"
        assert report.read_bytes() == project.path(REPORT, "html").read_bytes()


@pytest.mark.slow
def test_the_page_says_what_was_seen(made, all_seen):
    project, _ = made
    for fault in FAULTS:
        if fault.name not in all_seen:
            all_seen[fault.name] = put_into_graph(fault, project)
    page = PAGE.read_text(encoding="utf-8")
    assert without_digits(page) == without_digits(render(all_seen)), f"run {COMMAND}"


def test_the_page_has_every_fault_and_its_check():
    rows = [re.split(r" \| ", line.strip("| ")) for line in PAGE.read_text().splitlines()]
    told = {row[0]: row[1:] for row in rows if len(row) > 2 and row[0] not in {"Fault", "---"}}
    assert list(told) == [fault.name for fault in FAULTS], f"run {COMMAND}"
    for fault in FAULTS:
        place, outcome, *_ = told[fault.name]
        assert place == fault.place
        if fault in UNSEEN:
            assert outcome == fault.would
        else:
            asset, _, check = fault.stopped_by.partition(":")
            assert outcome == (
                f"`{asset}` refused" if check == " error" else f"`{fault.stopped_by}`"
            )


def test_faults_are_many_and_each_its_own():
    assert len(FAULTS) - len(UNSEEN) >= 22
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    for fault in FAULTS:
        assert bool(fault.would) == (fault.stopped_by is None) == (fault in UNSEEN)
        assert all(f"`{check}` warns" in fault.would for check in fault.warned_by)


def test_every_check_before_the_report_stops_some_fault(loaded):
    graph = loaded.definitions().resolve_asset_graph()
    names = {
        key.name
        for key in graph.asset_check_keys
        if key.asset_key.path[0] in {"dataset", "preparation", "networks"}
        or key.asset_key.path in (["evaluation", "small_predictions"], ["evaluation", "small"])
    }
    stopping = {fault.stopped_by.partition(":")[2] for fault in FAULTS if fault.stopped_by}
    assert names - stopping == set(ELSEWHERE)


def test_no_network_can_see_the_test_part(loaded):
    graph = loaded.definitions().resolve_asset_graph()
    networks = [key for key in graph.materializable_asset_keys if key.path[0] == "networks"]
    seen, todo = set(), list(networks)
    while todo:
        key = todo.pop()
        todo += graph.get(key).parent_keys - seen
        seen |= graph.get(key).parent_keys
    assert len(networks) == 4
    told = {key.to_user_string() for key in seen}
    assert "dataset/train_images" in told
    assert {name for name in told if "test" in name} == set()
