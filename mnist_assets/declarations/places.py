"""Where things are: the files that come with the package, and the places a person may move."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mnist_assets.errors import InputError

PACKAGE = Path(__file__).parents[1]
NETWORKS_FILE = PACKAGE / "networks.yaml"
SETTINGS_FILE = PACKAGE / "settings.yaml"
TUNING_FILE = PACKAGE / "tuning.yaml"
# In a checkout these are links to where a person looks for them; a wheel has the files themselves.
INSTANCE_FILE = PACKAGE / "dagster.yaml"
BUNDLED_DATASET = (PACKAGE / "mnist").resolve()


def find_project(package: Path) -> Path:
    """The folder that values and history are kept in: the checkout, or where a command is run."""
    checkout = package.parent
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


PROJECT = find_project(PACKAGE)


@dataclass(frozen=True)
class Places:
    """Where the graph reads from and writes to.

    Attributes:
        assets: Folder of the values, or any address that fsspec knows (`MNIST_ASSETS_DATA`).
        executor: What runs the steps: `local`, `multiprocess`, `celery` or `kubernetes`
            (`MNIST_ASSETS_EXECUTOR`).
        dataset: `mnist` (bundled), `download`, a mirror's address, or a folder or file that
            `dataset/readers/` knows (`MNIST_ASSETS_DATASET`).
        inbox: Folder or address that new digits are dropped into (`MNIST_ASSETS_INBOX`).
        networks: File that declares the networks (`MNIST_ASSETS_NETWORKS`).
        settings: File with the tunables (`MNIST_ASSETS_SETTINGS`).
        tuning: File that declares what is tried in training (`MNIST_ASSETS_TUNING`).
    """

    assets: str = str(PROJECT / "data" / "assets")
    dataset: str = "mnist"
    inbox: str = str(PROJECT / "data" / "inbox")
    networks: Path = NETWORKS_FILE
    settings: Path = SETTINGS_FILE
    tuning: Path = TUNING_FILE
    executor: str = "local"

    @property
    def lock(self) -> Path:
        """The file that keeps two runs of this machine over the same values apart."""
        if "://" in self.assets:
            return PROJECT / "data" / "remote.lock"
        return Path(self.assets).with_name(f"{Path(self.assets).name}.lock")

    @classmethod
    def from_environment(cls) -> "Places":
        """The defaults, moved by whichever environment variables are set and not empty.

        A relative path is one from the working folder of this moment, wherever a run works later.
        """
        return cls(
            assets=_place("MNIST_ASSETS_DATA") or cls.assets,
            dataset=_place("MNIST_ASSETS_DATASET", "mnist", "download") or cls.dataset,
            inbox=_place("MNIST_ASSETS_INBOX") or cls.inbox,
            networks=Path(_place("MNIST_ASSETS_NETWORKS") or cls.networks),
            settings=Path(_place("MNIST_ASSETS_SETTINGS") or cls.settings),
            tuning=Path(_place("MNIST_ASSETS_TUNING") or cls.tuning),
            executor=os.environ.get("MNIST_ASSETS_EXECUTOR") or cls.executor,
        )


def _place(variable: str, *keywords: str) -> str | None:
    """The environment variable: a keyword or an address as it is, a path made absolute."""
    value = os.environ.get(variable)
    if value and value.startswith("file://"):
        value = unquote(urlsplit(value).path)
    if value and "://" in value and urlsplit(value).password:
        raise InputError(
            variable,
            seen="an address with a password in it",
            expected="one without, since addresses are logged and stored",
            remedy="Give credentials as the store's own library takes them from the environment: "
            "docs/deploy.md says how.",
        )
    if not value or value in keywords or "://" in value:
        return value
    return str(Path(value).expanduser().absolute())
