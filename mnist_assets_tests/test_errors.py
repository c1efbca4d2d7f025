import pickle
from pathlib import Path

from mnist_assets.errors import InputError

ERROR = InputError(
    Path("networks.yaml"), seen=-1, expected="greater than 0", remedy="Correct that field."
)


def test_the_message_says_where_what_and_what_to_do() -> None:
    assert str(ERROR) == "networks.yaml: found -1, expected greater than 0. Correct that field."


def test_the_parts_can_be_read_one_by_one() -> None:
    assert (ERROR.where, ERROR.seen, ERROR.expected, ERROR.remedy) == (
        Path("networks.yaml"),
        -1,
        "greater than 0",
        "Correct that field.",
    )


def test_it_is_a_value_error_for_those_who_know_nothing_of_this_package() -> None:
    assert isinstance(ERROR, ValueError)


def test_it_travels_between_processes() -> None:
    arrived = pickle.loads(pickle.dumps(ERROR))  # noqa: S301 - pickled in this line
    assert type(arrived) is InputError
    assert str(arrived) == str(ERROR)
    assert arrived.expected == ERROR.expected
