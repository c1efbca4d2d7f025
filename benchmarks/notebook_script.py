"""The course notebook as a plain script, mistakes included: what the graph is measured against.

Cell after cell as in the notebook, on the bundled MNIST: the float64 normalisation of everything,
fitted on all 60,000 images before the split with 1e-10 added to the standard deviation; the Python
loops for the least similar and the nearest image, with their faults; the list that is copied for
each of 60,000 images; the unseeded split; every plot drawn, into a temporary folder. As the
notebook's kernel does, it keeps every variable to the end.

It differs where it has to:

- The arrays come from the bundled files instead of Keras's download.
- Today's Keras wants `learning_rate` for `lr` and an `Input` for Flatten's `input_shape`, and calls
  the history `accuracy` and `val_accuracy`.
- The simplest network trains for 13 epochs, as the notebook's log shows, where its code says 10.
- `X_train[:,:,:,: np.newaxis]` is a misprint that would fail; its output shows what is meant.
- Each plot is saved as the notebook's front end would show it, and closed.
- What the notebook comments out, or imports and never uses, is left out.

Run it as `python -m benchmarks.notebook_script`. The last line it prints is JSON: the validation
accuracy of each network and the seconds of each part.
"""

# It is kept as the notebook has it, with its prints, its unseeded shuffle and its copied list.
# ruff: noqa: T201, NPY002, RUF005
# mypy: disable-error-code="import-untyped"

import gzip
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

seconds: dict[str, float] = {}


@contextmanager
def part(name: str) -> Iterator[None]:
    """Time a part of the notebook."""
    started = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - started


with part("imports"):
    from collections import Counter

    import keras
    import matplotlib as mpl
    import matplotlib.pyplot as plt
    import numpy as np
    from keras.layers import BatchNormalization, Dense, Flatten
    from keras.models import Sequential
    from sklearn.metrics import classification_report, confusion_matrix

    mpl.use("Agg")

plots = tempfile.TemporaryDirectory()
plot_numbers = count(1)


def show() -> None:
    """End a cell with a plot."""
    plt.savefig(f"{plots.name}/{next(plot_numbers)}.png", dpi=72, bbox_inches="tight")
    plt.close("all")


with part("dataset"):
    folder = Path(__file__).parents[1] / "data" / "raw" / "mnist"

    def read(name: str, offset: int) -> np.ndarray:
        """The values after the header of an IDX file."""
        with gzip.open(folder / f"{name}-ubyte.gz") as file:
            return np.frombuffer(file.read(), np.uint8, offset=offset)

    X_train = read("train-images-idx3", 16).reshape(-1, 28, 28)
    Y_train = read("train-labels-idx1", 8)
    X_test = read("t10k-images-idx3", 16).reshape(-1, 28, 28)
    Y_test = read("t10k-labels-idx1", 8)

with part("basic analysis"):
    num_classes = np.unique(Y_train).shape[0]
    print("Number of training examples:", X_train.shape[0])
    print("Number of testing examples:", X_test.shape[0])
    print("Number of classes:", num_classes)
    print("Which are: ", np.unique(Y_train))
    print("Class distribution: ", np.bincount(Y_train))
    print("Image shape:", X_train[0].shape)
    print("Image data type:", X_train.dtype)

    for row in range(3):
        for col in range(3):
            idx = row * 3 + col + 1
            plt.subplot(3, 3, idx)
            plt.imshow(X_train[idx - 1], cmap="gray")
    show()

    class_distribution = Counter(Y_train)
    x = range(10)
    y = [class_distribution[cls] for cls in x]
    plt.figure(figsize=(12, 8))
    plt.xticks(x)
    plt.title("Number of training examples in each class")
    plt.xlabel("Class")
    plt.ylabel("Number of examples")
    plt.bar(x, y)
    show()

with part("average digits"):
    grouped_labels = [np.where(Y_train == digit) for digit in range(10)]
    grouped_digits = [X_train[grouped_labels[digit]] for digit in range(len(grouped_labels))]
    grouped_digits_avg = [
        np.mean(grouped_digits[digit], axis=0) for digit in range(len(grouped_labels))
    ]

    for row in range(3):
        for col in range(3):
            digit = row * 3 + col + 1
            plt.subplot(3, 4, digit)
            plt.imshow(grouped_digits_avg[digit], cmap="gray")

    plt.subplot(3, 4, 10)
    plt.imshow(grouped_digits_avg[0], cmap="gray")
    print()
    show()

