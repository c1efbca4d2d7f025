"""The wheel, complete and at home in any folder; and `dg`, which reads `pyproject.toml`."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mnist_assets.declarations.places import PACKAGE, find_project

pytestmark = pytest.mark.slow

COMMAND = "from mnist_assets.cli.main import main; main()"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, as an installer lays it out."""
    folder, checkout = tmp_path_factory.mktemp("wheel"), PACKAGE.parent
    for name in ("mnist_assets", "data/raw/mnist"):
        shutil.copytree(checkout / name, folder / "source" / name, symlinks=True)
    for name in ("pyproject.toml", "README.md", "LICENSE", "dagster.yaml"):
        shutil.copy(checkout / name, folder / "source")
    build = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([sys.executable, "-m", *build, folder, folder / "source"], check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def files_below(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in [*folder.rglob("*"), *(folder / "mnist").iterdir()]
        if path.is_file() and path.suffix != ".pyc"
    }


def test_the_wheel_has_every_file_of_the_package(installed: Path) -> None:
    packed = files_below(installed / "mnist_assets")
    assert packed == files_below(PACKAGE)
    assert {"networks.yaml", "dagster.yaml", "mnist/train-images-idx3-ubyte.gz"} <= packed


def test_installed_it_keeps_values_and_history_in_the_folder_it_is_run_in(
    installed: Path, tmp_path: Path
) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed)}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-c", COMMAND, *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
        ).stdout

    assert "5 assets materialised" in run("materialize", "--select", "group:dataset")
    assert (tmp_path / "data/assets/dataset/train_images.npy").stat().st_size > 47_000_000
    assert (tmp_path / "data/dagster").is_dir()
    assert (tmp_path / "dagster.yaml").read_bytes() == (PACKAGE / "dagster.yaml").read_bytes()
    assert "dataset/test_labels" in run("status")
    assert "up to date" in run("status", "--select", "group:dataset")


def test_a_checkout_keeps_them_in_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_project(PACKAGE) == PACKAGE.parent
    assert find_project(tmp_path / "site-packages" / "mnist_assets") == tmp_path


def test_dg_finds_the_definitions() -> None:
    listing = [Path(sys.executable).with_name("dg"), "list", "defs", "--json"]
    told = subprocess.run(
        listing, cwd=PACKAGE.parent, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    assert '"networks/best"' in told
