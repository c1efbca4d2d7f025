"""Deliberate faults: what each does, where it is put, and which check has to stop it.

Each is put by itself into the real graph, into the dataset's files or into one function of its
code, and the report is brought up to date. One that no check can see says what would. What was seen
is written into docs/faults.md by `python -m mnist_assets_tests.faults`, which takes about a minute.
"""

from mnist_assets_tests.faults.dataset import FOUND_BY_NETWORKS, IN_FILES, IN_LOADING
from mnist_assets_tests.faults.evaluation import IN_EVALUATION, IN_PREDICTION
from mnist_assets_tests.faults.networks import IN_STORAGE, IN_TRAINING
from mnist_assets_tests.faults.preparation import IN_PREPARATION
from mnist_assets_tests.faults.unseen import UNSEEN

EARLY = [*IN_FILES, *IN_LOADING, *IN_PREPARATION]  # stopped before any network is trained
LATE = [*IN_TRAINING, *IN_STORAGE, *IN_PREDICTION, *IN_EVALUATION, *FOUND_BY_NETWORKS]
FAULTS = [*EARLY, *LATE, *UNSEEN]
