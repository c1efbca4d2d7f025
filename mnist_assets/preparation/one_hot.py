"""The tensors that the notebook feeds its networks: labels one-hot encoded, images with a depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.findings import Finding

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def one_hot(labels: NDArray[np.uint8], classes: int) -> NDArray[np.float32]:
    """Encode each label as a row with a 1 at its class and 0 elsewhere, float32 (n, classes)."""
    encoded: NDArray[np.float32] = np.eye(classes, dtype=np.float32)[labels]
    return encoded


def check_one_hot(encoded: NDArray[np.float32], labels: NDArray[np.uint8]) -> Finding:
    """Check that each row is a single 1 among zeros, and that argmax gives the label back."""
    one_each = ((encoded == 1).sum(axis=1) == 1) & ((encoded != 0).sum(axis=1) == 1)
    seen = {
        "rows": len(encoded),
        "rows_not_summing_to_1": int((encoded.sum(axis=1) != 1).sum()),
        "rows_not_one_hot": int((~one_each).sum()),
        "labels_not_given_back": int((encoded.argmax(axis=1) != labels).sum()),
    }
    expected = dict.fromkeys(seen, 0) | {"rows": len(labels)}
    return Finding.of(
        seen == expected,
        f"All {len(labels)} labels are one-hot, and argmax gives them back.",
        "The encoding is not the labels' one-hot encoding.",
        seen=seen,
        expected=expected,
    )


def one_hot_examples(labels: NDArray[np.uint8], classes: int, count: int) -> pd.DataFrame:
    """Show the first `count` labels encoded: `image`, `label`, `class_0`, `class_1` and so on."""
    import pandas as pd

    encoded = one_hot(labels[:count], classes).astype(np.uint8)
    columns = {f"class_{digit}": encoded[:, digit] for digit in range(classes)}
    return pd.DataFrame({"image": np.arange(len(encoded)), "label": labels[:count], **columns})


def network_input(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return images as the tensor a network takes, float32 (n, h, w, 1), still 0 to 255.

    Four times the images' memory: for a batch, not the dataset.
    """
    return images[..., np.newaxis].astype(np.float32)