with part("least similar digits"):
    for row in range(10):
        plt.subplot(10, 2, row * 2 + 1)
        plt.imshow(grouped_digits_avg[row], cmap="gray")
        worst = grouped_digits[row][0]
        best = grouped_digits[row][0]
        for img in grouped_digits[row]:
            if (worst - grouped_digits_avg[row]).mean() > (img - grouped_digits_avg[row]).mean():
                worst = img

        plt.subplot(10, 2, row * 2 + 2)
        plt.imshow(worst, cmap="gray")
    show()

with part("nearest digits"):
    for row in range(10):
        plt.subplot(10, 2, row * 2 + 1)
        plt.imshow(grouped_digits_avg[row], cmap="gray")
        worst = grouped_digits[row][0]
        best = grouped_digits[row][0]
        for img in grouped_digits[row]:
            if (best - img).mean() < 10 ^ -5:  # exclusive-or: -15
                best = img

        plt.subplot(10, 2, row * 2 + 2)
        plt.imshow(best, cmap="gray")
    show()

with part("grey levels"):
    my_means: list[int] = []
    for index in range(100):
        my_means = my_means + [int(X_train[index].mean())]
    print(my_means)
    plt.hist(my_means, bins=np.amax(my_means))
    print()
    show()

    my_means = []
    for index in range(len(X_train)):
        my_means = my_means + [int(X_train[index].mean())]

    print(my_means)
    plt.hist(my_means, bins=np.amax(my_means))
    print()
    show()

with part("pixel histogram"):
    pixels = X_train.flatten()

    plt.hist(pixels, bins=255)
    print()
    show()

with part("normalisation"):
    plt.figure()
    plt.imshow(X_train[0], cmap="gray")
    plt.colorbar()
    plt.grid(visible=False)
    show()

    pixel_mean = X_train.mean(axis=0)
    pixel_std = X_train.std(axis=0) + 1e-10
    X_train = (X_train - pixel_mean) / pixel_std
    X_test = (X_test - pixel_mean) / pixel_std

    for row in range(3):
        for col in range(3):
            idx = row * 3 + col + 1
            plt.subplot(3, 3, idx)
            plt.imshow(X_train[idx - 1], cmap="gray")
    show()

with part("encoding and split"):
    print(Y_train.shape)
    Y_train = keras.utils.to_categorical(Y_train, num_classes)
    Y_test = keras.utils.to_categorical(Y_test, num_classes)
    print(Y_train.shape)

    print("Old shape:", X_train.shape)
    X_train = X_train[:, :, :, np.newaxis].astype(np.float32)
    X_test = X_test[:, :, :, np.newaxis].astype(np.float32)
    print("New shape:", X_train.shape)

    train_val_split = 0.9
    indexes = np.arange(X_train.shape[0])
    np.random.shuffle(indexes)
    idx_train = indexes[: int(train_val_split * X_train.shape[0])]
    idx_val = indexes[int(train_val_split * X_train.shape[0]) :]

    X_val = X_train[idx_val]
    Y_val = Y_train[idx_val]

    X_train = X_train[idx_train]
    Y_train = Y_train[idx_train]

    print("Training set shape:", X_train.shape)
    print("Validation set shape:", X_val.shape)
    print("Testing set shape:", X_test.shape)

val_accuracy: dict[str, float] = {}

with part("given network"):
    model = Sequential()
    input_shape = X_train.shape[1:]
    model.add(keras.Input(input_shape))
    model.add(Flatten())
    model.add(Dense(128, activation="relu"))
    model.add(Dense(num_classes, activation="softmax"))

    learning_rate = 0.05
    model.compile(
        loss=keras.losses.categorical_crossentropy,
        optimizer=keras.optimizers.SGD(learning_rate=learning_rate),
        metrics=["accuracy"],
    )
    model.summary()

    number_of_epochs = 10
    batch_size = 128
    model.fit(
        X_train,
        Y_train,
        batch_size=batch_size,
        epochs=number_of_epochs,
        verbose=1,
        validation_data=(X_val, Y_val),
    )
    val_accuracy["given"] = model.history.history["val_accuracy"][-1]

