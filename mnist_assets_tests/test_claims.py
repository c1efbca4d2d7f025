import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from mnist_assets.assets.claims import CLAIMS_FILE, claims_asset, read_notebook
from mnist_assets.errors import InputError
from mnist_assets.evaluation.comparison import compare_networks, comparison_row
from mnist_assets.evaluation.scores import evaluate
from mnist_assets.exploration import grey
from mnist_assets.exploration import summary as exploration
from mnist_assets.formatting import MINUS
from mnist_assets.networks.declaration import read_networks
from mnist_assets.networks.model import parameters_of
from mnist_assets.orchestration.versions.source import sources
from mnist_assets.preparation.normalization import fit_normalization
from mnist_assets.steps.claim_chance import Accuracy, Chance, Differs, Exceeds, Loss
from mnist_assets.steps.claim_evidence import Evidence, Graph, NetworkValues, Sample, Share, written
from mnist_assets.steps.claim_notebook import MEASURES, Claim, Verdict, claims_of, comparisons_of
from mnist_assets.steps.claim_rules import Bound, Close, Equal, Inside
from mnist_assets.steps.claims import (
    COLUMNS,
    NOTHING,
    check_verdicts,
    count_verdicts,
    judge,
    judge_claims,
)

SEED = next(iter(sorted(Path(__file__).parents[2].glob("shared/seed/*.txt"))), None)
NOTEBOOK = read_notebook()
DECLARED = read_networks()
CLAIMS = {name: claim for name, _, claim in claims_of(NOTEBOOK)}
COMPARED = [
    pytest.param(claim, slot, id=f"{name}-{slot}")
    for name, claim in CLAIMS.items()
    for slot in ("demonstration", "own", "found")
    if getattr(claim, slot)
]
IF_NOT = {
    "demonstration": Verdict.WRONG_BY_CONSTRUCTION,
    "own": Verdict.CONTRADICTS_ITSELF,
    "found": Verdict.NOT_REPRODUCED,
}
HOLDS = {Verdict.REPRODUCED, Verdict.WITHIN_SAMPLING_ERROR}


def make_graph(trainings):
    """A graph's values, of 300 + 100 images of 28 x 28 pixels in ten classes."""
    generator = np.random.default_rng(0)
    labels = [np.arange(count, dtype=np.uint8) % 10 for count in (300, 100)]
    images = []
    for of_part in labels:
        lit = generator.integers(1, 256, (len(of_part), 28, 28)).astype(np.uint8)
        shown = generator.random(lit.shape) < (1 + of_part[:, None, None]) / 20
        images.append(np.where(shown, lit, 0).astype(np.uint8))
    images[0][:, 0, 0] = 0
    images[0][0, 5, :2] = 0, 255
    (train, test), (train_labels, test_labels) = images, labels
    order = generator.permutation(300).astype(np.int32)
    split = {"train": order[:270], "validation": order[270:]}
    averages = exploration.average_digits(train, train_labels, 10)
    networks = {
        name: make_network(training, train_labels[split["validation"]], test_labels, seed)
        for seed, (name, training) in enumerate(trainings.items())
    }
    rows = [
        comparison_row(
            name,
            parameters=parameters_of(network.training.layers, (28, 28), 10)["total"],
            history=network.history,
            evaluation=network.evaluation,
        )
        for name, network in networks.items()
    ]
    return Graph(
        train_images=train,
        train_labels=train_labels,
        test_images=test,
        test_labels=test_labels,
        summary=exploration.summarise(train, train_labels, test, test_labels),
        average_digits=averages,
        extreme_digits=exploration.extreme_digits(train, train_labels, averages),
        grey_levels=grey.grey_levels(train),
        pixel_histogram=grey.pixel_histogram(train),
        split=split,
        normalization=fit_normalization(train, split["train"], 25.5),
        comparison=compare_networks(rows),
        networks=networks,
    )


