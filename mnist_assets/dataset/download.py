"""Fetching the four files of a dataset from public mirrors: resumed, retried, verified, atomic.

A file is fetched as `<name>.gz.partial` and takes its final name only once its content has the
right checksum; a fetch that is cut short is taken up again where it stopped, by this run or the
next. One process at a time should fetch into a folder. By hand, since pooch, the usual library,
begins a fetch that was cut short from its start, and knows one address a file.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from mnist_assets.dataset.gzip_files import read_unpacked
from mnist_assets.dataset.idx_names import FILE_NAMES, find_idx
from mnist_assets.dataset.loading import DatasetFacts
from mnist_assets.errors import InputError

_BLOCK_SIZE = 1 << 16
_RANGE_NOT_SATISFIABLE = 416

_log = logging.getLogger(__name__)


class _FetchError(Exception):
    """One mirror failed once; another try or another mirror may do better."""


def download_dataset(
    base_urls: Sequence[str],
    folder: Path,
    facts: DatasetFacts,
    *,
    attempts: int,
    timeout: float,
    first_pause: float = 1.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Fetch the gzipped files of a dataset that are not yet in a folder, and verify each.

    Args:
        base_urls: Mirrors, http or https: folders that hold `train-images-idx3-ubyte.gz` and so on.
            They take turns within one attempt.
        folder: Where to put the files; made if need be. A right file already there is kept, under
            any name that `find_idx` accepts.
        facts: The dataset, for its checksums.
        attempts: How often to go round the mirrors for one file, at least 1.
        timeout: Seconds that a mirror may stay silent, above 0.
        first_pause: Seconds to wait before the second attempt, doubled before each further one.
        sleep: Waits that many seconds.

    Returns:
        `folder`, which now holds all four files.

    Raises:
        InputError: A mirror's address is not http or https, the folder cannot be written to, or no
            mirror gave a file with the right checksum.
    """
    _require_sound(base_urls, attempts, timeout)
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    pauses = [first_pause * 2**done for done in range(attempts - 1)]
    for name, file_name in FILE_NAMES.items():
        if not _is_there(folder, file_name, facts.sha256[name]):
            _obtain(
                [f"{base_url.rstrip('/')}/{file_name}.gz" for base_url in base_urls],
                folder / f"{file_name}.gz",
                facts.sha256[name],
                pauses=[0.0, *pauses],
                timeout=timeout,
                sleep=sleep,
            )
    return folder


def _require_sound(base_urls: Sequence[str], attempts: int, timeout: float) -> None:
    for base_url in base_urls:
        if not base_url.startswith(("https://", "http://")):
            raise InputError(
                "mirror",
                seen=base_url,
                expected="an address that begins with https:// or http://",
                remedy="Correct the mirror's address.",
            )
    for field, seen, sound in (
        ("mirrors", len(base_urls), len(base_urls) >= 1),
        ("attempts", attempts, attempts >= 1),
        ("timeout", timeout, timeout > 0),
    ):
        if not sound:
            raise InputError(field, seen=seen, expected="more than 0", remedy="Raise it.")


def _is_there(folder: Path, file_name: str, sha256: str) -> bool:
    try:
        return _fault(find_idx(folder, file_name), sha256) is None
    except InputError:
        return False


def _fault(path: Path, sha256: str) -> str | None:
    """Say what is wrong with the content of a file, None if nothing is."""
    try:
        seen = hashlib.sha256(read_unpacked(path)).hexdigest()
    except InputError as error:
        return str(error.seen)
    return None if seen == sha256 else f"content with the SHA-256 {seen}"


def _obtain(
    urls: Sequence[str],
    final: Path,
    sha256: str,
    *,
    pauses: Sequence[float],
    timeout: float,
    sleep: Callable[[float], None],
) -> None:
    """Go round the mirrors, once after each pause, until one gives the right file."""
    partial = final.with_name(f"{final.name}.partial")
    failures: dict[str, str] = {}
    for pause in pauses:
        if pause:
            sleep(pause)
        for url in urls:
            _log.info("Fetching %s", url)
            try:
                _fetch_verified(url, partial, sha256, timeout)
            except _FetchError as error:
                failures[url] = str(error)
                _log.warning("%s: %s", url, error)
            else:
                with _writing(final):
                    partial.replace(final)
                return
    raise InputError(
        final,
        seen="; ".join(f"{reason} from {url}" for url, reason in failures.items()),
        expected=f"a gzipped file whose content has the SHA-256 {sha256}",
        remedy="Check the connection and the mirrors' addresses and try again (what came is kept), "
        "or put the four IDX files there yourself.",
    )


def _fetch_verified(url: str, partial: Path, sha256: str, timeout: float) -> None:
    with _writing(partial):
        have = partial.stat().st_size if partial.exists() else 0
    _fetch(url, partial, have, timeout)
    fault = _fault(partial, sha256)
    if fault is None:
        return
    with _writing(partial):
        partial.unlink()
    if not have:
        raise _FetchError(fault)
    # The beginning may be a leftover of another file, so the mirror is not yet proved wrong.
    _fetch_verified(url, partial, sha256, timeout)


def _fetch(url: str, partial: Path, have: int, timeout: float) -> None:
    """Fetch what is missing of a partial file of which `have` bytes are there.

    A server that does not know ranges answers with the whole file (200), which replaces the part;
    one that has nothing beyond the part answers 416, and the checksum tells whether it is complete.
    """
    headers = {"Range": f"bytes={have}-"} if have else {}
    try:
        # _require_sound has seen to it that the scheme is http or https.
        request = Request(url, headers=headers)  # noqa: S310
        response: HTTPResponse = urlopen(request, timeout=timeout)  # noqa: S310
    except HTTPError as error:
        with error:
            if have and error.code == _RANGE_NOT_SATISFIABLE:
                return
            raise _FetchError(f"HTTP {error.code} {error.reason}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise _FetchError(f"no answer ({error})") from error
    with response, _writing(partial):
        continued = response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        with partial.open("ab" if have and continued else "wb") as file:
            for block in _blocks(response):
                file.write(block)


def _blocks(response: HTTPResponse) -> Iterator[bytes]:
    """Read a response block by block; `http.client` does not notice that one is cut short."""
    declared = response.headers.get("Content-Length")
    received = 0
    try:
        while block := response.read(_BLOCK_SIZE):
            received += len(block)
            yield block
    except (OSError, HTTPException) as error:
        raise _FetchError(f"a connection lost after {received} bytes ({error})") from error
    if declared is not None and received < int(declared):
        raise _FetchError(f"a connection closed after {received} of {declared} bytes")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn a failure of the local disk into an `InputError`: no other mirror would help."""
    try:
        yield
    except OSError as error:
        raise InputError(
            path,
            seen=error.strerror,
            expected="a place that can be written to, with room for the dataset",
            remedy="Free space or correct the permissions, or give another folder.",
        ) from error
