import gzip
import hashlib
import re
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_assets.dataset.download import download_dataset
from mnist_assets.dataset.idx import encode_header
from mnist_assets.dataset.idx_names import FILE_NAMES
from mnist_assets.dataset.loading import DatasetFacts, load_dataset
from mnist_assets.errors import InputError

TRAIN_IMAGES = "train-images-idx3-ubyte.gz"


def make_files() -> dict[str, bytes]:
    """The four uncompressed files of a dataset, with images enough for several network packets."""
    rng = np.random.default_rng(0)
    files = {}
    for part in ("train", "test"):
        labels = np.arange(300, dtype=np.uint8) % 4
        images = rng.integers(0, 256, (300, 28, 28), np.uint8)
        files[f"{part}_images"] = encode_header(images.shape) + images.tobytes()
        files[f"{part}_labels"] = encode_header(labels.shape) + labels.tobytes()
    return files


CONTENT = make_files()
GZIPPED = {f"{FILE_NAMES[name]}.gz": gzip.compress(data) for name, data in CONTENT.items()}
FACTS = DatasetFacts(
    sha256={name: hashlib.sha256(data).hexdigest() for name, data in CONTENT.items()},
    image_shape=(28, 28),
    grey_range=(0, 255),
    train_counts=(75, 75, 75, 75),
    test_counts=(75, 75, 75, 75),
)


@dataclass
class Mirror:
    """A server on this machine, and what it was asked.

    Attributes:
        url: Its address.
        files: What it serves, by file name.
        plans: By file name, how to answer the next requests instead: an HTTP status, or "cut".
        knows_ranges: Whether it heeds the Range header.
        asked: Each request's file name and Range header.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=lambda: dict(GZIPPED))
    plans: dict[str, list[int | str]] = field(default_factory=lambda: defaultdict(list))
    knows_ranges: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def ranges(self, file_name: str) -> list[str | None]:
        return [asked_range for asked_file, asked_range in self.asked if asked_file == file_name]


class Handler(BaseHTTPRequestHandler):
    def __init__(self, mirror: Mirror, *args: Any) -> None:
        self.mirror = mirror
        super().__init__(*args)

    def do_GET(self) -> None:
        file_name, mirror = self.path.rpartition("/")[2], self.mirror
        mirror.asked.append((file_name, self.headers["Range"]))
        plan = mirror.plans[file_name].pop(0) if mirror.plans[file_name] else 200
        if isinstance(plan, int) and plan != 200:
            self.send_error(plan)
            return
        body, start = mirror.files[file_name], 0
        if mirror.knows_ranges and self.headers["Range"]:
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        if start and start >= len(body):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        self.wfile.write(body[start : start + 100_000] if plan == "cut" else body[start:])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@pytest.fixture
def mirrors(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Mirror]]:
    """Two servers with the four files."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    started = []
    for mirror in (Mirror(), Mirror()):
        server = HTTPServer(("127.0.0.1", 0), partial(Handler, mirror))
        mirror.url = f"http://127.0.0.1:{server.server_port}/mnist/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        started.append((mirror, server, thread))
    yield [mirror for mirror, _, _ in started]
    for _, server, thread in started:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def mirror(mirrors: list[Mirror]) -> Mirror:
    return mirrors[0]


@pytest.fixture
def pauses() -> list[float]:
    """The seconds that a download would have slept."""
    return []


def download(
    folder: Path, pauses: list[float], *mirrors: Mirror, attempts: int = 3, timeout: float = 5.0
) -> Path:
    return download_dataset(
        [mirror.url for mirror in mirrors],
        folder,
        FACTS,
        attempts=attempts,
        timeout=timeout,
        sleep=pauses.append,
    )


def assert_complete(folder: Path) -> None:
    """The folder holds the four files as served, and nothing else."""
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == GZIPPED


def test_the_four_files_are_fetched_and_load(
    tmp_path: Path, pauses: list[float], mirrors: list[Mirror]
) -> None:
    folder = tmp_path / "made" / "on the way"
    assert download(folder, pauses, *mirrors) == folder
    assert_complete(folder)
    assert load_dataset(folder, FACTS).dataset.train_images.shape == (300, 28, 28)
    assert mirrors[0].asked == [(name, None) for name in GZIPPED]
    assert mirrors[1].asked == []
    assert pauses == []


