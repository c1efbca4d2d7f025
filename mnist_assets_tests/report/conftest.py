"""What the report's tests share."""

import pytest

from mnist_assets.report import page


@pytest.fixture(scope="package", autouse=True)
def templates_compiled_once():
    """Most of the time that a page takes goes into compiling its templates, which stay the same."""
    compiled, environment = {}, page._environment

    def compile_once(templates):
        key = tuple(templates.items())
        if key not in compiled:
            compiled[key] = environment(templates)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "_environment", compile_once)
        yield
