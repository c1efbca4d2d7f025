from base64 import b64decode

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from mnist_assets.exploration.assets import class_distribution
from mnist_assets.findings import Finding
from mnist_assets.orchestration.presentation import LARGEST_PICTURE, LONGEST_TABLE, picture, table
from mnist_assets.orchestration.stage import Check, inputs, stored


def test_a_picture_is_inline_and_can_be_read_out() -> None:
    shown = picture(b"\x89PNG", "One digit").md_str
    assert shown
    text, _, address = shown.partition("](")
    assert text == "![One digit"
    kind, _, content = address.removesuffix(")").partition(",")
    assert kind == "data:image/png;base64"
    assert b64decode(content) == b"\x89PNG"


def test_a_picture_that_would_bloat_the_event_log_is_refused() -> None:
    assert picture(b"1" * (LARGEST_PICTURE - 1), "")
    with pytest.raises(ValueError, match="One digit: 100,000 bytes"):
        picture(b"1" * LARGEST_PICTURE, "One digit")


def rows(frame: pd.DataFrame, digits: int = 4) -> list[dict[str, object]]:
    return [dict(record.data) for record in table(frame, digits=digits).records]


def test_a_table_has_pythons_own_numbers_rounded() -> None:
    frame = pd.DataFrame(
        {
            "digit": np.array([3], np.uint8),
            "accuracy": np.array([0.123456], np.float32),
            "right": [True],
            "name": ["given"],
        }
    )
    (row,) = rows(frame)
    assert row == {"digit": 3, "accuracy": 0.1235, "right": True, "name": "given"}
    assert {name: type(value) for name, value in row.items()} == {
        "digit": int,
        "accuracy": float,
        "right": bool,
        "name": str,
    }
    assert rows(frame, digits=1)[0]["accuracy"] == 0.1


def test_what_json_has_no_number_for_is_still_shown() -> None:
    frame = pd.DataFrame({"loss": [0.5, np.nan, np.inf, -np.inf], "name": ["a", None, "c", "d"]})
    assert rows(frame) == [
        {"loss": 0.5, "name": "a"},
        {"loss": None, "name": None},
        {"loss": "inf", "name": "c"},
        {"loss": "-inf", "name": "d"},
    ]


def test_a_table_names_its_columns_and_their_types() -> None:
    columns = table(pd.DataFrame({"digit": [1], 2: [0.5]})).schema.columns
    assert [(column.name, column.type) for column in columns] == [
        ("digit", "int64"),
        ("2", "float64"),
    ]


def test_a_long_table_is_cut() -> None:
    shown = rows(pd.DataFrame({"number": range(LONGEST_TABLE + 1)}))
    assert [row["number"] for row in shown] == list(range(LONGEST_TABLE))


BLOCKING = Check("finite", "Every number is finite.")
WARNING = Check("small", "Every number is small.", blocking=False)
FOUND = Finding(False, "2 numbers are not finite.", seen={"finite": 3}, expected={"finite": 5})


def test_a_check_says_what_it_saw_and_what_it_expected() -> None:
    result = BLOCKING.result(FOUND)
    assert result.passed is False
    assert result.description == "2 numbers are not finite."
    assert result.severity == dg.AssetCheckSeverity.ERROR
    shown = {name: value.value for name, value in result.metadata.items()}
    assert shown == {"seen finite": 3, "expected finite": 5}


def test_a_check_that_blocks_nothing_is_a_warning() -> None:
    assert WARNING.result(FOUND).severity == dg.AssetCheckSeverity.WARN
    key = dg.AssetKey("value")
    assert not WARNING.spec(key).blocking
    assert BLOCKING.spec(key).blocking


def test_an_input_is_named_like_the_last_part_of_its_key() -> None:
    assert {name: given.key for name, given in inputs(["dataset/train_images"]).items()} == {
        "train_images": dg.AssetKey(["dataset", "train_images"])
    }
    assert {name: given.key for name, given in inputs({"network": "networks/best"}).items()} == {
        "network": dg.AssetKey(["networks", "best"])
    }


def test_a_stage_says_what_its_assets_have_in_common() -> None:
    key = dg.AssetKey(["exploration", "class_distribution"])
    spec = class_distribution.get_asset_spec(key)
    assert spec.group_name == "exploration"
    assert spec.description
    assert spec.code_version
    assert spec.owners
    assert class_distribution.get_io_manager_key_for_asset_key(key) == "csv"


def test_a_value_is_stored_under_the_hash_of_its_content() -> None:
    result = stored([1, 2], BLOCKING.result(FOUND), count=2)
    assert result.value == [1, 2]
    assert result.metadata == {"count": 2}
    assert [check.check_name for check in result.check_results] == ["finite"]
    assert result.data_version == stored([1, 2]).data_version
    assert result.data_version != stored([1, 3]).data_version
