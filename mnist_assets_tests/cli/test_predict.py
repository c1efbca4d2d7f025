import pytest

from mnist_assets_tests.cli.command import command


def test_each_digit_of_a_file_is_a_line(made_project):
    path = made_project.folder / "raw" / "t10k-images-idx3-ubyte"
    result = command("predict", path)
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert len(lines) == 60
    # The tiny digits are 0, 1, 2, 3, 0, 1, ..., and light rows on dark are easily told.
    right = [line.startswith(f"{path}: {at % 4} (") for at, line in enumerate(lines)]
    assert sum(right) > 50


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
