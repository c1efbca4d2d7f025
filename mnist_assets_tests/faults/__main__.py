"""Puts every fault into the graph and writes docs/faults.md anew."""

import tempfile
from pathlib import Path

from mnist_assets_tests.faults import FAULTS
from mnist_assets_tests.faults.project import create_project, put_into_graph, run
from mnist_assets_tests.faults.table import PAGE, render


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "made"
        folder.mkdir()
        made = create_project(folder)
        assert run(made, "*").success
        seen = {fault.name: put_into_graph(fault, made) for fault in FAULTS}
    PAGE.write_text(render(seen), encoding="utf-8")


if __name__ == "__main__":
    main()