def make_network(training, validation_labels, test_labels, seed):
    """A network that is right on about four in five images."""
    generator = np.random.default_rng(seed)

    def predict(labels):
        scores = generator.random((len(labels), 10)) + 0.6 * np.eye(10)[labels]
        probabilities = np.exp(5 * scores)
        return (probabilities / probabilities.sum(axis=1, keepdims=True)).astype(np.float32)

    predictions = {"validation": predict(validation_labels), "test": predict(test_labels)}
    evaluation = evaluate(
        validation=(predictions["validation"], validation_labels),
        test=(predictions["test"], test_labels),
        classes=10,
    )
    epochs = np.arange(1, training.epochs + 1)
    history = pd.DataFrame(
        {
            "epoch": epochs,
            "loss": 1 / epochs,
            "accuracy": 1 - 0.3 / epochs,
            "val_loss": 1.1 / epochs,
            "val_accuracy": 1 - 0.4 / epochs,
            "seconds": (seed + 1) / epochs,
        }
    )
    return NetworkValues(training, history, evaluation, predictions)


@pytest.fixture(scope="module")
def graph():
    return make_graph({name: DECLARED[name].training for name in NOTEBOOK.printed.networks})


@pytest.fixture
def evidence(graph):
    return Evidence(NOTEBOOK.printed, graph)


def claim_of(says, **fields):
    """A claim with one slot or more, each a measure's name or a whole comparison."""
    named = {
        slot: {"measure": value} if isinstance(value, str) else value
        for slot, value in fields.items()
    }
    return Claim.model_validate({"part": "text", "words": "w", "says": says, **named})


# The file


def normalised(text):
    return " ".join(text.split())


@pytest.fixture(scope="module")
def lines():
    if SEED is None:
        pytest.skip("the notebook is not beside this checkout")
    return SEED.read_text(encoding="utf-8").splitlines()


def with_headings(lines):
    """The text in one line, and the headings by the places where they begin in it."""
    whole, headings, in_code = "", {}, False
    for line in lines:
        in_code ^= line.strip() == "```"
        if not in_code and (heading := re.fullmatch(r"#+ (.*)", line)):
            headings[len(whole)] = heading.group(1)
        whole += f"{normalised(line)} " if line.strip() else ""
    return whole, headings


def test_every_quotation_is_verbatim_below_its_heading_and_in_the_texts_order(lines):
    whole, headings = with_headings(lines)
    at = 0
    for _, section, claim in claims_of(NOTEBOOK):
        if claim is next(iter(section.claims.values())):
            at = min(
                place for place in headings if place >= at and headings[place] == section.heading
            )
        found = whole.find(normalised(claim.words), at)
        assert found >= 0, f"not here or not in this order: {claim.words}"
        above = headings[max(place for place in headings if place <= found)]
        assert above == section.heading, f"below another heading: {claim.words}"
        at = found


def test_it_holds_what_the_notebook_prints(lines):
    printed = NOTEBOOK.printed
    text = "\n".join(line for line in lines if line != "```")  # a page break ends a block of code
    plain = normalised(text).replace("\\_", "_")
    for network in printed.networks.values():
        at = 0
        for epoch in network.log:
            line = (
                f"{epoch.microseconds}us/step - loss: {epoch.loss:.4f} - acc: {epoch.accuracy:.4f} "
                f"- val_loss: {epoch.val_loss:.4f} - val_acc: {epoch.val_accuracy:.4f}"
            )
            assert (at := plain.find(line, at)) >= 0, line
        for width, parameters in network.summary:
            assert f"(None, {width}) {parameters}" in plain
        names = ("Total params", "Trainable params", "Non-trainable params")
        totals = zip(names, network.totals, strict=True)
        assert " ".join(f"{name}: {total:,}" for name, total in totals) in plain
        assert f"number_of_epochs = {network.epochs} batch_size={network.batch_size}" in plain
    for row in printed.confusion_matrix.value:
        assert " ".join(map(str, row)) in plain
    assert f"[{' '.join(map(str, printed.totals_estimated.value))}]" in plain
    glued = re.sub(r"[\s,]", "", text)
    assert "".join(map(str, printed.grey_levels.value)) in glued
    for digit in range(10):
        report = printed.report
        ratios = " ".join(
            f"{figures[digit]:.2f}" for figures in (report.precision, report.recall, report.f1)
        )
        assert f"{digit} {ratios} {report.support[digit]}" in plain
    names = ("accuracy", "missclassification ", "precision ", "sensitivity ", "specificity ")
    ratios = printed.ratios
    lists = (ratios.accuracy, ratios.misclassification_rate, ratios.precision, ratios.recall)
    for digit in range(10):
        found = re.search(
            rf"\(digit {digit}\) : " + " ".join(rf"{name}: (\S+)" for name in names), plain
        )
        figures = [of_digits[digit] for of_digits in (*lists, ratios.specificity)]
        assert [float(figure) for figure in found.groups()] == figures
    for counts in (
        printed.counts.true_positives,
        printed.counts.false_positives,
        printed.counts.false_negatives,
        printed.counts.true_negatives,
    ):
        assert "".join(map(str, counts)) in glued


