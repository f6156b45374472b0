"""Run the benchmarks and print what they saw: `python -m tests.bench [WHICH]`."""

from collections.abc import Callable, Mapping

import click

from tests.bench import build, fetch, metrics, release, shelf, startup
from tests.bench.table import RESULTS, Section, write

_ROUNDS = {"startup": 15, "metrics": 3, "build": 5, "release": 3, "fetch": 3, "shelf": 5}


@click.command()
@click.argument("which", nargs=-1, type=click.Choice(list(_ROUNDS)))
@click.option("--rounds", type=click.IntRange(1), help=f"Rounds of each; without it {_ROUNDS}.")
@click.option("--sizes", default="1,100,1000", show_default=True, help="Model sizes in MB, for build.")
@click.option("--write", "writes", is_flag=True, help=f"Put the tables into {RESULTS.name}.")
def main(which: tuple[str, ...], rounds: int | None, sizes: str, *, writes: bool) -> None:
    """Measure; the exit code says nothing of the goals, the table does."""
    megabytes = tuple(int(size) for size in sizes.split(","))
    measure: Mapping[str, Callable[[int], Section]] = {
        "startup": startup.measured,
        "metrics": metrics.measured,
        "build": lambda count: build.measured(count, megabytes),
        "release": release.measured,
        "fetch": fetch.measured,
        "shelf": shelf.measured,
    }
    for name in which or _ROUNDS:
        section = measure[name](rounds or _ROUNDS[name])
        click.echo(f"{section}\n")
        if writes:
            write([section])


if __name__ == "__main__":
    main()
