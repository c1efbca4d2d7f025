"""What comes of a claim: which comparison decides, what is told, and the asset of it all."""

import ast
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mnist_assets.claims.assets import claims_asset
from mnist_assets.claims.claim import (
    COLUMNS,
    NOTHING,
    Comparison,
    Section,
    Verdict,
    check_verdicts,
    count_verdicts,
    here,
    judge,
    judge_claims,
    own,
    read_as,
    run,
)
from mnist_assets.claims.graph import NotCheckable, OtherDataset
from mnist_assets.claims.notebook import NETWORKS
from mnist_assets.claims.rules import (
    Bound,
    SameAs,
    Share,
    Within,
    ahead,
    by_chance,
    differs,
    exactly,
    exceeds,
    inside,
)
from mnist_assets.claims.sections import all_claims
from mnist_assets.formatting import MINUS
from mnist_assets.networks.declaration import read_networks
from mnist_assets.orchestration.versions.source import used_by
from mnist_assets_tests.claims.conftest import make_graph

DECLARED = read_networks()
CLAIMS = {claim.id: claim for claim in all_claims()}
HOLDS = {Verdict.REPRODUCED, Verdict.WITHIN_SAMPLING_ERROR}
UNCHECKED = ["no-manual-learning-rate", "given-speed", "no-tail-in-the-us"]  # whatever there is
SWEPT = [  # by sweeps, which are made on request
    *("normalisation-helps-convergence", "momentum-converges-faster", "adam-is-best"),
    *("small-batch-less-accurate-gradient", "better-than-the-example", "learning-rate-alone"),
    "smaller-batch-better-results",
]


def claim_of(says, *compared, error=None, reading=""):
    """A claim held against some things, and then perhaps an error."""
    section = Section("A heading", "best")

    @section.text("words", says)
    @read_as(reading)
    def a_claim(_):
        yield from compared
        if error:
            raise NotCheckable(error)

    return section.claims[0]


# What a claim would have to say for a figure to bear it out, and to refute it.


def altered(value, by=1):
    if isinstance(value, list):
        return [altered(value[0], by), *value[1:]]
    if isinstance(value, bool):
        return not value
    return f"{value}!" if isinstance(value, str) or value is None else value + by


def of_same(value):
    if isinstance(value, Share):
        return value.rate, 0.0 if value.rate > 0.5 else 1.0
    return value.mean, value.mean + 100


def of_bound(value, relation):
    ends = float(np.min(value)) - 1, float(np.max(value)) + 1
    return ends if relation in {"at least", "above"} else ends[::-1]


PLAIN = {
    exactly: lambda value: (value, altered(value)),
    inside: lambda value: ([min(value), max(value)], [max(value) + 1, max(value) + 2]),
    exceeds: lambda value: (0.0, 1.0),
    differs: lambda value: (
        ("higher", "lower") if value[0].rate > value[1].rate else ("lower", "higher")
    ),
    ahead: lambda value: (
        ("better", "worse") if value[0].mean_difference > 0 else ("worse", "better")
    ),
    by_chance: lambda value: ("alike", "different") if value >= 0.05 else ("different", "alike"),
}


def either_way(value, rule):
    """What a claim says that holds by this rule, and what one says that does not."""
    match rule:
        case Within(tolerance):
            return value, altered(value, 3 * tolerance)
        case Bound(relation):
            return of_bound(value, relation)
        case SameAs():
            return of_same(value)
    return PLAIN[rule](value)


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_every_comparison_could_come_out_either_way(graph, claim):
    if claim.id in UNCHECKED:
        with pytest.raises(NotCheckable, match=" "):
            claim.evidence(graph)
        return
    compared = list(claim.evidence(graph))
    assert compared
    for one in compared:
        for says, holds in zip(either_way(one.value, one.rule), (True, False), strict=True):
            verdict = judge(claim_of(says, one), graph).verdict
            assert verdict in HOLDS if holds else verdict is one.if_not, one


@pytest.mark.parametrize("claim", SWEPT)
def test_what_takes_a_sweep_is_on_request_without_it(graph, claim):
    told = judge(CLAIMS[claim], replace(graph, sweeps={}))
    assert told.verdict is Verdict.NOT_CHECKABLE
    assert told.why.startswith("on request: `mnist-assets tune --select ")
    other = replace(graph, sweeps={name: runs.iloc[:0] for name, runs in graph.sweeps.items()})
    assert "the sweep " in judge(CLAIMS[claim], other).why


