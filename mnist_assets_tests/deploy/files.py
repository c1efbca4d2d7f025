"""The files of deploy/."""

from pathlib import Path

import yaml

import mnist_assets

CHECKOUT = Path(mnist_assets.__file__).parents[1]
DEPLOY = CHECKOUT / "deploy"


def read(name):
    return (DEPLOY / name).read_text(encoding="utf-8")


def read_yaml(name):
    return yaml.safe_load(read(name))
