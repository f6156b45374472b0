"""Waivers that a plan may not carry."""

from collections.abc import Iterable
from datetime import date

from ci_steps.errors import InputError
from ci_steps.model.verdict import LONGEST_WAIVER, Waiver


def refuse_long_waivers(waivers: Iterable[Waiver], today: date) -> None:
    """Refuse a waiver for longer than a year: it would cover nothing."""
    for waiver in waivers:
        if wrong := waiver.too_long(today):
            where = f"{waiver.where}: " if waiver.where else ""
            raise InputError(
                f"{where}{wrong}", hint=f"let it end, until {today + LONGEST_WAIVER} at the latest"
            )
