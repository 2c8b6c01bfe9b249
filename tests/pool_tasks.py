"""What the worker processes of the tests do; they have to import it."""

from __future__ import annotations

import os
import signal
import time

from pipeline.errors import OutputError


def start_worker(mode="works"):
    if mode == "raises":
        raise OutputError("no start")
    if mode == "dies":
        os._exit(3)


def do_task(task):
    if task == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "hang":
        time.sleep(600)
    if task == "raise":
        raise ValueError("bad task")
    return task * 2
