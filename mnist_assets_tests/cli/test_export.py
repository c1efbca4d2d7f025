"""Networks written by the command line: what it makes and says, and what it refuses."""

import pytest

from mnist_assets_tests.cli.command import command
from mnist_assets_tests.tiny import make_digits


def test_the_champion_is_written_with_its_card_and_held_against_itself(made_project, tmp_path):
    output = tmp_path / "digits.onnx"
    result = command("export", "--format", "onnx", "--output", output)
    assert result.exit_code == 0, result.output
    assert f"{output}: {output.stat().st_size:,} bytes" in result.stdout
    assert "Test accuracy 1.0000 on 60 images." in result.stdout
    assert "sees the same class in all 60 test images" in result.stdout
    card = (tmp_path / "digits.md").read_text(encoding="utf-8")
    assert card.startswith("# Model card: champion 0001-")
    assert "0 of 60" in card
    assert "| shift | 1 pixels |" in card
    del made_project


def test_a_network_is_written_by_its_name_and_an_old_evaluation_left_out(made_project, tmp_path):
    output = tmp_path / "small.onnx"
    made_project.edit("assets/evaluation/small.json", '"correct": 60', '"correct": 59')
    result = command("export", "small", "--format", "onnx", "--output", output)
    assert result.exit_code == 0, result.output
    card = output.with_suffix(".md").read_text(encoding="utf-8")
    assert card.startswith("# Model card: network small")
    assert "it had not been evaluated" in card
    assert "Seed 1;" in card


def test_without_test_images_it_is_written_unseen(made_project, tmp_path):
    made_project.path("dataset/test_images", "npy").unlink()
    result = command("export", "--format", "onnx", "--output", tmp_path / "digits.onnx")
    assert result.exit_code == 0, result.output
    assert "Not run: there are no test images" in result.stdout


@pytest.mark.slow
def test_litert_in_8_bits_is_told_with_its_accuracy(made_project, tmp_path):
    from mnist_assets.champion.export.litert import run_litert

    output = tmp_path / "small.tflite"
    result = command("export", "--format", "litert", "--int8", "--output", output)
    assert result.exit_code == 0, result.output
    assert "of them come out as another class" in result.stdout
    images, labels = make_digits(60, 1)
    assert (run_litert(output.read_bytes(), images).argmax(axis=1) == labels).mean() > 0.9
    del made_project


def test_a_file_that_answers_otherwise_fails_the_command(made_project, tmp_path, monkeypatch):
    writing = "mnist_assets.champion.export.writing"
    monkeypatch.setattr(f"{writing}.run_onnx", lambda _, images: images[:, 0, :4] / 1e3)
    result = command("export", "--format", "onnx", "--output", tmp_path / "digits.onnx")
    assert result.exit_code == 1
    assert "answers otherwise than the network" in result.stderr
    del made_project


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "onnx", "--output", "there.onnx"), "there.onnx, which is there"),
        (("--format", "onnx", "--output", "card.onnx"), "card.md, which is there"),
        (("--format", "onnx", "--output", "no/where.onnx"), "found no folder"),
        (("--format", "onnx", "--int8", "--output", "x"), "--int8: found --format onnx"),
        (("--format", "onnx", "--output", "x"), "found no champion"),
        (("big", "--format", "onnx", "--output", "x"), "found big, expected one of small, norm"),
        (("small", "--format", "onnx", "--output", "x"), "small.keras: found no file"),
    ],
)
def test_what_cannot_be_is_one_message(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    for name in ("there.onnx", "card.md"):
        (tmp_path / name).touch()
    result = command("export", *arguments)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert message in result.output