def test_there_are_many_claims_and_few_that_cannot_be_checked():
    reasons = [claim for claim in CLAIMS.values() if claim.not_checkable]
    assert len(CLAIMS) == len(claims_of(NOTEBOOK)) >= 100
    assert len(reasons) <= 10


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "measure: images_of_each_part",
            "measure: imges",
            "'imges', expected the name of a measure",
        ),
        ("of: {bands: 5}", "of: {band: 5}", "expected a value for each of ['bands']"),
        ("of: {bands: 5}", "of: {bands: five}", "bands: Input should be a valid integer"),
        ("part: test}", "part: tests}", "part: Input should be 'validation' or 'test'"),
        ("says: 28\n", "says: about 28\n", "expected says to be a number, or lists of numbers"),
        ("rule: {kind: exceeds}", "rule: {kind: equal}", "expected a rule for a share"),
        (
            "rule: {kind: exceeds}",
            "rule: {kind: exceed}",
            "found 'exceed', expected kind to be one",
        ),
        ("        reading: a median", "        readig: a median", "readig"),
        ("of: {network: best, part: test}", "of: {network: bst, part: test}", "network bst"),
        ("      same-image-size:", "      image-shape:", "a second 'image-shape'"),
        ("      first-nine:", "      image-shape:", "a second claim of this id"),
        ("      first-nine:", "      First nine:", "First nine"),
        ("[0, 659, 4, 1, 0, 0, 1, 1, 1, 1]", "[0, 659]", "expected a square matrix"),
        ("support: &report_support [607, ", "support: &report_support [", "support to have 10"),
        (
            "not_checkable: the notebook's",
            "demonstration: {measure: leak}\n        not_checkable: x",
            "says to be",
        ),
        (
            "        not_checkable: the notebook's machine is not known\n",
            "",
            "either a reason here or",
        ),
        ("part: heading", "part: title", "sections[4].claims.nearest-images.part"),
    ],
)
def test_a_wrong_entry_is_told_with_its_place(tmp_path, old, new, told):
    content = CLAIMS_FILE.read_text(encoding="utf-8")
    assert old in content
    file = tmp_path / "claims.yaml"
    file.write_text(content.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(told)) as error:
        read_notebook(file)
    assert str(file) in str(error.value)
    assert len(str(error.value)) < 2000


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_notebook(tmp_path / "claims.yaml")


# The rules: (says, value) that hold surely, by chance, or not


