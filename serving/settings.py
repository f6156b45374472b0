"""What the environment may set, read once at the start."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from serving.errors import SettingError

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of the server; `README.md` beside this file has the table."""

    port: int
    model_folder: Path
    release: str | None
    image: str | None
    kit: str | None
    log_level: int
    log_messages: bool
    check_answers: bool
    predict_threads: int
    max_waiting: int
    max_body_bytes: int
    max_rows: int
    body_seconds: float
    drain_seconds: float
    stop_seconds: float

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Return the settings in ``environment``; a value that cannot be meant is a SettingError."""
        level = environment.get("LOG_LEVEL", "INFO").upper()
        if level not in LEVELS:
            raise SettingError(f"LOG_LEVEL is {level!r}, expected one of {', '.join(LEVELS)}")
        return cls(
            port=_whole(environment, "PORT", 8080, least=0, most=65535),
            model_folder=Path(environment.get("MODEL_FOLDER", "/opt/model")),
            release=_header(environment, "RELEASE_ID"),
            image=environment.get("IMAGE_DIGEST") or None,
            kit=environment.get("KIT_VERSION") or None,
            log_level=logging.getLevelNamesMapping()[level],
            log_messages=_whole(environment, "LOG_MESSAGES", 0, least=0, most=1) == 1,
            check_answers=_whole(environment, "CHECK_ANSWERS", 1, least=0, most=1) == 1,
            predict_threads=_whole(environment, "PREDICT_THREADS", 4, least=1, most=256),
            max_waiting=_whole(environment, "MAX_WAITING", 128, least=1, most=100_000),
            max_body_bytes=_whole(environment, "MAX_BODY_BYTES", 1 << 20, least=1, most=1 << 30),
            max_rows=_whole(environment, "MAX_ROWS", 1000, least=1, most=1_000_000),
            body_seconds=_seconds(environment, "BODY_SECONDS", 10),
            drain_seconds=_seconds(environment, "DRAIN_SECONDS", 0),
            stop_seconds=_seconds(environment, "STOP_SECONDS", 20),
        )


def _header(environment: Mapping[str, str], name: str) -> str | None:
    text = environment.get(name) or None
    if text and not (text.isascii() and text.isprintable()):
        raise SettingError(f"{name} is {text!r}, expected printable ASCII: every answer has it in a header")
    return text


def _whole(environment: Mapping[str, str], name: str, default: int, *, least: int, most: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most):
        raise SettingError(f"{name} is {text!r}, expected a whole number from {least} to {most}")
    return int(text)


def _seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name) or str(default)
    whole, _, part = text.partition(".")
    if not (text.isascii() and whole.isdigit() and (part or "0").isdigit() and float(text) <= 3600):
        raise SettingError(f"{name} is {text!r}, expected seconds from 0 to 3600")
    return float(text)
