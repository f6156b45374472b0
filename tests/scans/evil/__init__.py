"""Malicious files, each made by code, by family."""

from importlib import import_module

from tests.scans.evil.specimen import Evil

FAMILIES = {
    "pickle opcodes": "pickles",
    "pickle gadgets": "gadgets",
    "joblib": "joblibs",
    "numpy": "arrays",
    "archives": "archives",
    "torch": "torches",
    "keras and HDF5": "layers",
    "skops": "nodes",
    "graphs and tensors": "graphs",
    "settings": "settings",
    "code": "code",
    "in disguise": "disguises",
}


def every() -> dict[str, list[Evil]]:
    """Return all files of each family; no two of a family have the same name."""
    return {
        family: import_module(f"tests.scans.evil.{module}").files() for family, module in FAMILIES.items()
    }