@pytest.mark.parametrize(
    ("rule", "says", "value", "passed", "why"),
    [
        (Equal(), 3, 3, True, "the same"),
        (Equal(), 3, 4, False, "4, not 3"),
        (Equal(), [1, 2], [1, 3], False, "[1, 3], not [1, 2]"),
        (
            Equal(),
            [1, 2, 3, 4, 5],
            [1, 0, 3, 0, 5],
            False,
            "2 of 5 figures differ, the first at place 2",
        ),
        (Equal(), [1, 2], [1, 2, 3], False, "[1, 2, 3], not [1, 2]"),
        (Equal(), "uint8", "uint8", True, "the same"),
        (Equal(), True, True, True, "it is so"),
        (Equal(), [True, True], [True, False], False, "it is not so"),
        (Equal(), 3, None, False, "None, not 3"),
        (Close(kind="close", within=0.5), 28, 28.5, True, "at most 0.5 apart"),
        (Close(kind="close", within=0.5), 28, 28.6, False, "0.6 apart"),
        (Close(kind="close", within=0.1), [1, 2], [1.05, 2.2], False, "0.2 apart"),
        (Close(kind="close", within=0.1), 0, [0.05, -0.02], True, "at most 0.05 apart"),
        (Close(kind="close", within=0.1), [1, 2], [1, 2, 3], False, "3 figures, not 2"),
        (Close(kind="close", within=0.1), 1, 1, True, "the same"),
        (Bound(kind="bound", **{"is": "at least"}), 0.5, [0.5, 0.7], True, "0.5 is at least 0.5"),
        (
            Bound(kind="bound", **{"is": "at least"}),
            0.5,
            [0.4, 0.7],
            False,
            "0.4 is not at least 0.5",
        ),
        (Bound(kind="bound", **{"is": "above"}), 0.95, 0.9495, False, "0.9495 is not above 0.95"),
        (Bound(kind="bound", **{"is": "above"}), 0.5, 0.5, False, "0.5 is not above 0.5"),
        (Bound(kind="bound", **{"is": "above"}), 0.5, 0.6, True, "0.6 is above 0.5"),
        (Bound(kind="bound", **{"is": "at most"}), 2, [2, 1], True, "2 is at most 2"),
        (Bound(kind="bound", **{"is": "at most"}), 2, [2, 3], False, "3 is not at most 2"),
        (Bound(kind="bound", **{"is": "below"}), 2, 2, False, "2 is not below 2"),
        (Bound(kind="bound", **{"is": "below"}), 2, 1, True, "1 is below 2"),
        (Inside(kind="inside"), [0, 1], [0, 1], True, "they run from 0 to 1"),
        (Inside(kind="inside"), [0, 1], [-0.1, 0.5], False, f"they run from {MINUS}0.1 to 0.5"),
        (Inside(kind="inside"), [0, 1], [0.5, 1.5], False, "they run from 0.5 to 1.5"),
    ],
)
def test_a_rule_to_the_digit_or_to_a_bound(rule, says, value, passed, why):
    outcome = rule.judge(says, value)
    assert (outcome.passed, outcome.why, outcome.by_chance) == (passed, why, False)


# The limits by hand: 1.96 sqrt(2 x 0.9 x 0.1 / 100) = 0.0832, 1.96 x 0.5 sqrt(2 / 100) = 0.1386.
@pytest.mark.parametrize(
    ("rule", "says", "value", "passed", "by_chance", "why"),
    [
        (Accuracy(kind="accuracy", images=100), 0.9, Share(90, 100), True, True, "0.0000 apart"),
        (
            Accuracy(kind="accuracy", images=100),
            0.9,
            Share(84, 100),
            True,
            True,
            "within the 0.0928",
        ),
        (
            Accuracy(kind="accuracy", images=100),
            0.9,
            Share(79, 100),
            False,
            True,
            "more than the 0.0991",
        ),
        (
            Loss(kind="loss", images=100),
            0.2,
            Sample(0.3, 0.5, 100),
            True,
            True,
            "within the 0.1386",
        ),
        (
            Loss(kind="loss", images=100),
            0.2,
            Sample(0.4, 0.5, 100),
            False,
            True,
            "more than the 0.1386",
        ),
        (Exceeds(kind="exceeds"), 0.95, Share(990, 1000), True, False, "is above 0.95"),
        (Exceeds(kind="exceeds"), 0.95, Share(955, 1000), True, True, "is on both sides of 0.95"),
        (Exceeds(kind="exceeds"), 0.95, Share(945, 1000), True, True, "is on both sides of 0.95"),
        (Exceeds(kind="exceeds"), 0.95, Share(900, 1000), False, True, "is below 0.95"),
        (
            Differs(kind="differs"),
            "higher",
            (Share(99, 100), Share(80, 100)),
            True,
            False,
            "higher",
        ),
        (Differs(kind="differs"), "higher", (Share(91, 100), Share(90, 100)), True, True, "0.0813"),
        (
            Differs(kind="differs"),
            "higher",
            (Share(90, 100), Share(90, 100)),
            False,
            True,
            "0.0000",
        ),
        (Differs(kind="differs"), "lower", (Share(80, 100), Share(99, 100)), True, False, "lower"),
        (Differs(kind="differs"), "lower", (Share(99, 100), Share(80, 100)), False, True, "higher"),
        (Chance(kind="chance"), "alike", 0.5, True, True, "p = 0.500, no more than chance"),
        (Chance(kind="chance"), "alike", 0.0001, False, False, "p < 0.001, more than chance"),
        (Chance(kind="chance"), "different", 0.01, True, False, "p = 0.010, more than chance"),
        (Chance(kind="chance"), "different", 0.06, False, True, "p = 0.060, no more than chance"),
    ],
)
def test_a_rule_that_allows_for_chance(rule, says, value, passed, by_chance, why):
    outcome = rule.judge(says, value)
    assert (outcome.passed, outcome.by_chance) == (passed, by_chance)
    assert why in outcome.why


