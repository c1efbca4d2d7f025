import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import kept_fast


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