def test_the_notebooks_own_output_is_told_before_what_is_found(graph):
    slots = [Verdict.WRONG_BY_CONSTRUCTION, Verdict.CONTRADICTS_ITSELF, Verdict.NOT_REPRODUCED]
    several = 0
    for claim in CLAIMS.values():
        if claim.id not in UNCHECKED:
            kinds = [slots.index(compared.if_not) for compared in claim.evidence(graph)]
            assert kinds in ([0], [1], [2], [1, 2], [2, 2]), claim.id
            several += len(kinds) == 2
    assert several > 20


# Where each claim that has a figure of its own, or a bound that its reading gives it, turns.
@pytest.mark.parametrize(
    ("name", "holds", "fails"),
    [
        ("similar-greyscale", 0.199, 0.2),
        ("lighter-is-used-more", [1, 0.9], [1, 0.899]),
        ("six-and-seven-far", [1, 0.9], [1, 0.899]),
        ("well-distributed", 0.5, 0.501),
        ("no-very-dark-or-light-images", 0, 1),
        ("centred-around-28", 30, 30.001),
        ("few-outliers", 0.01, 0.0101),
        ("mostly-between-20-and-40", 0.501, 0.5),
        ("mostly-black", 0.501, 0.5),
        ("black-pixels", 38_500_000, 38_500_001),
        ("white-pixels", 1_500_000, 1_499_999),
        ("values-between-0-and-1", [0, 1], [0, 1.001]),
        ("zero-centred", [0, 0.1], [0, 0.101]),
        ("float32-reduces-memory", 0.999, 1),
        ("probabilities-sum-to-1", [10, 0.99999, 1.00001], [10, 1, 1.000011]),
        ("loss-rises-as-probability-falls", 1.001, 1),
        ("loss-measures-accuracy", [-1, -0.9], [-1, -0.899]),
        ("accuracy-is-share-correct", 0.97325, 0.973251),
        ("small-batch-needs-less-memory", 0.999, 1),
        ("approximately-96", 0.97, 0.9701),
        ("fewer-neurons", [127], [128]),
        ("lower-learning-rate", 0.0499, 0.05),
        ("smaller-batch-trains-faster", 0.999, 1),
        ("simplest-validation-accuracy", 0.96885, 0.968851),
        ("reaches-95", 0.95, 0.9499),
        ("tenth-of-the-parameters", 0.12, 0.1201),
        ("performance-improvement", 0.5, 0.501),
        ("more-layers-lose-performance", 0.001, 0),
        ("converges", 0.099, 0.1),
        ("validation-not-seen", 0.001, 0.00101),
        ("gap-pretty-small", 0.05, 0.0501),
        ("report-average", [0.975, 0.97, 0.97, 6000], [0.9751, 0.97, 0.97, 6000]),
        ("highest-precision", [0, 0.986821], [0, 0.9868211]),
        ("lowest-precision", [8, 0.955706], [8, 0.9557059]),
        ("precision-difference", 0.031114, 0.0311141),
        ("precision-varies-by-3", 0.035, 0.0351),
        ("misclassification-order", -2, -3),
        ("specificity-and-accuracy-099", [[0.99, 1]], [[0.9899, 1]]),
        ("f1-is-harmonic-mean", 1e-12, 1.1e-12),
        ("lowest-f1-not-under-095", [0.95], [0.9499]),
        ("lowest-f1-096", [0.955], [0.9549]),
    ],
)
def test_each_claim_turns_where_it_says(graph, name, holds, fails):
    for one in CLAIMS[name].evidence(graph):
        if not isinstance(one.value, Share):
            verdicts = [
                judge(claim_of(CLAIMS[name].says, one._replace(value=value)), graph).verdict
                for value in (holds, fails)
            ]
            assert verdicts == [Verdict.REPRODUCED, one.if_not]


