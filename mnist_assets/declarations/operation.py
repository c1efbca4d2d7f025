"""What runs, how, where and when: the sections of `settings.yaml` that no dataset may set."""

from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from mnist_assets.declarations.yaml_files import Declared, Real, Whole


class Needs(Declared):
    """What a step that trains needs, where workers elsewhere run it.

    Attributes:
        queue: The Celery queue that it waits in.
        cpus: Cores that its pod asks for.
        memory_gigabytes: Memory that its pod asks for and may use.
        gpus: GPUs of NVIDIA that its pod gets.
    """

    queue: str = Field(pattern=r"^[\w.-]{1,100}$")
    cpus: Real = Field(gt=0, le=1024)
    memory_gigabytes: Real = Field(gt=0, le=100_000)
    gpus: Whole = Field(ge=0, le=64)


class Training(Declared):
    """How training uses the machine."""

    memory_limit: Whole = Field(ge=1, le=10**13)
    needs: Needs


class Study(Declared):
    """How often each network is trained to tell luck from merit.

    Attributes:
        seeds: Runs with a training seed of their own, and as many with a split of their own.
        confidence: Of the intervals of means and mean differences.
        processes: Trainings at a time, at most one a core.
    """

    seeds: Whole = Field(ge=1, le=10_000)
    confidence: Real = Field(gt=0, lt=1)
    processes: Whole = Field(ge=1, le=1000)


class Schedules(Declared):
    """When networks are retrained: cron expressions, the time zone they are meant in.

    Attributes:
        nightly: When every network is trained again, with a new seed.
        weekly: When everything is made anew.
        observe: How often the dataset's files are looked at.
        retention: When the run history is cut back to what `history` keeps.
        time_zone: An IANA name, such as `Europe/Paris`.
        running: Whether they run without being switched on in the web UI.
        retrained_within_days: Age at which a network or the champion counts as overdue.
    """

    nightly: str
    weekly: str
    observe: str
    retention: str
    time_zone: str
    running: bool
    retrained_within_days: Whole = Field(ge=1, le=3650)

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (LookupError, ValueError, OSError) as error:  # as the name is none, or is a path
            raise ValueError("an IANA name, such as Europe/Paris") from error
        return name


class History(Declared):
    """What is kept of the past; what tells of the present values is kept in any case.

    Attributes:
        runs: The latest runs.
        days: The age from which even these are dropped.
        champions: The latest superseded champions.
    """

    runs: Whole = Field(ge=1, le=1_000_000)
    days: Whole = Field(ge=1, le=36_500)
    champions: Whole = Field(ge=0, le=1_000_000)


class Libraries(Declared):
    """What becomes of values that were made with other versions of libraries than are installed.

    Attributes:
        remake: Whether they are made again, like those whose code changed.
    """

    remake: bool


class Notification(Declared):
    """What is told of a failed run: a command that gets the message on its standard input."""

    command: tuple[str, ...]


class Inbox(Declared):
    """What is accepted of the files dropped into the inbox, and how a batch is judged.

    Attributes:
        largest_file: Bytes.
        largest_picture: Pixels.
        settled_seconds: How long a file must have been left alone to count as finished.
        batch: Files that one run scores; the rest is left to the next.
        doubtful_below: Probability below which a digit is marked as doubtful.
        false_alarm_rate: Share of batches like the training part that may warn of drift.
        smallest_effect: Standardised difference below which drift does not matter.
    """

    largest_file: Whole = Field(ge=1, le=10**10)
    largest_picture: Whole = Field(ge=1, le=10**9)
    settled_seconds: Real = Field(ge=0, le=86_400)
    batch: Whole = Field(ge=1, le=1_000_000)
    doubtful_below: Real = Field(ge=0, le=1)
    false_alarm_rate: Real = Field(gt=0, lt=1)
    smallest_effect: Real = Field(ge=0, le=10)


class Download(Declared):
    """How patiently the public mirrors are asked, when the dataset is to be downloaded."""

    mirrors: tuple[str, ...] = Field(min_length=1)
    attempts: Whole = Field(ge=1, le=100)
    timeout_seconds: Real = Field(gt=0, le=3600)
