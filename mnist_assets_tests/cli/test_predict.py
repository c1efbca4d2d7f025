import re

import numpy as np
import pytest

from mnist_assets.dataset.idx import encode_header
from mnist_assets_tests.cli.command import command


def test_each_digit_of_a_file_is_a_line(made_project):
    pictures = np.zeros((2, 24, 20), np.uint8)
    pictures[0, 4:20, 8:12] = pictures[1, 10:14, 4:16] = 255
    path = made_project.folder / "pictures"
    path.write_bytes(encode_header(pictures.shape) + pictures.tobytes())
    result = command("predict", path)
    assert result.exit_code == 0
    score = r"([0-3]) \((\d+\.\d)%\)"
    for line in result.output.splitlines():
        digit, share, second, second_share = re.fullmatch(
            rf"{path}: {score}, or {score}", line
        ).groups()
        assert digit != second
        assert float(share) >= float(second_share)
    assert result.output.count("\n") == 2


@pytest.mark.usefixtures("project")
def test_without_a_champion_it_says_how_to_get_one(tmp_path):
    result = command("predict", tmp_path / "picture.png")
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {tmp_path / 'assets' / 'champion'}: found no champion")
    assert "Run `make run` first." in result.output


def test_a_file_that_is_no_picture_is_one_message(made_project):
    result = command("predict", made_project.folder / "networks.yaml")
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {made_project.folder / 'networks.yaml'}: found ")
