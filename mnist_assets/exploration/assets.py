"""Exploration: what the notebook looks at before it trains anything."""

from typing import Any

import dagster as dg

from mnist_assets.dataset.description import Description
from mnist_assets.dataset.loading import class_count
from mnist_assets.declarations.bounds import GreyLevels
from mnist_assets.exploration import grey, summary
from mnist_assets.orchestration.presentation import draw, draw_value, table
from mnist_assets.orchestration.stage import Stage, Stored, stored

STAGE = Stage("exploration")
TRAIN = ("dataset/train_images", "dataset/train_labels")
DESCRIPTION = "dataset/description"
LABELS = (DESCRIPTION, "dataset/train_labels", "dataset/test_labels")


@STAGE.asset(
    "json",
    name="summary",
    reads=[*TRAIN, "dataset/test_images", "dataset/test_labels"],
    kinds={"numpy"},
)
def summary_of_both_parts(
    train_images: Any, train_labels: Any, test_images: Any, test_labels: Any
) -> Stored:
    """Counts, shapes and classes of both parts, and how alike the two parts are, in numbers."""
    summarised = summary.summarise(train_images, train_labels, test_images, test_labels)
    alike = summarised["test_like_train"]
    return stored(
        summarised,
        train_images=summarised["train_images"],
        test_images=summarised["test_images"],
        image_shape=str(tuple(summarised["image_shape"])),
        dtype=summarised["dtype"],
        classes=len(summarised["classes"]),
        class_distribution=summarised["class_distribution"],
        test_like_train_classes=alike["classes"],
        test_like_train_grey_levels=alike["grey_levels"],
    )


@STAGE.asset("png", reads=[*TRAIN, DESCRIPTION], kinds={"matplotlib"})
def sample_digits(train_images: Any, train_labels: Any, description: Any) -> Stored:
    """The first nine training images with their labels."""
    from mnist_assets.exploration.figures import digits as figures

    picture = draw_value(
        "The first nine training images with their labels",
        figures.sample_digits,
        train_images[:9],
        train_labels[:9],
        Description.from_json(description).names,
    )
    return stored(picture.png, picture=picture)


@STAGE.asset("png", reads=["dataset/train_images"], kinds={"matplotlib"})
def pixel_range(train_images: Any) -> Stored:
    """The first training image with a colour bar: which grey levels it uses."""
    from mnist_assets.exploration.figures import digits as figures

    image = train_images[0]
    picture = draw_value(
        "The first training image with a colour bar in grey levels", figures.pixel_range, image
    )
    return stored(picture.png, lowest=int(image.min()), highest=int(image.max()), picture=picture)


@STAGE.asset("csv", reads=LABELS, kinds={"pandas"})
def class_distribution(description: Any, train_labels: Any, test_labels: Any) -> Stored:
    """How many images each class has in the training and in the test part."""
    from mnist_assets.exploration.figures import digits as figures

    dataset = Description.from_json(description)
    counts = summary.class_distribution(train_labels, test_labels, class_count(train_labels))
    named = dataset.with_names(counts, "class")
    return stored(
        named,
        picture=draw(
            "Images of each class, both parts", figures.class_distribution, counts, dataset.names
        ),
        table=table(named),
    )


@STAGE.asset("npy", reads=[*TRAIN, DESCRIPTION], kinds={"numpy"})
def average_digits(train_images: Any, train_labels: Any, description: Any) -> Stored:
    """The average image of each class: float32 (classes, height, width), grey levels 0-255."""
    from mnist_assets.exploration.figures import digits as figures

    averages = summary.average_digits(train_images, train_labels, class_count(train_labels))
    names = Description.from_json(description).names
    picture = draw("The average image of each class", figures.average_digits, averages, names)
    return stored(averages, picture=picture)


@STAGE.asset("csv", reads=[*TRAIN, DESCRIPTION, "exploration/average_digits"], kinds={"pandas"})
def extreme_digits(
    train_images: Any, train_labels: Any, description: Any, average_digits: Any
) -> Stored:
    """Per class the image nearest to and the one least like its average, by Euclidean distance.

    Of MNIST, the images that the notebook's loops pick, which compute something else, stand beside
    them.
    """
    from mnist_assets.exploration.figures import digits as figures

    dataset = Description.from_json(description)
    extremes = summary.extreme_digits(train_images, train_labels, average_digits)
    if not dataset.mnist:
        extremes = extremes.filter(regex="^(?!notebook)")
    named = dataset.with_names(extremes, "class")
    picture = draw(
        "Nearest and least similar image of each class",
        figures.extreme_digits,
        train_images,
        average_digits,
        extremes,
        dataset.names,
    )
    return stored(named, picture=picture, table=table(named, digits=1))


@STAGE.asset("csv", reads=[TRAIN[0], DESCRIPTION], kinds={"pandas"})
def pixel_histogram(train_images: Any, description: Any) -> Stored:
    """How many pixels of the training images have each of the 256 grey levels, exactly."""
    from mnist_assets.exploration.figures import grey as figures

    histogram = grey.pixel_histogram(train_images)
    summarised = grey.summarise_pixels(histogram, white_from=grey.WHITE_FROM)
    return stored(
        histogram,
        black=summarised["black"],
        white=summarised["white"],
        between=summarised["between"],
        picture=draw(
            "Pixels at each grey level, on a logarithmic scale",
            figures.pixel_histogram,
            histogram,
            summarised,
            mnist=Description.from_json(description).mnist,
        ),
    )


def grey_levels_asset(bounds: GreyLevels) -> dg.AssetsDefinition:
    """The asset of the images' mean grey levels, counted within declared bounds."""

    @STAGE.asset("csv", reads=[TRAIN[0], DESCRIPTION], kinds={"pandas"})
    def grey_levels(train_images: Any, description: Any) -> Stored:
        """How grey each training image is on average: 0 is black, 255 white."""
        from mnist_assets.exploration.figures import grey as figures

        levels = grey.grey_levels(train_images)
        summarised = grey.summarise_grey_levels(levels, **bounds.bounds)
        return stored(
            levels,
            summary=summarised,
            first_images=str(levels["grey_level"].head(bounds.few_images).to_list()),
            picture=draw(
                "Distribution of the images' mean grey levels",
                figures.grey_levels,
                levels,
                summarised,
                first=bounds.few_images,
                mnist=Description.from_json(description).mnist,
            ),
        )

    return grey_levels


def exploration_assets(bounds: GreyLevels) -> list[dg.AssetsDefinition]:
    """Every asset of the stage, in the notebook's order."""
    return [
        summary_of_both_parts,
        sample_digits,
        class_distribution,
        average_digits,
        extreme_digits,
        grey_levels_asset(bounds),
        pixel_histogram,
        pixel_range,
    ]
