import errno

import pytest
from upath import UPath

from mnist_assets.errors import InputError
from mnist_assets.orchestration.storage import patience
from mnist_assets.orchestration.storage.patience import is_passing, is_refused, patiently

PATH = UPath("memory://values/split.npz")


class ClientError(Exception):
    """As botocore's: the HTTP status is in its response."""

    def __init__(self, status):
        super().__init__(f"an error {status}")
        self.response = {"ResponseMetadata": {"HTTPStatusCode": status}}


class HttpError(Exception):
    """As of Google's and Azure's libraries."""

    def __init__(self, status):
        super().__init__(f"an error {status}")
        self.status_code = status


class EndpointConnectionError(Exception):
    """Its parent is named as botocore's parent is."""


class HTTPClientError(Exception):
    pass


class ProxyConnectionError(HTTPClientError):
    pass


class NoCredentialsError(Exception):
    pass


def translated(error, cause):
    error.__cause__ = cause
    return error


PASSING = [
    TimeoutError("slow"),
    ConnectionResetError("reset"),
    OSError(errno.EBUSY, "slow down"),
    ClientError(503),
    HttpError(429),
    ProxyConnectionError("no way"),
    translated(OSError(errno.EREMOTEIO, "internal error"), ClientError(500)),
]
REFUSED = [
    PermissionError("access denied"),
    NoCredentialsError("unable to locate credentials"),
    HttpError(401),
    translated(OSError(errno.EINVAL, "?"), ClientError(403)),
]
OTHERS = [
    ValueError("of ours"),
    OSError(errno.ENOSPC, "no room"),
    ClientError(400),
    translated(OSError(errno.EBUSY, "a conflict"), ClientError(409)),
]


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """No time passes but in the pauses, which are noted."""
    passed = []
    monkeypatch.setattr(patience.time, "sleep", passed.append)
    monkeypatch.setattr(patience.time, "monotonic", lambda: 1000 + sum(passed))
    monkeypatch.setattr(patience.random, "uniform", lambda low, high: high)
    return passed


def failing(*errors):
    left = list(errors)

    def call():
        if left:
            raise left.pop(0)
        return "answer"

    return call


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_what_may_pass_is_tried_again(error, pauses):
    assert is_passing(error)
    assert not is_refused(error)
    assert patiently(PATH, failing(error, error)) == "answer"
    assert pauses == [0.2, 0.4]


@pytest.mark.parametrize("error", REFUSED, ids=repr)
def test_a_refusal_is_told_at_once(error, pauses):
    assert is_refused(error)
    with pytest.raises(InputError, match=r"split.npz.*lets this process read and write"):
        patiently(PATH, failing(error))
    assert not pauses


@pytest.mark.parametrize("error", OTHERS, ids=repr)
def test_anything_else_is_raised_as_it_is(error, pauses):
    assert not is_passing(error)
    assert not is_refused(error)
    with pytest.raises(type(error)):
        patiently(PATH, failing(error))
    assert not pauses


def test_nothing_there_is_no_reason_to_wait(pauses):
    with pytest.raises(FileNotFoundError):
        patiently(PATH, failing(FileNotFoundError("no key")))
    assert not pauses


def test_after_a_minute_of_outage_it_gives_up(pauses):
    with pytest.raises(InputError, match="not been available for 60 seconds"):
        patiently(PATH, failing(*[ClientError(503)] * 100))
    assert 55 <= sum(pauses) <= 60
    assert max(pauses) == 5
