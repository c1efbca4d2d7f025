import numpy as np
import pytest

from mnist_assets.networks.loop import batches
from mnist_assets.networks.loop.batches import (
    as_tensor,
    chunked_epoch,
    shareable_zeros,
    whole_epoch,
)


@pytest.fixture
def numbered():
    """100 images of one pixel that holds the image's number, labelled by its last digit."""
    numbers = np.arange(100, dtype=np.uint8)
    return numbers.reshape(100, 1, 1), numbers % 10


def used(chunks):
    """The numbers of the images in the order of their use, and whether each kept its label."""
    numbers, right = [], True
    for chunk in chunks:
        pixels = np.asarray(chunk.images)[chunk.order, 0, 0]
        right &= bool((pixels % 10 == np.asarray(chunk.labels)[chunk.order]).all())
        numbers += pixels.tolist()
    return numbers, right


def test_a_whole_epoch_is_every_image_once_in_a_random_order(numbered):
    numbers, right = used(whole_epoch(*numbered, np.random.default_rng(0)))
    assert sorted(numbers) == list(range(100))
    assert numbers != sorted(numbers)
    assert right


@pytest.mark.parametrize("chunk_size", [8, 30, 100, 200])
def test_chunks_are_the_chosen_images_once_in_a_random_order(numbered, chunk_size, monkeypatch):
    monkeypatch.setattr(batches, "BLOCK", 4)
    chosen = np.random.default_rng(1).permutation(100)[:77].astype(np.int32)
    epoch = chunked_epoch(
        *numbered, chosen, chunk_size=chunk_size, generator=np.random.default_rng(0)
    )
    numbers, right = used(epoch)
    assert sorted(numbers) == sorted(chosen)
    assert right
    assert numbers != sorted(numbers)


def test_chunks_have_one_shape_so_that_the_loop_compiles_once(numbered):
    epoch = chunked_epoch(
        *numbered, np.arange(100), chunk_size=30, generator=np.random.default_rng(0)
    )
    shapes = [(chunk.images.shape, chunk.labels.shape, len(chunk.order)) for chunk in epoch]
    assert shapes == [((30, 1, 1), (30,), count) for count in (30, 30, 30, 10)]


def test_chunks_differ_between_epochs_and_agree_between_equal_generators(numbered):
    def epochs(seed):
        generator = np.random.default_rng(seed)
        return [
            used(chunked_epoch(*numbered, np.arange(100), chunk_size=30, generator=generator))[0]
            for _ in range(2)
        ]

    first, second = epochs(0)
    assert first != second
    assert [first, second] == epochs(0)
    assert [first, second] != epochs(1)


def test_a_tensor_has_the_memory_of_an_array_that_is_made_to_be_shared():
    array = shareable_zeros((3, 4, 5))
    tensor = as_tensor(array)
    assert (array.shape, array.dtype, array.any()) == (tensor.shape, np.uint8, False)
    array[2, 3, 4] = 7
    assert tensor.numpy()[2, 3, 4] == 7


def test_a_tensor_is_a_copy_of_an_array_that_cannot_be_shared():
    array = shareable_zeros((10,))
    read_only = array[:]
    read_only.flags.writeable = False
    for other in (array[1:], array[::2], read_only):
        tensor = as_tensor(other)
        array[:] = 1
        assert not tensor.numpy().any()
        array[:] = 0
    assert as_tensor(tensor) is tensor