def test_what_does_not_depend_on_mnists_images_is_reproduced(graph):
    names = [
        *("same-image-size", "parts-differ-in-number", "ten-classes", "image-shape"),
        *("printed-number-of-classes", "printed-classes", "printed-image-shape", "ten-bars"),
        *("printed-data-type", "first-nine", "first-image-range", "binary-matrix"),
        *("integers-0-to-9", "ten-dimensional", "depth-of-one", "share-of-training"),
        *("two-dense-layers", "given-layers", "given-totals", "simplest-layers"),
        *("simplest-totals", "best-layers", "best-totals", "too-many-parameters"),
        *("given-epochs-in-code", "best-epochs-in-code", "update-for-each-example"),
    ]
    verdicts = {name: judge(CLAIMS[name], graph).verdict for name in names}
    assert verdicts == dict.fromkeys(names, Verdict.REPRODUCED)
    memory = judge(CLAIMS["small-batch-needs-less-memory"], graph)
    assert memory.found == "0.4 MB instead of 0.8 MB"


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("given-training-accuracy", "54,000 images there and 270 here"),
        ("given-first-validation-accuracy", "6,000 images there and 30 here"),
        ("given-validation-accuracy", "6,000 images there and 30 here"),
        ("given-validation-loss", "6,000 images there and 30 here"),
    ],
)
def test_samples_are_as_large_as_the_notebook_prints(graph, name, sizes):
    assert sizes in judge(CLAIMS[name], graph).how


RIGHT, WRONG = here("h", 10), here("h", 11)


@pytest.mark.parametrize(
    ("compared", "judged"),
    [
        ([own("o", 10), RIGHT], ("10", "h; exactly", Verdict.REPRODUCED, "the same")),
        ([own("o", 10), WRONG], ("11", "h; exactly", Verdict.NOT_REPRODUCED, "11, not 10")),
        (
            [own("o", 60000), RIGHT],
            (
                "its own output: 60,000; here: 10",
                "o; exactly",
                Verdict.CONTRADICTS_ITSELF,
                "60,000, not 10",
            ),
        ),
        (
            [own("o", 9)],
            ("its own output: 9", "o; exactly", Verdict.CONTRADICTS_ITSELF, "9, not 10"),
        ),
        (
            [run("r", -15, detail="more"), own("o", 9)],
            (
                f"{MINUS}15",
                "r; exactly",
                Verdict.WRONG_BY_CONSTRUCTION,
                f"{MINUS}15, not 10; more",
            ),
        ),
        (
            [here("h", 10, text="ten", detail="more")],
            ("ten", "h; exactly", Verdict.REPRODUCED, "the same; more"),
        ),
        ([], (NOTHING, NOTHING, Verdict.NOT_CHECKABLE, "")),
    ],
)
def test_the_first_comparison_that_does_not_hold_decides(compared, judged):
    assert judge(claim_of(10, *compared), OtherDataset()) == judged


def test_what_holds_only_by_chance_is_said_so():
    one = here("h", Share(90, 100), SameAs(100))
    judged = judge(claim_of(0.9, one), OtherDataset())
    assert judged.verdict is Verdict.WITHIN_SAMPLING_ERROR
    assert judged.how == "h; two samples, 100 images there and 100 here, at 95%"
    assert judge(claim_of(0.9, one, here("h", 0.9)), OtherDataset()).verdict is Verdict.REPRODUCED


def test_a_reading_and_a_reason_are_told():
    judged = judge(claim_of(10, RIGHT, reading="classes"), OtherDataset())
    assert judged.how == "read as: classes; h; exactly"
    nobody = judge(claim_of(10, RIGHT, error="nobody knows"), OtherDataset())
    assert nobody == (NOTHING, NOTHING, Verdict.NOT_CHECKABLE, "nobody knows")
    decided = judge(claim_of(10, own("o", 9), error="nobody knows"), OtherDataset())
    assert (decided.found, decided.verdict) == ("its own output: 9", Verdict.CONTRADICTS_ITSELF)


def test_a_claim_says_where_it_stands_and_is_named_like_its_function():
    claim = claim_of(10, RIGHT)
    assert (claim.id, claim.place) == ("a-claim", "A heading (best): text")
    section = Section("Another")
    section.code("words", 3, "three")(claim.evidence, "another-name")
    assert section.claims[0].id == "another-name"
    table = judge_claims([claim, *section.claims], None)
    assert table["place"].tolist() == ["A heading (best): text", "Another: code"]
    assert table["notebook"].tolist() == ["10", "three"]


def test_of_another_dataset_only_the_notebooks_own_figures_are_judged():
    table = judge_claims(list(CLAIMS.values()), None)
    counts = count_verdicts(table)
    assert counts["not reproduced"] == counts["within sampling error"] == 0
    assert counts["contradicts its own output"] > 0
    verdicts = table.set_index("id")
    assert verdicts.loc["nearest-threshold", "verdict"] == "wrong by construction"
    assert verdicts.loc["simplest-epochs-in-code", "found"] == "its own output: 13"
    of_graph = verdicts.loc["printed-number-of-classes"]
    assert of_graph["verdict"] == "not checkable"
    assert "not MNIST" in of_graph["why"]


