"""`python3 -m serving`: serve the model in MODEL_FOLDER until told to stop.

Exit codes: 0 stopped, all requests answered; 1 crashed, or requests were cut off; 2 a setting is wrong;
3 the model does not load, or the port cannot be opened.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from datetime import UTC, datetime
from functools import partial
from typing import NoReturn

from serving import logs
from serving.errors import StartError
from serving.settings import Settings


def main() -> int:
    """Return the exit code, once the server has ended."""
    for library in ("OMP", "OPENBLAS", "MKL"):  # read when numpy is imported; here requests run side by side
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    logs.configure(logging.INFO)
    try:
        settings = Settings.from_environment(os.environ)
        logs.configure(settings.log_level)
        return serve(settings)
    except StartError as error:
        logs.log(logging.ERROR, "cannot start", reason=str(error))
        return error.exit_code


def serve(settings: Settings) -> int:
    """Serve until a signal comes; what is wrong before the port is open raises StartError."""
    from serving.contract import Contract
    from serving.manifest import Manifest

    started = datetime.now(UTC)
    folder = settings.model_folder
    manifest, contract = Manifest.read(folder), Contract.read(folder)

    import uvicorn  # this and Starlette take most of the start: what is wrong already is told without them

    from serving.about import about
    from serving.app import make_app
    from serving.loading import load
    from serving.metrics import Metrics
    from serving.observed import Observed
    from serving.openapi import openapi
    from serving.server import Server, listening
    from serving.service import Service
    from serving.warned import Warned

    service = Service(settings.predict_threads, settings.max_waiting)
    metrics = Metrics(manifest, settings)
    metrics.in_flight.set_function(lambda: service.in_flight)
    app = make_app(
        service, metrics, settings, openapi(manifest, contract), about(manifest, settings, started)
    )
    config = uvicorn.Config(
        Observed(app, service, metrics),
        loop="asyncio",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # Each answer says which release gave it, so that a client's log can be traced as well.
        headers=[("x-release", settings.release)] if settings.release else [],
        proxy_headers=False,
        timeout_keep_alive=75,  # longer than a proxy keeps an idle connection, so that the proxy ends it
        timeout_graceful_shutdown=int(settings.stop_seconds),
    )
    warned = Warned(settings.log_messages)
    warned.take_over()
    load_it = warned.nothing_sent_yet()(
        partial(
            load, folder, manifest, contract, max_rows=settings.max_rows, check_answers=settings.check_answers
        )
    )
    server = Server(config, service, settings, load_it)
    server.run(sockets=[listening(settings.port)])
    return server.exit_code


def leave(code: int) -> NoReturn:
    """End the process with ``code``, also past a thread in which the model hangs."""
    others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    for thread in others:
        thread.join(0 if thread.daemon else 0.2)
    if any(thread.is_alive() and not thread.daemon for thread in others):
        logging.shutdown()
        os._exit(code)  # sys.exit would wait for it
    sys.exit(code)


if __name__ == "__main__":
    leave(main())
