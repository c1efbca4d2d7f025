"""A network's mistakes, the most confident first: what it cannot tell, or is labelled wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd
    from numpy.typing import NDArray

COLUMNS = ["index", "true", "predicted", "confidence", "true_probability", "wrong_label"]


def most_confident_mistakes(
    probabilities: NDArray[np.float32],
    labels: NDArray[np.uint8],
    count: int,
    wrong_labels: Collection[int] = (),
) -> pd.DataFrame:
    """List the mistakes that the network is most confident of.

    Args:
        probabilities: float32 (n, classes).
        labels: uint8 (n,), the true classes.
        count: How many are listed, or fewer if there are fewer.
        wrong_labels: Indices of images whose labels are known to be wrong.

    Returns:
        One row a mistake, the most confident first, among equals that of the lowest index: index
        of the image; true, its label; predicted; confidence, the probability of the predicted
        class; true_probability, that of the label; wrong_label, whether it is a known wrong one.
    """
    import pandas as pd

    images, predicted = np.arange(len(labels)), probabilities.argmax(axis=1)
    table = pd.DataFrame(
        {
            "index": images,
            "true": labels,
            "predicted": predicted,
            "confidence": probabilities.max(axis=1).astype(np.float64),
            "true_probability": probabilities[images, labels].astype(np.float64),
            "wrong_label": np.isin(images, list(wrong_labels)),
        }
    )
    mistakes: pd.DataFrame = table.loc[predicted != labels, COLUMNS]
    return mistakes.nlargest(count, "confidence").reset_index(drop=True)
