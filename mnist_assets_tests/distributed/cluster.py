"""A coordinator and two workers over the same bucket, database and broker."""

import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

import dagster as dg

from mnist_assets.orchestration.history import CODE_VERSION, INPUT_VERSION
from mnist_assets_tests.distributed.machines import PATIENCE, Machine

BUCKET = "values"
MADE_OF = (CODE_VERSION, INPUT_VERSION)  # tags of a materialisation
SELECTION = '+key:"champion/model"'


@dataclass
class Cluster:
    """Machines and the services that they share.

    `seeds` tells how often the networks were declared anew.
    """

    services: dict
    coordinator: Machine
    workers: dict
    seeds: int = 0
    begun: datetime | None = None

    @classmethod
    def create(cls, folder, services):
        services["store"].client().create_bucket(Bucket=BUCKET)
        environment = {
            "history": services["postgres"].address,
            **services["store"].environment,
            "MNIST_ASSETS_DATA": f"s3://{BUCKET}/assets",
            "MNIST_ASSETS_EXECUTOR": "celery",
            "MNIST_ASSETS_BROKER": services["redis"].address,
        }
        machines = [
            Machine.create(folder / name, **environment) for name in ("coordinator", "one", "two")
        ]
        return cls(
            services, machines[0], {machine.folder.name: machine for machine in machines[1:]}
        )

    @property
    def machines(self):
        return [self.coordinator, *self.workers.values()]

    def end(self):
        for machine in self.machines:
            machine.end()

    def start_workers(self):
        """Start those that are not there, and wait until they listen."""
        begun = [
            machine.begin_worker(name)
            for name, machine in self.workers.items()
            if not machine.has_worker()
        ]
        for machine in begun:
            machine.wait_for_worker()

    def declare_anew(self):
        """Give the networks other seeds, everywhere, so that they are to be trained again."""
        before, self.seeds = self.seeds, self.seeds + 1
        for machine in self.machines:
            path = machine.folder / "networks.yaml"
            text = path.read_text()
            for seed in (1, 2):
                text = text.replace(
                    f"seed: {seed + 10 * before}\n", f"seed: {seed + 10 * self.seeds}\n"
                )
            path.write_text(text)

    def materialize(self, *options):
        """Run the command to its end: its exit code and what it told."""
        return self.coordinator.command("materialize", "--select", SELECTION, *options)

    def begin(self):
        """Begin a run of it."""
        self.begun = datetime.now(UTC)
        return self.coordinator.start_command("materialize", "--select", SELECTION, log="command")

    def begin_work(self):
        """Begin a run that has something to do: if all is made, of networks declared anew."""
        while True:
            run = self.begin()
            told = self.coordinator.wait_for_line("command", "Materialising", "Nothing to do")
            if told == "Materialising":
                return run
            self.coordinator.finish(run)
            self.declare_anew()

    def values(self):
        """The content of every object below the address of values, by its name."""
        client, found = self.services["store"].client(), {}
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for entry in page.get("Contents", ()):
                body = client.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"]
                found[entry["Key"].removeprefix("assets/")] = body.read()
        return found

    @contextmanager
    def instance(self):
        folder = str(self.coordinator.folder / "history")
        with dg.DagsterInstance.from_config(folder) as instance:
            yield instance

    def repeated(self):
        """Assets that a run made of the same though they were finished before it began."""
        found = []
        with self.instance() as instance:
            for key in instance.all_asset_keys():
                records = instance.fetch_materializations(key, limit=1000).records
                finished = None
                for record in reversed(records):
                    started = instance.get_run_record_by_id(record.run_id).start_time
                    tags = record.asset_materialization.tags
                    made_of = {name: tags[name] for name in tags if name.startswith(MADE_OF)}
                    if finished and finished[0] == made_of and started > finished[1]:
                        found.append(key.to_user_string())
                    finished = (made_of, record.timestamp)
        return found

    def wait_for_training(self):
        """Wait until the latest run has a network trained; by which machine it is."""
        self.coordinator.wait_for_line("command", "Materialising")
        gives_up = time.monotonic() + PATIENCE
        with self.instance() as instance:
            while time.monotonic() < gives_up:
                runs = instance.get_runs(dg.RunsFilter(created_after=self.begun))
                for entry in chain.from_iterable(
                    instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
                    for run in runs
                ):
                    event = entry.dagster_event
                    if re.search(r"Executing steps networks__\w+ in celery", event.message or ""):
                        metadata = event.engine_event_data.metadata
                        return self.workers[metadata["Celery worker"].value.partition("@")[0]]
                time.sleep(0.2)
        raise TimeoutError(self.coordinator.told("command"))
