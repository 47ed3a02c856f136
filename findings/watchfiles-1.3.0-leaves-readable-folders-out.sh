#!/usr/bin/env bash
# PyPI watchfiles 1.3.0 (notify, inotify on Linux), and uvicorn 0.54.0 with --reload, which sets the same option.
#
# `ignore_permission_denied=True` is documented to ignore errors about permission, and to raise them otherwise. A recursive
# watch sets up one watch a folder, and ends at the first folder where that fails. The option drops this error, so that all
# folders that would have come later are left out too: readable ones beside the unreadable one, in an order that the file
# system decides. Changes in them are never reported, and nothing is logged. Without the option the watch raises. The option
# drops other errors of the set-up as well, such as the limit of the system (fs.inotify.max_user_watches).
#
# Why it matters: one folder of another user, such as a volume of a container, below a folder that is watched, and a program
# that indexes agents' sessions sees some projects and not others, for as long as it runs. `uvicorn --reload` sets the option,
# and does not reload for most modules of a project with such a folder.
#
# Seen (which ones are left out differs):
#   without the option: PermissionError
#   with the option: changes reported in 1 of 20 readable folders
#   uvicorn's reloader: changes reported in 1 of 20 readable folders
#   without the unreadable folders: 20 and 20 of 20
set -eu
work=$(mktemp -d)
trap 'chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'watchfiles==1.3.0' 'uvicorn==0.54.0' >/dev/null 2>&1
cat >run.py <<'EOF'
import logging
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from uvicorn import Config
from uvicorn.supervisors.watchfilesreload import WatchFilesReload
from watchfiles import watch

READABLE = 20
# Files are written again and again: for so long where some are never reported, and at most so long until all are.
SECONDS, PATIENCE = 6, 60


def tree(has_unreadable):
    """A new folder with readable and, between them, unreadable ones; those that are readable."""
    root = Path(tempfile.mkdtemp())
    readable = []
    for number in range(READABLE):
        readable.append(root / f"project{number}")
        readable[-1].mkdir()
        if has_unreadable and number % 2:
            (root / f"volume{number}").mkdir(mode=0)
    return root, readable


def reported(readable, rounds, seconds):
    """In how many folders the files that are written are among the changed paths of some round."""
    is_enough = threading.Event()

    def write():
        while not is_enough.wait(0.3):
            for folder in readable:
                (folder / "main.py").write_text(f"# {time.monotonic()}")

    threading.Thread(target=write).start()
    seen = set()
    began = time.monotonic()
    for paths in rounds:
        seen.update(path.parent.name for path in paths if path.name == "main.py")
        if len(seen) == READABLE or time.monotonic() - began > seconds:
            break
    is_enough.set()
    return len(seen)


def watched(root, ignores):
    """The changed paths of each half second, by a watch."""
    options = {"rust_timeout": 500, "yield_on_timeout": True, "ignore_permission_denied": ignores}
    for changes in watch(root, **options):
        yield {Path(path) for _, path in changes}


def reloaded(root):
    """The same by the reloader of uvicorn."""
    os.chdir(root)
    reloader = WatchFilesReload(Config("main:app", reload=True), target=None, sockets=[])
    while True:
        yield {Path(path) for path in reloader.should_restart() or ()}


logging.disable()
root, readable = tree(True)
try:
    next(watched(root, False))
    without = "nothing"
except PermissionError:
    without = "PermissionError"
print(f"without the option: {without}")
partial = reported(readable, watched(root, True), SECONDS)
print(f"with the option: changes reported in {partial} of {READABLE} readable folders")
in_uvicorn = reported(readable, reloaded(root), SECONDS)
print(f"uvicorn's reloader: changes reported in {in_uvicorn} of {READABLE} readable folders")
root, readable = tree(False)
whole = reported(readable, watched(root, True), PATIENCE)
whole_in_uvicorn = reported(readable, reloaded(root), PATIENCE)
print(f"without the unreadable folders: {whole} and {whole_in_uvicorn} of {READABLE}")
is_as_described = without == "PermissionError" and max(partial, in_uvicorn) < READABLE
sys.exit(not (is_as_described and whole == whole_in_uvicorn == READABLE))
EOF
mkdir -m 777 tmp
export TMPDIR="$work/tmp"
# For root, everything is readable.
cat >as_nobody.py <<'EOF'
import os
import runpy

if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
runpy.run_path("run.py")
EOF
venv/bin/python as_nobody.py
