"""Train the tweets model: `python train.py --out models v1 v2`, or every variant when none is named."""

import argparse
import sys
from pathlib import Path

from estimators import Recipe, Trained, trained
from folder import HERE, write_folder
from tweets import SOURCE, read_tweets, split
from variants import VARIANTS


def train(out: Path, names: list[str]) -> dict[str, float]:
    """Make the folder `out/<name>` of each variant; returns the accuracies on the test part."""
    training, test = split(read_tweets(HERE / SOURCE))
    shared: dict[Recipe, Trained] = {}
    accuracies = {}
    for name in names:
        variant = VARIANTS[name]
        if variant.recipe not in shared:
            shared[variant.recipe] = trained(variant.recipe, training, test)
        accuracies[name] = write_folder(variant, shared[variant.recipe], training, test, out / name)
        print(f"{out / name}: accuracy {accuracies[name]:.4f} on {len(test)} tweets", flush=True)
    return accuracies


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and train; 2 on misuse, as argparse has it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="where the model folders go"
    )
    parser.add_argument(
        "variants", nargs="*", metavar="VARIANT", help=f"of {', '.join(VARIANTS)}; default: all"
    )
    options = parser.parse_args(arguments)
    unknown = [name for name in options.variants if name not in VARIANTS]
    if unknown:
        parser.error(f"no variant is called {', '.join(unknown)}; there are {', '.join(VARIANTS)}")
    try:
        train(options.out, options.variants or list(VARIANTS))
    except FileExistsError as error:
        parser.error(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
