"""The one exception that means "what you gave is wrong", as opposed to "the code is wrong"."""


class InputError(ValueError):
    """Bad input, said so that the reader can mend it without reading code.

    Args:
        where: The file, field or setting at fault.
        seen: The value found there.
        expected: What would have been right.
        remedy: What to do about it, as an imperative sentence.
    """

    def __init__(self, where: object, *, seen: object, expected: object, remedy: str) -> None:
        self.where = where
        self.seen = seen
        self.expected = expected
        self.remedy = remedy
        super().__init__(f"{where}: found {seen}, expected {expected}. {remedy}")

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by keyword, since executors send exceptions between processes."""
        return _rebuild, (self.where, self.seen, self.expected, self.remedy)


def _rebuild(where: object, seen: object, expected: object, remedy: str) -> InputError:
    return InputError(where, seen=seen, expected=expected, remedy=remedy)
