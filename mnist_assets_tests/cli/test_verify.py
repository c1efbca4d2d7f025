import os

import pytest

from mnist_assets_tests.cli.command import command


def flip_a_bit(path):
    """Change a file so that neither its size nor its time tells."""
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.usefixtures("made_project")
def test_what_is_as_written_is_counted():
    result = command("verify")
    assert result.exit_code == 0
    assert "MB: all as written; " in result.output


@pytest.mark.parametrize(
    ("file", "key"),
    [
        ("networks/small.keras", "networks/small"),
        ("evaluation/small.ratios.png", "evaluation/small"),
    ],
)
def test_a_flipped_bit_is_named_and_then_known_as_damage(made_project, file, key):
    path = made_project.folder / "assets" / file
    flip_a_bit(path)
    assert f"{key} up to date" in " ".join(command("status").output.split())
    result = command("verify")
    assert result.exit_code == 1
    assert f"its file was changed by something else: {path}" in result.output
    assert ": not as written: 1; " in result.output
    assert f"{key} broken" in " ".join(command("status").output.split())


def test_a_lost_value_is_named(made_project):
    path = made_project.path("exploration/summary", "json")
    path.unlink()
    result = command("verify")
    assert result.exit_code == 1
    assert f"no file {path}" in result.output


@pytest.mark.parametrize("spoil", [flip_a_bit, lambda path: path.unlink()])
def test_a_champions_file_is_looked_at_too(made_project, spoil):
    (version,) = (made_project.folder / "assets" / "champion" / "versions").iterdir()
    spoil(version / "model.keras")
    result = command("verify")
    assert result.exit_code == 1
    assert f"champion {version.name}" in result.output
    told = command("predict", made_project.folder / "networks.yaml")
    assert told.exit_code == 1
    assert "found missing or damaged files" in told.output
    assert command("champion", "promote", "small", "--why", "to mend it").exit_code == 0
    assert (
        "networks.yaml: found a file that begins"
        in command("predict", made_project.folder / "networks.yaml").output
    )