with part("simplest network"):
    model = Sequential()
    input_shape = X_train.shape[1:]
    model.add(keras.Input(X_train.shape[1:]))
    model.add(Flatten())
    model.add(Dense(13, activation="relu"))
    model.add(Dense(128, activation="relu"))
    model.add(Dense(num_classes, activation="softmax"))

    learning_rate = 0.00045
    model.compile(
        loss=keras.losses.categorical_crossentropy,
        optimizer=keras.optimizers.Adam(learning_rate=learning_rate),
        metrics=["accuracy"],
    )
    model.summary()

    number_of_epochs = 13
    batch_size = 32
    model.fit(
        X_train,
        Y_train,
        batch_size=batch_size,
        epochs=number_of_epochs,
        verbose=1,
        validation_data=(X_val, Y_val),
    )
    val_accuracy["simplest"] = model.history.history["val_accuracy"][-1]

with part("best network"):
    model = Sequential()
    model.add(keras.Input(input_shape))
    model.add(Flatten())
    model.add(Dense(256, activation="relu"))
    model.add(BatchNormalization())
    model.add(Dense(128, activation="relu"))
    model.add(BatchNormalization())
    model.add(Dense(64, activation="relu"))
    model.add(BatchNormalization())
    model.add(Dense(10, activation="softmax"))

    learning_rate = 0.00035
    model.compile(
        loss=keras.losses.categorical_crossentropy,
        optimizer=keras.optimizers.Adam(learning_rate),
        metrics=["accuracy"],
    )
    model.summary()

    number_of_epochs = 10
    batch_size = 256
    model.fit(
        X_train,
        Y_train,
        batch_size=batch_size,
        epochs=number_of_epochs,
        verbose=1,
        validation_data=(X_val, Y_val),
    )
    val_accuracy["best"] = model.history.history["val_accuracy"][-1]

with part("history"):
    history = model.history.history
    plt.figure(figsize=(12, 8))
    plt.plot(history["val_loss"], label="Validation loss")
    plt.plot(history["loss"], label="Training loss")
    plt.legend()
    show()

    plt.figure(figsize=(12, 8))
    plt.plot(history["val_accuracy"], label="Validation accuracy")
    plt.plot(history["accuracy"], label="Training accuracy")
    plt.legend()
    show()

with part("evaluation"):
    expected = np.argmax(Y_val, axis=1)
    predicted = np.argmax(model.predict(X_val), axis=1)
    print("Confusion matrix")
    print()
    conf_m = confusion_matrix(expected, predicted)
    print(conf_m)
    print()
    print("Total of the digits estimated by the model : ")
    print("[0  1  2  3  4  5  6  7  8  9]")
    print(sum(conf_m.transpose()))

    print()
    print("Report of classification :")
    print()
    report = classification_report(expected, predicted)
    print(report)

    TP = np.diag(conf_m)
    FP = np.sum(conf_m, axis=0) - TP
    FN = np.sum(conf_m, axis=1) - TP

    num_classes = 10
    TN = []
    for i in range(num_classes):
        temp = np.delete(conf_m, i, 0)
        temp = np.delete(temp, i, 1)
        TN.append(sum(sum(temp)))

    print(TP)
    print()
    print(FP)
    print()
    print(FN)
    print()
    print(TN)

    acc = (TN + TP) / (TP + TN + FP + FN)
    miss_class = (FP + FN) / (TP + TN + FP + FN)
    precision = TP / (TP + FP)
    sensitivity = TP / (TP + FN)
    specificity = TN / (FP + TN)
    FP_rate = FP / TN
    FN_rate = FN / TP

    for number_class in range(num_classes):
        print()
        print("Class " + str(number_class + 1) + " (digit " + str(number_class) + ") :")
        print("accuracy: " + str(acc[number_class]))
        print("missclassification : " + str(miss_class[number_class]))
        print("precision : " + str(precision[number_class]))
        print("sensitivity : " + str(sensitivity[number_class]))
        print("specificity : " + str(specificity[number_class]))

    min_prec = min(precision)
    max_prec = max(precision)
    print(f"Highest precision digit {np.where(precision == max_prec)[0][0]}: {max_prec:f}")
    print(f"Lowest precision digit {np.where(precision == min_prec)[0][0]}: {min_prec:f}")
    print(f"Difference: {max_prec - min_prec:f}")

plots.cleanup()
print(json.dumps({"val_accuracy": val_accuracy, "seconds": seconds}))
