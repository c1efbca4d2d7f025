"""The Dockerfile, which nothing builds here: by a linter, and by rules that it knows nothing of."""

import re
import subprocess
import sysconfig
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from mnist_assets_tests.deploy.files import CHECKOUT, DEPLOY, read

LINTER = Path(sysconfig.get_path("scripts")) / "hadolint"
LOCKS = ("tensorflow-cpu", "tensorflow-cuda")


def instructions():
    """Each instruction of the Dockerfile with what it says, continued lines as one."""
    text = re.sub(r"^#.*\n", "", read("Dockerfile"), flags=re.MULTILINE).replace("\\\n", " ")
    return [tuple(line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]


def stages():
    """The instructions of each stage."""
    found = []
    for name, said in instructions():
        if name == "FROM":
            found.append([])
        found[-1].append((name, said))
    return found


def copied():
    """What is copied into the image from the checkout."""
    sources = [said.split()[:-1] for name, said in instructions() if name == "COPY"]
    return [each for line in sources if not line[0].startswith("--from") for each in line]


@pytest.mark.skipif(not LINTER.exists(), reason="hadolint is not installed")
def test_the_linter_finds_nothing():
    done = subprocess.run(
        [LINTER, DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_what_it_is_made_from_is_named_by_version():
    bases = [said.split()[0] for name, said in instructions() if name == "FROM"]
    own = [said.split()[2] for name, said in instructions() if name == "FROM" and " AS " in said]
    assert len(stages()) == 3
    for base in bases:
        assert base in own or re.search(r":\d+\.\d+\.\d+-", base), f"{base} is no exact version"


def test_the_last_stage_has_what_was_built_and_no_tool_to_build():
    last = stages()[-1]
    assert ("COPY", "--from=build /opt/venv /opt/venv") in last
    run = " ".join(said for name, said in last if name == "RUN")
    assert not re.search(r"\b(apt|apt-get|pip|gcc|make|curl|wget)\b", run)
    (user,) = (said for name, said in last if name == "USER")
    assert user.isdecimal(), "a cluster cannot see that a name is not root's"
    assert int(user) > 0


def test_a_change_of_the_code_installs_no_library_anew():
    build = stages()[1]
    libraries = next(i for i, (_, said) in enumerate(build) if "--require-hashes" in said)
    code = next(i for i, (_, said) in enumerate(build) if said.startswith("mnist_assets "))
    assert libraries < code


def test_everything_copied_is_there_and_let_through():
    ignored = read("../.dockerignore").splitlines()
    assert "*" in ignored
    through = [line[1:] for line in ignored if line.startswith("!")]
    for source in copied():
        for name in [source.replace("${TENSORFLOW}", lock) for lock in LOCKS]:
            assert (CHECKOUT / name).exists()
            assert any(fnmatch(name, pattern) for pattern in through), name


def test_neither_passwords_nor_values_get_into_it():
    through = [line[1:] for line in read("../.dockerignore").splitlines() if line[:1] == "!"]
    for kept_out in ("deploy/.env", "data/assets", "data/dagster", ".git", "requirements-dev.lock"):
        assert not any(fnmatch(kept_out, pattern) for pattern in through), kept_out


def pinned(lock):
    """Each library of a lock with its version; every one has hashes."""
    found = set()
    for entry in re.split(r"\n(?=\w)", re.sub(r"^ *#.*\n", "", lock, flags=re.MULTILINE)):
        name, version = re.match(r"([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", entry).groups()
        assert "--hash=sha256:" in entry, name
        found.add((name, version))
    return found


def test_its_libraries_are_those_of_the_checkout_each_with_its_hashes():
    here, there = pinned(read("../requirements.lock")), pinned(read("requirements.lock"))
    (of_tensorflow,) = {each for each in here if each[0] == "tensorflow"}
    assert here - {of_tensorflow} <= there
    assert not [name for name, _ in there if name.startswith("tensorflow")]
    assert pinned(read("tensorflow-cpu.lock")) == {("tensorflow-cpu", of_tensorflow[1])}
    cuda = pinned(read("tensorflow-cuda.lock"))
    assert of_tensorflow in cuda
    assert {each for each in cuda if not each[0].startswith(("nvidia-", "tensorflow"))} <= there


def test_it_has_the_extras_that_a_deployment_needs():
    extras = tomllib.loads(read("../pyproject.toml"))["project"]["optional-dependencies"]
    locked = read("requirements.lock")
    for extra in ("celery", "kubernetes", "postgres", "s3"):
        for needed in extras[extra]:
            name = re.match(r"[\w-]+", needed)[0]
            assert re.search(rf"^{name}(\[[\w,-]+\])?==", locked, re.MULTILINE), needed
