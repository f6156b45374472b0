"""A kit that releases machine-learning models."""

__version__ = "0.1.0"
