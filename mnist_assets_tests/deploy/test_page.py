"""The page on deployments: what it points at is there, and what can be set it tells."""

import re

from mnist_assets_tests.deploy.files import CHECKOUT, read

PAGE = read("../docs/deploy.md")
OF_ITS_OWN = {"MNIST_ASSETS_COMPLETE", "MNIST_ASSETS_LOCKS_HELD"}  # set by programs for programs


def test_every_link_leads_to_a_file():
    links = re.findall(r"\]\((\.\./[^)#]+)", PAGE)
    assert len(links) > 5
    for link in links:
        assert (CHECKOUT / "docs" / link).exists(), link


def test_every_test_that_it_names_is_there():
    named = re.findall(r"`((?:\w+/)*test_\w+\.py)(?: -k (\w+))?`", PAGE)
    assert len(named) > 5
    for file, word in named:
        tests = re.findall(r"^def (test_\w+)", read(f"../mnist_assets_tests/{file}"), re.MULTILINE)
        assert [name for name in tests if word in name], f"{file} -k {word}"
    for target in re.findall(r"`make ([\w-]+)`", PAGE):
        assert re.search(rf"^{target}:", read("../Makefile"), re.MULTILINE), target


def test_every_variable_is_told_there_or_in_the_readme():
    sources = [path.read_text() for path in (CHECKOUT / "mnist_assets").rglob("*.py")]
    variables = set(re.findall(r"MNIST_ASSETS_[A-Z_]+", "\n".join(sources))) - OF_ITS_OWN
    told = PAGE + read("../README.md")
    assert {name for name in variables if name not in told} == set()
