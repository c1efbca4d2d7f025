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

    predicted = probabilities.argmax(axis=1)
    mistakes = np.flatnonzero(predicted != labels)
    confidence = probabilities[mistakes, predicted[mistakes]]
    worst = mistakes[np.argsort(-confidence, kind="stable")[:count]]
    values = (
        worst,
        labels[worst],
        predicted[worst],
        probabilities[worst, predicted[worst]].astype(np.float64),
        probabilities[worst, labels[worst]].astype(np.float64),
        np.isin(worst, list(wrong_labels)),
    )
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))