def test_a_network_that_is_not_the_notebooks_is_not_held_against_it():
    trainings = {
        "given": DECLARED["given"].training,
        "best": DECLARED["best"].training.model_copy(update={"epochs": 3, "batch_size": 64}),
    }
    claims = list(CLAIMS.values())
    table = judge_claims(claims, make_graph(trainings)).set_index("id")
    judged = table.loc[["given-validation-accuracy", "best-epochs-in-code", "simplest-layers"]]
    assert judged["verdict"].iloc[0] != "not checkable"
    assert judged["verdict"].iloc[1:].tolist() == ["not checkable", "not checkable"]
    assert (
        judged["why"].iloc[1].endswith("another best than the notebook has: batch_size and epochs")
    )
    assert judged["why"].iloc[2] == "no network simplest is declared in networks.yaml"
    seeds = {"given": DECLARED["given"].training.model_copy(update={"seed": 99})}
    reseeded = judge_claims(claims, make_graph(seeds)).set_index("id")
    assert reseeded.loc["given-layers", "verdict"] == "reproduced"


def test_the_table_is_complete_and_reads_back_as_it_was(graph, tmp_path):
    table = judge_claims(list(CLAIMS.values()), graph)
    assert tuple(table.columns) == COLUMNS
    assert table["number"].tolist() == list(range(1, len(CLAIMS) + 1))
    assert table["id"].tolist() == list(CLAIMS)
    assert not (table == "").any(axis=None)
    unchecked = table.loc[table["verdict"] == "not checkable", "id"]
    assert unchecked.tolist() == UNCHECKED
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


def test_a_claim_that_is_held_against_nothing_fails_the_check():
    table = judge_claims([claim_of(10)], None)
    assert check_verdicts(table, ["a-claim"]).seen["wrong"] == ["a-claim"]


# The asset


def code_version(asset):
    (spec,) = asset.specs
    return spec.code_version


def test_the_code_version_follows_the_declarations():
    version = code_version(claims_asset(DECLARED))
    given = DECLARED["given"]
    other = given.model_copy(update={"description": "Another."})
    assert code_version(claims_asset(DECLARED | {"given": other})) == version
    slower = given.training.model_copy(update={"epochs": 11})
    other = given.model_copy(update={"training": slower})
    assert code_version(claims_asset(DECLARED | {"given": other})) != version


def test_the_code_version_counts_every_claim_and_rule():
    found = used_by(
        "mnist_assets.claims.assets", "claims_asset.<locals>.claims", ("declared",)
    ).sources
    texts = {
        node.value
        for source in found.values()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant)
    }
    for claim in CLAIMS.values():
        assert claim.words in texts
        function = getattr(claim.evidence, "func", claim.evidence)  # of a partial
        assert f"{function.__module__}.{function.__name__}" in found
    for rule in (exactly, Within, Bound, inside, SameAs, exceeds, differs, by_chance):
        assert f"{rule.__module__}.{rule.__name__}" in found
    for name in ("NETWORKS", "CONFUSION_MATRIX", "GREY_LEVELS", "GUARD"):
        assert f"mnist_assets.claims.notebook.{name}" in found


def test_every_rule_is_used(graph):
    compared: list[Comparison] = [
        one for name in set(CLAIMS) - set(UNCHECKED) for one in CLAIMS[name].evidence(graph)
    ]
    rules = {one.rule for one in compared}
    assert {rule for rule in rules if not isinstance(rule, Within | Bound | SameAs)} == set(PLAIN)
    relations = {rule.relation for rule in rules if isinstance(rule, Bound)}
    assert relations == {"at least", "above", "at most", "below"}


def test_it_reads_only_networks_that_are_declared():
    few = {name: DECLARED[name] for name in ("given",)} | {"mine": DECLARED["best"]}
    keys = {key.to_user_string() for key in claims_asset(few).keys_by_input_name.values()}
    assert "evaluation/given_predictions" in keys
    assert not [key for key in keys if "best" in key or "mine" in key]
    every = {key.to_user_string() for key in claims_asset(DECLARED).keys_by_input_name.values()}
    assert {f"networks/{name}_history" for name in NETWORKS} <= every
