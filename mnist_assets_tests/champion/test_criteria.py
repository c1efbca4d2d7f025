import numpy as np

from mnist_assets.champion.criteria import recall_losses


def test_recall_losses_by_hand():
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 2])
    challenger = np.array([0, 0, 1, 1, 1, 1, 1, 0])
    champion = np.array([0, 0, 0, 2, 1, 2, 2, 0])
    rows = recall_losses(challenger, champion, labels, classes=4)
    assert [row["class"] for row in rows] == [0, 1, 2, 3]
    assert [row["images"] for row in rows] == [4, 3, 1, 0]
    assert [row["challenger_recall"] for row in rows] == [0.5, 1.0, 0.0, 0.0]
    assert [row["champion_recall"] for row in rows] == [0.75, 1 / 3, 0.0, 0.0]
    assert [row["loss"] for row in rows] == [0.25, -2 / 3, 0.0, 0.0]
