"""Export: the champion as files that other software runs, in one archive to be handed on."""

from typing import Any

import dagster as dg

from mnist_assets.champion import archive as archiving
from mnist_assets.champion.assets.model import STAGE
from mnist_assets.champion.candidate import fits
from mnist_assets.champion.export.agreement import check_same_answers
from mnist_assets.champion.export.card import write_card
from mnist_assets.champion.export.subject import champion_subject
from mnist_assets.champion.export.writing import CARD, INT8, LITERT, litert_files
from mnist_assets.champion.resources import ChampionArchive
from mnist_assets.dataset.description import Description
from mnist_assets.findings import Finding
from mnist_assets.networks.stored import StoredNetwork
from mnist_assets.orchestration.stage import Check, Stored, stored

SAME_ANSWERS = Check(
    "same_answers",
    "The LiteRT file sees the same class as the champion in every test image, ties aside, and its "
    "probabilities are within 1e-5.",
)


def champion_export_asset() -> dg.AssetsDefinition:
    """The champion as LiteRT files, with its model card."""

    @STAGE.asset(
        "zip",
        reads=[
            "champion/quality",
            "dataset/description",
            "dataset/train_images",
            "dataset/test_images",
            "dataset/test_labels",
        ],
        deps=["champion/model"],
        kinds={"tensorflow", "keras"},
        priority=-1,  # nothing waits for it
        checks=[SAME_ANSWERS],
    )
    def export(
        archive: ChampionArchive,
        quality: Any,
        description: Any,
        train_images: Any,
        test_images: Any,
        test_labels: Any,
    ) -> Stored:
        """The champion for telephones, servers and small machines, in one archive.

        `model.tflite` is a LiteRT file of pixels, uint8 (n, height, width), to probabilities;
        `model_int8.tflite` the same in 8 bits; `model_card.md` says what there is to know of them.
        """
        current, dataset = archiving.current(archive.path), Description.from_json(description)
        model: Any = StoredNetwork(current.model_path).model if current else None
        if current is None or not fits(model, test_images.shape[1:], len(dataset.labels)):
            nothing = Finding(passed=True, message="There is no champion of this dataset yet.")
            return stored({}, SAME_ANSWERS.result(nothing), champion="none yet")
        contents, files = litert_files(model, train_images, test_images, test_labels)
        card = write_card(champion_subject(current, dataset, quality), model, files)
        answers = {file.name: file.agreement for file in files}
        sizes = {file.name: file.bytes for file in files}
        accuracies = {name: of.accuracy for name, of in answers.items() if of}
        return stored(
            contents | {CARD: card.encode()},
            *(
                SAME_ANSWERS.result(check_same_answers(of))
                for name, of in answers.items()
                if name == LITERT and of
            ),
            version=current.version,
            bytes_float32=sizes[LITERT],
            bytes_int8=sizes[INT8],
            test_accuracy_float32=accuracies[LITERT],
            test_accuracy_int8=accuracies[INT8],
            model_card=dg.MetadataValue.md(card),
        )

    return export
