"""What is quoted stands in the notebook: words, in their order, and figures."""

import re
from pathlib import Path

import pytest

from mnist_assets.claims import notebook
from mnist_assets.claims.claim import Section
from mnist_assets.claims.sections import MODULES, all_claims

SEED = next(iter(sorted(Path(__file__).parents[3].glob("shared/seed/*.txt"))), None)


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
    at, place, heading = 0, "", ""
    for claim in all_claims():
        if (above := claim.place.rpartition(": ")[0]) != place:
            place = above
            heading = re.sub(r" \((given|simplest|best)\)$", "", place)
            at = min(start for start in headings if start >= at and headings[start] == heading)
        found = whole.find(normalised(claim.words), at)
        assert found >= 0, f"not here or not in this order: {claim.words}"
        above = headings[max(start for start in headings if start <= found)]
        assert above == heading, f"below another heading: {claim.words}"
        at = found


def test_it_holds_what_the_notebook_prints(lines):
    text = "\n".join(line for line in lines if line != "```")  # a page break ends a block of code
    plain = normalised(text).replace("\\_", "_")
    for network in notebook.NETWORKS.values():
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
        assert str(network.optimizer.learning_rate) in plain
    for row in notebook.CONFUSION_MATRIX:
        assert " ".join(map(str, row)) in plain
    assert f"[{' '.join(map(str, notebook.TOTALS_ESTIMATED))}]" in plain
    assert f"Class distribution: [{' '.join(map(str, notebook.CLASS_DISTRIBUTION))}]" in plain
    assert f"X_train[{','.join(notebook.NEW_SHAPE)}]" in plain
    assert "10^-5" in plain
    glued = re.sub(r"[\s,]", "", text)
    assert "".join(map(str, notebook.GREY_LEVELS)) in glued
    report = notebook.REPORT
    for digit in range(10):
        ratios = " ".join(f"{report[name][digit]:.2f}" for name in ("precision", "recall", "f1"))
        assert f"{digit} {ratios} {report['support'][digit]}" in plain
    names = ("accuracy", "missclassification ", "precision ", "sensitivity ", "specificity ")
    assert list(notebook.RATIOS) == [
        *("accuracy", "misclassification_rate", "precision", "recall", "specificity")
    ]
    for digit in range(10):
        found = re.search(
            rf"\(digit {digit}\) : " + " ".join(rf"{name}: (\S+)" for name in names), plain
        )
        figures = [of_digits[digit] for of_digits in notebook.RATIOS.values()]
        assert [float(figure) for figure in found.groups()] == figures
    for counts in notebook.COUNTS.values():
        assert "".join(map(str, counts)) in glued


def test_figures_of_each_class_are_ten():
    per_class = [notebook.TOTALS_ESTIMATED, notebook.CLASS_DISTRIBUTION, *notebook.CONFUSION_MATRIX]
    for figures in (notebook.REPORT, notebook.COUNTS, notebook.RATIOS):
        per_class += figures.values()
    assert {len(figures) for figures in per_class} == {len(notebook.CONFUSION_MATRIX)} == {10}
    assert all(0 <= ratio <= 1 for ratios in notebook.RATIOS.values() for ratio in ratios)


def test_each_log_has_epochs_of_its_own():
    assert all(len(network.real_epochs) >= 2 for network in notebook.NETWORKS.values())


def test_each_claim_has_an_id_of_its_own_and_each_section_claims():
    ids = [claim.id for claim in all_claims()]
    assert len(set(ids)) == len(ids) == 144
    assert [name for name in ids if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)] == []
    sections = [part for of in MODULES for part in vars(of).values() if isinstance(part, Section)]
    assert len(sections) > 20
    assert all(section.claims for section in sections)
    assert len({section.title for section in sections}) == len(sections)