def test_more_confidence_allows_for_more_chance():
    value = Share(79, 100)
    assert Accuracy(kind="accuracy", images=100, confidence=0.99).judge(0.9, value).passed
    assert not Accuracy(kind="accuracy", images=100, confidence=0.95).judge(0.9, value).passed


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "yes"),
        (Share(9, 10), "0.9000 (9 of 10)"),
        (Sample(0.25, 1.0, 10), "0.2500"),
        (101770, "101,770"),
        (-15, f"{MINUS}15"),
        (0.031113, "0.031113"),
        (1e-5, f"1e{MINUS}05"),
        (2.5e11, "250,000,000,000"),
        ([[784, 0], [13, 10205]], "[[784, 0], [13, 10205]]"),
        (list(range(14)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … (14 in all)]"),
        ("uint8", "uint8"),
    ],
)
def test_figures_are_written_for_a_person(value, text):
    assert written(value) == text


# The verdicts


def lowest(value):
    return min(np.ravel(value).tolist())


def highest(value):
    return max(np.ravel(value).tolist())


def is_floor(rule):
    return rule.relation in {"at least", "above"}


def is_higher(pair):
    return pair[0].rate > pair[1].rate


# What a claim would have to say for a measured value to bear it out, and to refute it.
AGREEING = {
    Equal: lambda value, rule: value,
    Close: lambda value, rule: value,
    Bound: lambda value, rule: lowest(value) - 1 if is_floor(rule) else highest(value) + 1,
    Inside: lambda value, rule: [lowest(value), highest(value)],
    Accuracy: lambda value, rule: value.rate,
    Loss: lambda value, rule: value.mean,
    Exceeds: lambda value, rule: 0.0,
    Differs: lambda value, rule: "higher" if is_higher(value) else "lower",
    Chance: lambda value, rule: "alike" if value >= 0.05 else "different",
}
DISAGREEING = {
    Equal: lambda value, rule: altered(value),
    Close: lambda value, rule: altered(value, 3 * rule.within),
    Bound: lambda value, rule: highest(value) + 1 if is_floor(rule) else lowest(value) - 1,
    Inside: lambda value, rule: [highest(value) + 1, highest(value) + 2],
    Accuracy: lambda value, rule: 0.0 if value.rate > 0.5 else 1.0,
    Loss: lambda value, rule: value.mean + 100,
    Exceeds: lambda value, rule: 1.0,
    Differs: lambda value, rule: "lower" if is_higher(value) else "higher",
    Chance: lambda value, rule: "different" if value >= 0.05 else "alike",
}


def altered(value, by=1):
    if isinstance(value, list):
        return [altered(value[0], by), *value[1:]]
    if isinstance(value, bool):
        return not value
    return f"{value}!" if isinstance(value, str) or value is None else value + by


