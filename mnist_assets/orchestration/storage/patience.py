"""Calls to a store far away: repeated while what fails may pass, explained where it will not.

Throttling, resets, time-outs and errors of the store itself pass; a missing bucket, credentials
that are missing or wrong, and permissions do not. Libraries report both in their own ways: what
they have in common is an error number, an HTTP status, or the name of the class.
"""

from __future__ import annotations

import errno
import random
import time
from typing import TYPE_CHECKING, Any, TypeVar

from mnist_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from upath import UPath

_Result = TypeVar("_Result")

LONGEST_OUTAGE = 60.0  # seconds from the first failure after which a call is given up
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0  # seconds; each pause is up to twice the one before

_PASSING_NUMBERS = {
    errno.EAGAIN,
    errno.EBUSY,
    errno.EIO,
    errno.EPIPE,
    errno.ENETUNREACH,
    errno.EHOSTUNREACH,
    errno.ETIMEDOUT,
}
_PASSING_STATUSES = {408, 425, 429, 500, 502, 503, 504}
# Of botocore, aiohttp and Azure's core, none of which need be installed here.
_PASSING_CLASSES = {
    "HTTPClientError",
    "ClientConnectionError",
    "ClientPayloadError",
    "IncompleteRead",
    "ResponseStreamingError",
    "ServiceRequestError",
    "ServiceResponseError",
}
_REFUSING_CLASSES = {
    "NoCredentialsError",
    "PartialCredentialsError",
    "CredentialRetrievalError",
    "ClientAuthenticationError",
    "DefaultCredentialsError",
}


def patiently(path: UPath, call: Callable[[], _Result]) -> _Result:
    """Call a store, again and again as long as what goes wrong may pass.

    Raises:
        FileNotFoundError: There is nothing at the address.
        InputError: The store refuses, or has not been available for `LONGEST_OUTAGE` seconds.
        Exception: Anything else that the store's library raises.
    """
    gives_up, pause = 0.0, _FIRST_PAUSE
    while True:
        try:
            return call()
        except FileNotFoundError:
            raise
        except Exception as error:
            if is_refused(error):
                raise _refused(path, error) from error
            if not is_passing(error):
                raise
            gives_up = gives_up or time.monotonic() + LONGEST_OUTAGE
            if time.monotonic() + pause > gives_up:
                raise _unavailable(path, error) from error
        time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - so that not all come at once
        pause = min(2 * pause, _LONGEST_PAUSE)


def is_passing(error: BaseException) -> bool:
    """Whether what a store's library raised may be gone in a moment."""
    told = [status(each) for each in chain(error)]
    if any(told):  # the store itself has said what is wrong
        return not _PASSING_STATUSES.isdisjoint(told)
    return any(
        isinstance(each, TimeoutError | ConnectionError)
        or getattr(each, "errno", None) in _PASSING_NUMBERS
        or not _PASSING_CLASSES.isdisjoint(_class_names(each))
        for each in chain(error)
    )


def is_refused(error: BaseException) -> bool:
    """Whether a store knows who asks, or cannot know, and says no."""
    return any(
        isinstance(each, PermissionError)
        or status(each) in {401, 403}
        or not _REFUSING_CLASSES.isdisjoint(_class_names(each))
        for each in chain(error)
    )


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what the library made it from."""
    while error is not None:
        yield error
        error = error.__cause__


def status(error: BaseException) -> int | None:
    """The HTTP status that an error tells of, if it does."""
    response: Any = getattr(error, "response", None)
    if isinstance(response, dict):  # as botocore has it
        response = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return response if isinstance(response, int) else None
    for name in ("status_code", "status", "code"):
        if isinstance(found := getattr(error, name, None), int):
            return found
    return None


def _class_names(error: BaseException) -> set[str]:
    return {of.__name__ for of in type(error).__mro__}


def _refused(path: UPath, error: Exception) -> InputError:
    return InputError(
        path,
        seen=error,
        expected="a store that lets this process read and write there",
        remedy="Give it the credentials as the store's own library takes them from the environment "
        "(docs/deploy.md), with the permission to list, read, write and delete below this address. "
        "Nothing that was stored is changed.",
    )


def _unavailable(path: UPath, error: Exception) -> InputError:
    return InputError(
        path,
        seen=f"a store that has not been available for {LONGEST_OUTAGE:.0f} seconds ({error})",
        expected="an answer",
        remedy="Look whether its address is right and it is up, and run the command again: what is "
        "finished by now stays.",
    )
