from base64 import b64decode
from io import BytesIO
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from mnist_assets.exploration.assets import class_distribution
from mnist_assets.findings import Finding
from mnist_assets.orchestration.presentation import (
    LARGEST_PICTURE,
    LONGEST_TABLE,
    Picture,
    draw,
    draw_value,
    inline,
    table,
)
from mnist_assets.orchestration.stage import Check, inputs, stored, with_plain_signature
from mnist_assets.orchestration.storage.pictures import Illustrated


def content_of(shown: dg.MarkdownMetadataValue) -> tuple[str, bytes]:
    """The alternative text of a picture in metadata, and its PNG file."""
    assert shown.md_str
    text, _, address = shown.md_str.partition("](")
    kind, _, content = address.removesuffix(")").partition(",")
    assert kind == "data:image/png;base64"
    return text.removeprefix("!["), b64decode(content)


def noise(side: int) -> bytes:
    """A square of random grey levels as PNG, which has about as many bytes as pixels."""
    levels = np.random.default_rng(0).integers(0, 256, (side, side)).astype(np.uint8)
    buffer = BytesIO()
    Image.fromarray(levels).save(buffer, "png")
    return buffer.getvalue()


def test_a_picture_is_inline_and_can_be_read_out() -> None:
    assert content_of(inline(Picture("One digit", b"\x89PNG"))) == ("One digit", b"\x89PNG")


def test_a_picture_that_would_bloat_the_event_log_is_halved_until_it_fits() -> None:
    png = b"1" * (LARGEST_PICTURE - 1)
    assert content_of(inline(Picture("", png))) == ("", png)
    large = noise(801)
    assert len(large) > 4 * LARGEST_PICTURE
    text, small = content_of(inline(Picture("Noise", large)))
    assert text == "Noise"
    assert len(small) < LARGEST_PICTURE
    assert Image.open(BytesIO(small)).size == (201, 201)


def test_exactly_as_much_as_is_too_much_is_halved() -> None:
    png = noise(300)
    full = png + b"0" * (LARGEST_PICTURE - len(png))  # what follows a PNG is not looked at
    assert len(full) == LARGEST_PICTURE
    assert Image.open(BytesIO(content_of(inline(Picture("", full)))[1])).size == (150, 150)


def plot(size: float, *, fails: bool = False) -> Figure:
    if fails:
        raise ZeroDivisionError("no digit at all")
    return Figure(figsize=(size, size))


def test_a_picture_is_drawn_as_png() -> None:
    picture = draw("A square", plot, 2)
    assert picture.alternative_text == "A square"
    assert picture.png
    assert Image.open(BytesIO(picture.png)).size == (200, 200)


def test_a_drawing_that_fails_is_told_and_fails_nothing(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    @dg.asset
    def value() -> dg.MaterializeResult[Any]:
        return stored([1], picture=draw("A square", plot, 2, fails=True))

    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        result = dg.materialize([value], instance=instance)
        told = [
            entry
            for entry in instance.all_logs(result.run_id)
            if entry.level == 30  # a warning
        ]
    capsys.readouterr()
    (event,) = result.get_asset_materialization_events()
    shown = event.materialization.metadata["picture"].value
    assert shown == "Could not be drawn, see the log: A square"
    assert len(told) == 1
    assert told[0].user_message == (
        'The picture "A square" could not be drawn: ZeroDivisionError: no digit at all'
    )


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


@pytest.mark.parametrize(
    ("check", "found_binding", "given", "stops"),
    [
        (BLOCKING, True, None, True),
        (BLOCKING, False, None, False),  # not beyond doubt
        (BLOCKING, True, False, False),  # a bound of another dataset
        (BLOCKING, False, True, True),
        (WARNING, True, True, False),
    ],
)
def test_a_failure_stops_only_where_its_bound_is_binding(
    *, check: Check, found_binding: bool, given: bool | None, stops: bool
) -> None:
    finding = Finding(False, "2 numbers are not finite.", binding=found_binding)
    severity = check.result(finding, binding=given).severity
    assert severity == (dg.AssetCheckSeverity.ERROR if stops else dg.AssetCheckSeverity.WARN)


def test_a_check_declares_where_it_holds() -> None:
    key = dg.AssetKey("value")
    assert BLOCKING.spec(key).metadata == {"group": "exact"}
    assert Check("few", "Few are odd.", group="mnist").spec(key).metadata == {"group": "mnist"}


def test_an_input_is_named_like_the_last_part_of_its_key() -> None:
    assert {name: given.key for name, given in inputs(["dataset/train_images"]).items()} == {
        "train_images": dg.AssetKey(["dataset", "train_images"])
    }
    assert {name: given.key for name, given in inputs({"network": "networks/best"}).items()} == {
        "network": dg.AssetKey(["networks", "best"])
    }


def test_what_is_read_has_to_be_an_argument() -> None:
    def mean(images: Any) -> Any:
        return images

    with pytest.raises(TypeError, match=r"mean takes no labels"):
        with_plain_signature(mean, ["labels"])
    assert with_plain_signature(mean, ["images"])(images=3) == 3


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


ONE, OTHER = Picture("One", b"one"), Picture("Other", b"other")


@pytest.mark.parametrize(
    ("shown", "beside"),
    [
        ({"picture": ONE, "count": 2}, {"": b"one"}),
        ({"ratios": ONE, "picture": OTHER}, {"ratios": b"one", "picture": b"other"}),
        ({"ratios": ONE, "picture": Picture("Failed", None)}, {"ratios": b"one"}),
    ],
)
def test_pictures_are_shown_and_stored_beside_the_value(
    shown: dict[str, Any], beside: dict[str, bytes]
) -> None:
    result = stored([1, 2], **shown)
    assert result.value == Illustrated([1, 2], beside)
    assert result.data_version == stored([1, 2]).data_version, "that of the value alone"
    assert result.metadata == {
        name: inline(item) if isinstance(item, Picture) else item for name, item in shown.items()
    }


def test_a_picture_that_is_the_value_is_stored_once() -> None:
    png = b"one"
    result = stored(png, picture=Picture("One", png))
    assert result.value == png
    assert result.metadata == {"picture": inline(ONE)}


def test_a_value_that_cannot_be_drawn_is_a_picture_that_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: Any) -> Figure:
        raise ValueError("no such colour")

    picture = draw_value("Nine digits", fail, 1)
    assert picture.png is not None
    with Image.open(BytesIO(picture.png)) as told:
        assert told.size == (640, 64)
        assert np.asarray(told.convert("L")).min() < 128  # something is written on it
    assert stored(picture.png, picture=picture).value == picture.png
    assert draw_value("Nine digits", lambda: Figure((1, 1))).png != picture.png