@pytest.mark.parametrize(("claim", "slot"), COMPARED)
def test_every_comparison_could_come_out_either_way(evidence, claim, slot):
    comparison = getattr(claim, slot)
    rule = comparison.rule
    value = MEASURES[comparison.measure].function(evidence, **comparison.of).value
    alone = claim.model_copy(update=dict.fromkeys(IF_NOT) | {slot: comparison})
    verdicts = [
        judge(alone.model_copy(update={"says": says[type(rule)](value, rule)}), evidence).verdict
        for says in (AGREEING, DISAGREEING)
    ]
    assert verdicts[0] in HOLDS
    assert verdicts[1] is IF_NOT[slot]


def test_the_first_comparison_that_does_not_hold_decides(evidence):
    right, wrong = "class_count", {"measure": "images", "of": {"parts": ["test"]}}
    own, not_own = "class_distribution_length", "class_distribution_total"
    assert judge(claim_of(10, own=own, found=right), evidence).verdict is Verdict.REPRODUCED
    assert judge(claim_of(10, own=own, found=wrong), evidence).verdict is Verdict.NOT_REPRODUCED
    contradicted = judge(claim_of(10, own=not_own, found=right), evidence)
    assert contradicted.verdict is Verdict.CONTRADICTS_ITSELF
    assert contradicted.found == "its own output: 60,000; here: 10"
    assert contradicted.why == "60,000, not 10"
    by_construction = judge(claim_of(10, demonstration="threshold", own=not_own), evidence)
    assert by_construction.verdict is Verdict.WRONG_BY_CONSTRUCTION
    assert by_construction.found == f"{MINUS}15"


def test_what_holds_only_by_chance_is_said_so(evidence):
    accuracy = {
        "measure": "accuracy",
        "of": {"network": "best", "part": "test"},
        "rule": {"kind": "accuracy", "images": 100},
    }
    judged = judge(
        claim_of(float(evidence.graph.comparison["test_accuracy"].iloc[-1]), found=accuracy),
        evidence,
    )
    assert judged.verdict is Verdict.WITHIN_SAMPLING_ERROR
    assert (
        judged.how == "the network's evaluation; two samples, 100 images there and 100 here, at 95%"
    )


def test_a_reading_and_a_reason_are_told(evidence):
    read = claim_of(10, found="class_count").model_copy(update={"reading": "classes"})
    assert judge(read, evidence).how.startswith("read as: classes; ")
    unchecked = Claim(part="text", words="w", not_checkable="nobody knows")
    assert judge(unchecked, evidence) == (NOTHING, NOTHING, Verdict.NOT_CHECKABLE, "nobody knows")


def test_of_another_dataset_only_the_notebooks_own_figures_are_judged():
    evidence = Evidence(NOTEBOOK.printed, None)
    judged = judge(claim_of(10, own="class_distribution_length", found="class_count"), evidence)
    assert judged.verdict is Verdict.NOT_CHECKABLE
    assert "not MNIST" in judged.why
    assert (
        judge(claim_of(11, own="class_distribution_length"), evidence).found == "its own output: 10"
    )
    table = judge_claims(NOTEBOOK, None)
    counts = count_verdicts(table)
    assert counts["not reproduced"] == counts["within sampling error"] == 0
    assert counts["contradicts its own output"] > 0
    assert (
        table.loc[table["id"] == "nearest-threshold", "verdict"].item() == "wrong by construction"
    )


def test_a_network_that_is_not_the_notebooks_is_not_held_against_it():
    trainings = {
        "given": DECLARED["given"].training,
        "best": DECLARED["best"].training.model_copy(update={"epochs": 3, "batch_size": 64}),
    }
    table = judge_claims(NOTEBOOK, make_graph(trainings)).set_index("id")
    judged = table.loc[["given-validation-accuracy", "best-epochs-in-code", "simplest-layers"]]
    assert judged["verdict"].iloc[0] != "not checkable"
    assert judged["verdict"].iloc[1:].tolist() == ["not checkable", "not checkable"]
    assert (
        judged["why"].iloc[1].endswith("another best than the notebook has: batch_size and epochs")
    )
    assert judged["why"].iloc[2] == "no network simplest is declared in networks.yaml"
    seeds = {"given": DECLARED["given"].training.model_copy(update={"seed": 99})}
    reseeded = judge_claims(NOTEBOOK, make_graph(seeds)).set_index("id")
    assert reseeded.loc["given-layers", "verdict"] == "reproduced"