def test_an_address_without_slash_is_the_same(
    tmp_path: Path, pauses: list[float], mirror: Mirror
) -> None:
    mirror.url = mirror.url.rstrip("/")
    download(tmp_path, pauses, mirror)
    assert_complete(tmp_path)


def test_a_right_file_is_not_fetched_again(
    tmp_path: Path, pauses: list[float], mirror: Mirror
) -> None:
    download(tmp_path, pauses, mirror)
    (tmp_path / TRAIN_IMAGES).unlink()
    (tmp_path / "train-images.idx3-ubyte").write_bytes(CONTENT["train_images"])
    mirror.asked.clear()
    download(tmp_path, pauses, mirror)
    assert mirror.asked == []


@pytest.mark.parametrize("wrong", [b"", b"junk", gzip.compress(b"another file")])
def test_a_wrong_file_is_replaced(
    tmp_path: Path, pauses: list[float], mirror: Mirror, wrong: bytes
) -> None:
    (tmp_path / TRAIN_IMAGES).write_bytes(wrong)
    download(tmp_path, pauses, mirror)
    assert_complete(tmp_path)


def test_a_cut_connection_is_resumed(tmp_path: Path, pauses: list[float], mirror: Mirror) -> None:
    mirror.plans[TRAIN_IMAGES] = ["cut", "cut"]
    download(tmp_path, pauses, mirror)
    assert_complete(tmp_path)
    assert mirror.ranges(TRAIN_IMAGES) == [None, "bytes=100000-", "bytes=200000-"]
    assert pauses == [1.0, 2.0]


def test_the_next_run_resumes_too(tmp_path: Path, pauses: list[float], mirror: Mirror) -> None:
    mirror.plans[TRAIN_IMAGES] = ["cut"]
    with pytest.raises(InputError, match=r"closed after 100000 of \d+ bytes from http"):
        download(tmp_path, pauses, mirror, attempts=1)
    assert [path.name for path in tmp_path.iterdir()] == [f"{TRAIN_IMAGES}.partial"]
    download(tmp_path, pauses, mirror, attempts=1)
    assert_complete(tmp_path)
    assert mirror.ranges(TRAIN_IMAGES) == [None, "bytes=100000-"]


def test_the_other_mirror_resumes(
    tmp_path: Path, pauses: list[float], mirrors: list[Mirror]
) -> None:
    mirrors[0].plans[TRAIN_IMAGES] = ["cut"]
    download(tmp_path, pauses, *mirrors)
    assert_complete(tmp_path)
    assert mirrors[1].asked == [(TRAIN_IMAGES, "bytes=100000-")]
    assert pauses == []


def test_a_server_that_ignores_ranges_sends_the_whole_file(
    tmp_path: Path, pauses: list[float], mirror: Mirror
) -> None:
    mirror.knows_ranges = False
    mirror.plans[TRAIN_IMAGES] = ["cut"]
    download(tmp_path, pauses, mirror)
    assert_complete(tmp_path)
    assert mirror.ranges(TRAIN_IMAGES) == [None, "bytes=100000-"]


def test_a_complete_partial_file_is_only_renamed(
    tmp_path: Path, pauses: list[float], mirror: Mirror
) -> None:
    (tmp_path / f"{TRAIN_IMAGES}.partial").write_bytes(GZIPPED[TRAIN_IMAGES])
    download(tmp_path, pauses, mirror, attempts=1)
    assert_complete(tmp_path)
    assert mirror.ranges(TRAIN_IMAGES) == [f"bytes={len(GZIPPED[TRAIN_IMAGES])}-"]


@pytest.mark.parametrize("length", [10, 1_000_000])
def test_a_leftover_of_another_file_is_dropped_at_once(
    tmp_path: Path, pauses: list[float], mirror: Mirror, length: int
) -> None:
    (tmp_path / f"{TRAIN_IMAGES}.partial").write_bytes(b"x" * length)
    download(tmp_path, pauses, mirror, attempts=1)
    assert_complete(tmp_path)
    assert mirror.ranges(TRAIN_IMAGES) == [f"bytes={length}-", None]


def test_an_overloaded_server_is_asked_again(
    tmp_path: Path, pauses: list[float], mirror: Mirror
) -> None:
    mirror.plans[TRAIN_IMAGES] = [503, 503]
    download(tmp_path, pauses, mirror)
    assert_complete(tmp_path)
    assert pauses == [1.0, 2.0]


