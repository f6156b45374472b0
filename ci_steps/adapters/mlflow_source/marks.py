"""By what artifacts behind the proxy are known: MLflow keeps no checksum, but its proxy may give an ETag."""

from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec
import requests

from ci_steps.adapters.pool import Pool
from ci_steps.adapters.rest import reason, session
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.sourced import SourceFile
from ci_steps.ports import ChangedError, Request

_TIMEOUT = (10, 60)
_AT_ONCE = 8
_MOST = 256
"""Of more files the names and sizes must do: each is asked for by itself."""
_LATER = "see that it runs, and try again"


def marked(files: tuple[SourceFile, ...], whole: Callable[[SourceFile], Request]) -> tuple[SourceFile, ...]:
    """Return the files with their marks, or as they are where the proxy has none that stay.

    It gives ETags of files that lie with it, by their time and size. Of what lies behind it, as in a bucket,
    it gives none, and fetches the whole for each look; so one small file is looked at before the others.
    """
    filled = [file for file in files if file.size]
    if not filled or len(files) > _MOST:
        return files
    small = min(filled, key=lambda file: file.size)
    mark = mark_of(small, whole(small))
    if not mark or mark != mark_of(small, whole(small)):
        return files
    with Pool(_AT_ONCE) as pool:
        marks = pool.map(lambda file: mark_of(file, whole(file)), files)
        return tuple(
            msgspec.structs.replace(file, mark=mark) for file, mark in zip(files, marks, strict=True)
        )


def mark_of(file: SourceFile, asked: Request) -> str:
    """Return the ETag of a file as it is now; empty where there is none."""
    if not file.size:
        return ""  # nothing of it can be asked for, and its size says all
    where = f"the MLflow server at {urlsplit(asked.url).hostname}"
    headers = {**asked.headers, "Range": "bytes=0-0", "Accept-Encoding": "identity"}
    try:
        with (
            session() as asking,
            asking.get(
                asked.url,
                headers=headers,
                stream=True,
                timeout=_TIMEOUT,
                allow_redirects=False,
                auth=lambda request: request,  # else requests would put ~/.netrc over our header
            ) as answer,
        ):
            status, etag = answer.status_code, answer.headers.get("ETag", "")
    except requests.RequestException as error:
        raise OutsideError(f"{where} does not give {file.path}: {reason(error)}", hint=_LATER) from error
    if status == 404:
        raise ChangedError(f"{file.path} is not there any more", hint="restore it, or plan again")
    if status in {401, 403}:
        raise InputError(
            f"{file.path} is not given to us: HTTP {status}",
            hint="see to the credentials, and who may read it",
        )
    if status >= 400 and status != 416:  # says nothing of the file, least of all that it changed
        raise OutsideError(f"{where} does not give {file.path}: HTTP {status}", hint=_LATER)
    return etag if status == 206 and not etag.startswith("W/") else ""
