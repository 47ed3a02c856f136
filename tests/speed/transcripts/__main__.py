"""Measures Reprise beside agentsview on one generated tree; `--alone` leaves agentsview out."""

import argparse
import contextlib
import json
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import tests.speed.transcripts
from tests.speed.figure import Figure, table
from tests.speed.transcripts.keepers import PORT, Agentsview, Keeper, Reprise
from tests.speed.transcripts.runs import MemorySampler, Requests, run, seconds_until
from tests.speed.transcripts.tree import read_manifest, write_tree

AGENTSVIEW = "agentsview==0.46.1"
_APPENDS = 7

Results = dict[str, float]
"""Figures by name; times in seconds, unless the name has another unit."""


def measured(keeper: Keeper, tree: Path, work: Path, rounds: int) -> Results:
    """All figures of one program on a copy of the tree."""
    home, data = work / "home", work / "data"
    shutil.copytree(tree, home)
    manifest = read_manifest(tree)
    environment = keeper.environment(home, data)
    costs = []
    for _ in range(rounds):
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir()
        costs.append(run(keeper.import_command(), environment))
    transcripts = sorted(home.glob(".claude/projects/*/*.jsonl"), key=lambda path: path.stat().st_size)
    size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    results = {
        "first import": median(cost.wall for cost in costs),
        "first import, CPU": median(cost.cpu for cost in costs),
        "first import, memory (MB)": max(cost.memory for cost in costs),
        "stored, of the input (ratio)": size / manifest["totals"]["bytes"],
        "import, nothing changed": median(run(keeper.import_command(), environment).wall for _ in range(5)),
    }
    taken = []
    for number in range(_APPENDS):
        append_prompt(transcripts[len(transcripts) // 2], f"appended{number}")
        taken.append(run(keeper.import_command(), environment).wall)
    results["import, one line appended"] = median(taken)
    with served(keeper, environment) as (requests, seconds, _):
        results["start to first answer"] = seconds
        # Rollouts without messages are not imported as sessions.
        every = keeper.count(requests)
        results |= answers(keeper, requests, transcripts, manifest["terms"])
        results["appended line can be read"] = watched(keeper, requests, transcripts)
    shutil.rmtree(data)
    data.mkdir()
    with served(keeper, environment) as (requests, seconds, sampler):
        results["empty database: first answer"] = seconds
        filling = seconds_until(lambda: keeper.count(requests) >= every, patience=900, pause=0.1)
        results["empty database: all sessions listed"] = seconds + filling
        results["empty database: memory (MB)"] = sampler.stop()
    return results


def answers(keeper: Keeper, requests: Requests, transcripts: list[Path], terms: dict[str, Any]) -> Results:
    """Median times of requests in ms. Raises RuntimeError when Reprise does not find what a search must find."""
    results = {
        "list of 50 (ms)": requests.milliseconds(*keeper.list_request()),
        "first 100 messages (ms)": requests.milliseconds(*keeper.messages_request(transcripts[-1].stem)),
    }
    for name, term in terms.items():
        query = f'"{term["query"]}"' if name == "phrase" else term["query"]
        request = keeper.search_request(query)
        results[f"search, {name} (ms)"] = requests.milliseconds(*request)
        missing = set(term["sessions"]) - keeper.found(requests.ask(*request))
        if missing and isinstance(keeper, Reprise):
            raise RuntimeError(f"A search for {query} did not find {missing}.")
        results[f"search, {name}: found (ratio)"] = 1 - len(missing) / max(1, len(term["sessions"]))
    return results


def watched(keeper: Keeper, requests: Requests, transcripts: list[Path]) -> float:
    """Median seconds until a line that an agent appends can be read."""
    taken = []
    for number in range(_APPENDS):
        path, mark = transcripts[number * 31 % len(transcripts)], f"watched{uuid.uuid4().hex}"
        time.sleep(0.5)
        append_prompt(path, mark)
        taken.append(seconds_until(lambda p=path, m=mark: m.encode() in keeper.last_message(requests, p.stem)))  # type: ignore[misc] # mypy cannot infer a lambda with defaults.
    return median(taken)


def append_prompt(path: Path, text: str) -> None:
    """Append a prompt as Claude Code would write it."""
    lines = [json.loads(line) for line in path.read_bytes().splitlines()[-20:]]
    last = next(line for line in reversed(lines) if "uuid" in line)
    line = {
        **{key: last[key] for key in ("cwd", "sessionId", "version", "gitBranch", "isSidechain")},
        "parentUuid": last["uuid"],
        "type": "user",
        "message": {"role": "user", "content": text},
        "uuid": str(uuid.uuid4()),
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
    }
    with path.open("ab") as file:
        file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")


@contextlib.contextmanager
def served(keeper: Keeper, environment: dict[str, str]) -> Iterator[tuple[Requests, float, MemorySampler]]:
    """A running server: its requests, the seconds to the first answer, and its memory."""
    began = time.perf_counter()
    process = subprocess.Popen(
        keeper.serve_command(), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    sampler = MemorySampler(process.pid)

    def answers_first() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"{keeper.name} did not start.")
        try:
            keeper.count(Requests(f"127.0.0.1:{PORT}"))
        except OSError:
            return False
        return True

    try:
        seconds_until(answers_first, patience=900)
        yield Requests(f"127.0.0.1:{PORT}"), time.perf_counter() - began, sampler
    finally:
        process.terminate()
        process.wait(60)


def installed(folder: Path) -> Agentsview:
    """Install agentsview from PyPI."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin/pip", "install", "--quiet", AGENTSVIEW], check=True)
    return Agentsview(folder)


def parse_speed(tree: Path) -> float:
    """Seconds of CPU that CPython takes to read every line with `json.loads`."""
    began = time.process_time()
    for path in tree.rglob("*.jsonl"):
        with path.open("rb") as file:
            for line in file:
                json.loads(line)
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=2_000)
    parser.add_argument("--rollouts", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--traffic", action="store_true", help="with the lines that log requests to the model")
    parser.add_argument("--alone", action="store_true", help="without agentsview")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        write_tree(tree, given.sessions, given.rollouts, logs_traffic=given.traffic)
        totals = read_manifest(tree)["totals"]
        parsing = parse_speed(tree)
        ours = measured(Reprise(), tree, Path(folder, "ours"), given.rounds)
        theirs = {}
        if not given.alone:
            theirs = measured(installed(Path(folder, "peer")), tree, Path(folder, "theirs"), given.rounds)
        print(tests.speed.transcripts.__doc__)
        print(f"{totals['files']:,} files, {totals['lines']:,} lines, {totals['bytes'] / 1e6:,.0f} MB")
        print(f"First import, CPU in multiples of json.loads: {ours['first import, CPU'] / parsing:.1f}")
        print(
            table({"Reprise and agentsview": [_figure(name, value, theirs.get(name)) for name, value in ours.items()]})
        )


def _figure(name: str, ours: float, theirs: float | None) -> Figure:
    is_found = name.endswith("found (ratio)")
    ratio = None if theirs is None or ours == 0 else (ours / theirs if is_found and theirs else theirs / ours)
    return Figure(name, "", ours, theirs, ratio)


if __name__ == "__main__":
    main()
