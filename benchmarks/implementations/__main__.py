"""Train the notebook's networks with one implementation, timed; the result is printed as JSON."""

import json
import time

import click

from benchmarks.evaluate import evaluate
from benchmarks.implementations import ENTRIES
from benchmarks.work import layers_to_logits, load_work


@click.command()
@click.argument("implementation", type=click.Choice(tuple(ENTRIES)))
def main(implementation: str) -> None:
    """Print, by network, the seconds and the last epoch of its training."""
    work = load_work()
    trainer = ENTRIES[implementation].make(work)
    seconds, trained = {}, {}
    for name, training in work.trainings.items():
        started = time.perf_counter()
        trained[name] = trainer.train(name, training)
        seconds[name] = time.perf_counter() - started
    test_part = work.test_part()  # only now, since the process's memory is measured too
    result = {
        name: {
            "seconds": seconds[name],
            "epochs": len(trained[name].epochs),
            **trained[name].epochs[-1]._asdict(),
            "test_accuracy": evaluate(
                layers_to_logits(training, work.classes), trained[name].weights, *test_part
            ),
        }
        for name, training in work.trainings.items()
    }
    click.echo(json.dumps(result))


if __name__ == "__main__":
    main()