def test_a_wrong_checksum_is_retried_then_refused(
    tmp_path: Path, pauses: list[float], mirror: Mirror
) -> None:
    wrong = b"another dataset"
    mirror.files[TRAIN_IMAGES] = gzip.compress(wrong)
    with pytest.raises(InputError) as caught:
        download(tmp_path, pauses, mirror)
    assert caught.value.where == tmp_path / TRAIN_IMAGES
    assert hashlib.sha256(wrong).hexdigest() in str(caught.value.seen)
    assert f"{mirror.url}{TRAIN_IMAGES}" in str(caught.value.seen)
    assert FACTS.sha256["train_images"] in str(caught.value.expected)
    assert mirror.ranges(TRAIN_IMAGES) == [None, None, None]
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_checksum_is_made_good_by_the_other_mirror(
    tmp_path: Path, pauses: list[float], mirrors: list[Mirror]
) -> None:
    mirrors[0].files[TRAIN_IMAGES] = GZIPPED[TRAIN_IMAGES][:-1] + b"?"
    download(tmp_path, pauses, *mirrors)
    assert_complete(tmp_path)
    assert mirrors[1].asked == [(TRAIN_IMAGES, None)]


def test_a_failed_fetch_leaves_the_old_file(
    tmp_path: Path, pauses: list[float], mirror: Mirror
) -> None:
    (tmp_path / TRAIN_IMAGES).write_bytes(b"old")
    mirror.plans[TRAIN_IMAGES] = ["cut"]
    with pytest.raises(InputError):
        download(tmp_path, pauses, mirror, attempts=1)
    assert (tmp_path / TRAIN_IMAGES).read_bytes() == b"old"


def test_dead_mirrors_are_all_named(tmp_path: Path, pauses: list[float], mirror: Mirror) -> None:
    mirror.plans[TRAIN_IMAGES] = [404] * 4
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # without listening: connections are refused
        dead = [Mirror(f"http://127.0.0.1:{s.getsockname()[1]}") for s in (silent, closed)]
        started = time.monotonic()
        with pytest.raises(InputError) as caught:
            download(tmp_path, pauses, mirror, *dead, attempts=4, timeout=0.05)
        assert time.monotonic() - started < 5  # the silent one is given up after 0.05 s each time
    seen = str(caught.value.seen)
    for reason, base_url in (
        ("HTTP 404 Not Found", mirror.url),
        ("timed out", dead[0].url),
        ("refused", dead[1].url),
    ):
        assert re.search(rf"{reason}[^;]* from {base_url}/?{TRAIN_IMAGES}(;|$)", seen)
    assert pauses == [1.0, 2.0, 4.0]
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_ends_it_at_once(tmp_path: Path, pauses: list[float], mirror: Mirror) -> None:
    (tmp_path / f"{TRAIN_IMAGES}.partial").symlink_to("/dev/full")
    with pytest.raises(InputError, match="partial: found No space left on device"):
        download(tmp_path, pauses, mirror)
    assert len(mirror.asked) == 1
    assert not (tmp_path / TRAIN_IMAGES).exists()


def test_a_folder_that_cannot_be_made_is_refused(
    tmp_path: Path, pauses: list[float], mirror: Mirror
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file/folder: found Not a directory"):
        download(tmp_path / "file" / "folder", pauses, mirror)
    assert mirror.asked == []


@pytest.mark.parametrize(
    ("base_urls", "attempts", "timeout", "message"),
    [
        (["file:///etc"], 1, 1.0, "mirror: found file:///etc, expected an address that begins"),
        (["no scheme"], 1, 1.0, "mirror: found no scheme"),
        ([], 1, 1.0, "mirrors: found 0,"),
        (["http://127.0.0.1:1"], 0, 1.0, "attempts: found 0,"),
        (["http://127.0.0.1:1"], 1, 0.0, r"timeout: found 0\.0,"),
    ],
)
def test_unsound_arguments_are_refused(
    tmp_path: Path, base_urls: list[str], attempts: int, timeout: float, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        download_dataset(base_urls, tmp_path, FACTS, attempts=attempts, timeout=timeout)


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:x", "http://[", "http://"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, base_url: str) -> None:
    with pytest.raises(InputError, match=r"no answer \("):
        download_dataset([base_url], tmp_path, FACTS, attempts=1, timeout=1.0)