def test_the_table_is_complete_and_reads_back_as_it_was(graph, tmp_path):
    table = judge_claims(NOTEBOOK, graph)
    assert tuple(table.columns) == COLUMNS
    assert table["number"].tolist() == list(range(1, len(CLAIMS) + 1))
    assert table["id"].tolist() == list(CLAIMS)
    assert not (table == "").any(axis=None)
    assert sum(count_verdicts(table).values()) == len(table)
    assert list(count_verdicts(table)) == [verdict.value for verdict in Verdict]
    table.to_csv(tmp_path / "claims.csv", index=False)
    back = pd.read_csv(tmp_path / "claims.csv", keep_default_na=False, na_values=[""])
    pd.testing.assert_frame_equal(back, table)
    assert json.dumps(count_verdicts(table))


def test_each_claim_must_have_one_verdict_of_the_six():
    table = pd.DataFrame(
        {"id": ["a", "b"], "verdict": ["reproduced", "not checkable"], "why": ["same", "unknown"]}
    )
    assert check_verdicts(table, ["a", "b"]).passed
    for wrong, ids, told in (
        (table.assign(verdict=["reproduced", "fine"]), ["a", "b"], "b"),
        (table.assign(why=["", "unknown"]), ["a", "b"], "a"),
        (table, ["a", "b", "c"], "c"),
        (table, ["a"], "b"),
        (table.assign(id=["a", "a"]), ["a", "b"], "a"),
    ):
        finding = check_verdicts(wrong, ids)
        assert not finding.passed
        assert told in finding.seen["wrong"]


# The asset


def code_version(asset):
    (spec,) = asset.specs
    return spec.code_version


def test_the_code_version_follows_the_file_and_the_declarations(tmp_path):
    file = tmp_path / "claims.yaml"
    content = CLAIMS_FILE.read_text(encoding="utf-8")
    file.write_text(content, encoding="utf-8")
    version = code_version(claims_asset(DECLARED, file))
    assert version == code_version(claims_asset(DECLARED))
    file.write_text(f"# a comment\n{content}", encoding="utf-8")
    assert code_version(claims_asset(DECLARED, file)) == version
    changed = tmp_path / "changed.yaml"
    changed.write_text(content.replace("within: 2}", "within: 3}"), encoding="utf-8")
    assert code_version(claims_asset(DECLARED, changed)) != version
    given = DECLARED["given"]
    other = given.model_copy(update={"description": "Another."})
    assert code_version(claims_asset(DECLARED | {"given": other})) == version
    slower = given.training.model_copy(update={"epochs": 11})
    other = given.model_copy(update={"training": slower})
    assert code_version(claims_asset(DECLARED | {"given": other})) != version


def test_the_code_version_counts_every_measure_and_rule():
    found = sources(
        "mnist_assets.assets.claims", "claims_asset.<locals>.claims", ("notebook", "declared")
    )
    for measure in MEASURES.values():
        assert f"{measure.function.__module__}.{measure.function.__name__}" in found
    for rule in (Equal, Close, Bound, Inside, Accuracy, Loss, Exceeds, Differs, Chance):
        assert f"{rule.__module__}.{rule.__name__}" in found


def test_every_measure_is_used():
    used = {c.measure for claim in CLAIMS.values() for c, _ in comparisons_of(claim)}
    assert set(MEASURES) == used


def test_it_reads_only_networks_that_are_declared():
    few = {name: DECLARED[name] for name in ("given",)} | {"mine": DECLARED["best"]}
    keys = {key.to_user_string() for key in claims_asset(few).keys_by_input_name.values()}
    assert "evaluation/given_predictions" in keys
    assert not [key for key in keys if "best" in key or "mine" in key]


def test_the_file_is_plain_yaml():
    content = yaml.safe_load(CLAIMS_FILE.read_text(encoding="utf-8"))
    assert sum(len(section["claims"]) for section in content["sections"]) == len(CLAIMS)
