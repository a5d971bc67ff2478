"""Fuzz every parser with coverage as the guide: no exception, no hang, no flood.

    python soak/fuzz.py [--seconds 3600] [--only NAME …] [--workers 2] [--list]
                        [--state var/soak/fuzz] [--slice 300]

Every parser gets ``--seconds`` of the processor's time of its own, whatever else the
machine does, in slices: its corpus and the seconds it has had are kept in the state
directory, so an interrupted run goes on where it stopped. Seeds are in ``fuzz_seeds``.
After each slice the corpus is played again under ``tracemalloc``, and an input that
needs more than 64 MB fails. Whatever fails is kept under ``findings/`` with the command
that shows it again.

Needs ``atheris``, which exists for Linux up to Python 3.13 (``make soak`` installs
it); elsewhere this says so and fails.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from soak.fuzz_seeds import seeds

if TYPE_CHECKING:
    from mileage.domain.packed import FileCalls
    from mileage.domain.witness import Reading
    from mileage.sources.base import BucketSource, FileSource, LogSource
    from mileage.sources.otlp import Form, OtlpReader
    from mileage.sources.otlp_record import Signal

ROOT = Path(__file__).parents[1]
MOST_MEMORY = 64 * 2**20
MOST_SECONDS = 10
"""Of the processor's time for one input; more is a hang."""
ENDLESS = 600
"""Seconds by the clock for one input, after which libFuzzer ends it."""
LONGEST_INPUT = 64 * 1024
Parser = Callable[[bytes], None]


@dataclass(frozen=True)
class Args:
    """What the command line said."""

    seconds: int
    slice: int
    state: Path


def parsers() -> dict[str, Parser]:
    """Return every parser of input that others make, by name."""
    from mileage.sources import installed
    from mileage.sources.otlp import OtlpReader

    found: dict[str, Parser] = {}
    for source in installed.log_sources():
        read = _read_file if hasattr(source, "read_file") else _read_lines
        found[source.traits.name] = partial(read, source)
    reader = OtlpReader(installed.otlp_sources())
    for signal in ("logs", "metrics", "traces"):
        for form in ("protobuf", "json"):
            found[f"otlp-{signal}-{form}"] = partial(_read_body, reader, signal, form)
    ordinary = OtlpReader(installed.otlp_sources(), at_once=False)
    found["otlp-logs-columns"] = partial(_read_both_ways, reader, ordinary)
    found |= _tails()
    return {**found, **_inputs()}


def _tails() -> dict[str, Parser]:
    """Return the quick readers of transcripts and rollouts, which have two scanners."""
    from mileage.sources.claude_code_log import SOURCE as CLAUDE
    from mileage.sources.claude_code_rows import decoded
    from mileage.sources.claude_code_rows import scanned as claude_rows
    from mileage.sources.claude_code_tail import TranscriptTail
    from mileage.sources.codex_rollout import SOURCE as CODEX
    from mileage.sources.codex_rows import lines_of
    from mileage.sources.codex_rows import scanned as codex_rows
    from mileage.sources.codex_tail import RolloutTail

    def claude(data: bytes) -> None:
        tails = [
            TranscriptTail(CLAUDE.transcript("fuzz"), scan)
            for scan in (claude_rows, decoded)
        ]
        _agree(
            [
                (tail.take(data), _merged(tail.settled()), tail.rejected)
                for tail in tails
            ]
        )

    def codex(data: bytes) -> None:
        tails = [
            RolloutTail(CODEX.rollout("fuzz"), None, scan)
            for scan in (codex_rows, lines_of)
        ]
        _agree(
            [
                (
                    *(tail.take(data), tail.settled(), tail.rejected),
                    *(tail.open_calls(), tail.state()),
                )
                for tail in tails
            ]
        )

    return {"claude_code_log-tail": claude, "codex_rollout-tail": codex}


def _merged(calls: FileCalls) -> dict[int, tuple[object, ...]]:
    # What one scanner leaves to the decoder is told apart: whoever adds up merges it.
    from mileage.ingest.local_rows import merged

    found: dict[int, list[Any]] = {}
    for key, row in zip(calls.keys, calls.rows, strict=True):
        found.setdefault(key, []).append((calls.kinds[row[0]], row))
    calls_once = {key: merged(copies) for key, copies in found.items()}
    return {key: (kind, *row[1:]) for key, (kind, row) in calls_once.items()}


def _agree(readings: list[Any]) -> None:
    first, second = readings
    if first != second:
        raise AssertionError("the two scanners read different things")


def _inputs() -> dict[str, Parser]:
    """Return the parsers of input that is neither a log nor telemetry."""
    from mileage.ingest import people_csv, push_format
    from mileage.sources import cloudevents, litellm, openrouter_activity, rows_mapping

    def mapping(data: bytes) -> None:
        rows_mapping.parse_mapping(data.decode("utf-8", "replace"), "mapping.toml")

    def events(kind: str) -> Parser:
        headers = {"ce-id": "1", "ce-source": "/fuzz", "ce-specversion": "1.0"}
        headers |= {"ce-type": "ai.usage.call", "content-type": "application/json"}
        return lambda data: _check(
            [cloudevents.SOURCE.read_request(kind, headers, data)]
        )

    expected = {
        "people": partial(people_csv.parse_people, file="people.csv"),
        "pushed-witnesses": push_format.decode,
        "mapping": mapping,
        "litellm-callback": lambda data: _check([litellm.SOURCE.read_body(data)]),
        "cloudevents-batched": events(cloudevents.BATCHED),
        "cloudevents-structured": events(cloudevents.STRUCTURED),
        "cloudevents-binary": events(cloudevents.BINARY),
    }
    found = {name: partial(_refusing, parse) for name, parse in expected.items()}
    found["litellm-export"] = partial(_read_file, litellm.SOURCE, suffix=".json")
    found["openrouter-export"] = partial(_read_buckets, openrouter_activity.SOURCE)
    return found


def _refusing(parse: Callable[[bytes], Any], data: bytes) -> None:
    """Parse; the one refusal that callers expect is no finding."""
    from mileage.domain.errors import MileageError

    try:
        parse(data)
    except MileageError:
        return


def _read_lines(source: LogSource, data: bytes) -> None:
    _check(source.read(data.splitlines(keepends=True), "fuzz"))


def _read_file(source: FileSource, data: bytes, suffix: str = "") -> None:
    suffix = suffix or source.patterns()[0].rpartition("*")[2]
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        file = Path(folder) / f"fuzz{suffix}"
        file.write_bytes(data)
        _check(source.read_file(str(file), "fuzz"))
        if list(file.parent.iterdir()) != [file]:
            raise AssertionError("something is left beside the file that was read")


def _read_buckets(source: BucketSource, data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=_memory(), suffix=".json") as file:
        file.write(data)
        file.flush()
        source.read_buckets(file.name, "fuzz")


def _read_body(reader: OtlpReader, signal: Signal, form: Form, data: bytes) -> None:
    from mileage.domain.errors import Invalid

    try:
        _check([reader.read(signal, form, data)])
    except Invalid:
        return


def _read_both_ways(quick: OtlpReader, ordinary: OtlpReader, data: bytes) -> None:
    """Compare the scanner in C, where it was built, with what reads without it."""
    if _told(quick, data) != _told(ordinary, data):
        raise AssertionError("a body that is not read alike")


def _told(reader: OtlpReader, data: bytes) -> list[str]:
    """Return what a body says, whatever the order of its tables."""
    from mileage.domain.errors import Invalid

    try:
        reading = reader.read("logs", "protobuf", data)
    except Invalid as refusal:
        return [str(refusal)]
    _check([reading])
    rows = [reading.witnesses.rows(), reading.activities.rows(), reading.rejected]
    return [*sorted(repr(row) for part in rows for row in part), str(reading.ignored)]


def _check(readings: Iterable[Reading]) -> None:
    """Consume readings; rows must hold what their types say, and counts be counts."""
    for reading in readings:
        for witness in reading.witnesses.rows():
            if not all(type(n) is int and n >= 0 for n in witness.tokens):
                raise AssertionError("a count below zero, or none")
            if type(witness.occurred_at) is not int:
                raise AssertionError("a time that is no integer")
        for activity in reading.activities.rows():
            if type(activity.amount) is not int or activity.amount < 0:
                raise AssertionError("an amount that is none")


def _memory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


def fuzz(name: str, corpus: Path, findings: Path, seconds: int) -> None:
    """Run libFuzzer in this process; it leaves with its own exit code."""
    import atheris

    with atheris.instrument_imports(include=["mileage"]):
        parse = parsers()[name]
    flags = {
        "max_total_time": seconds,
        "timeout": ENDLESS,
        "max_len": LONGEST_INPUT,
        "rss_limit_mb": 2048,
        "print_final_stats": 1,
        "artifact_prefix": f"{findings}/",
    }
    options = [f"-{key}={value}" for key, value in flags.items()]
    atheris.Setup([sys.argv[0], *options, str(corpus)], partial(_in_time, parse))
    atheris.Fuzz()


def _in_time(parse: Parser, data: bytes) -> None:
    """Parse; what takes long because others have the processor is no hang."""
    began = process_time()
    parse(data)
    if process_time() - began > MOST_SECONDS:
        raise AssertionError("a hang")


def replay(name: str, files: Iterable[Path]) -> int:
    """Parse inputs again, measured; return the exit code."""
    parse = parsers()[name]
    most = 0
    tracemalloc.start()
    for file in files:
        data = file.read_bytes()
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        parse(data)
        used = tracemalloc.get_traced_memory()[1] - before
        if used > MOST_MEMORY:
            print(f"{file}: {used / 2**20:.0f} MB")
            return 1
        most = max(most, used)
    print(f"most memory {most / 2**20:.1f} MB")
    return 0


class Progress:
    """What one parser has had so far."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.corpus = folder / name / "corpus"
        self.findings = folder / name / "findings"
        self.log = folder / name / "log.txt"
        self._seconds = folder / name / "seconds"
        self.corpus.mkdir(parents=True, exist_ok=True)
        self.findings.mkdir(exist_ok=True)
        for number, data in enumerate(seeds(name)):
            (self.corpus / f"seed-{number}").write_bytes(data)

    @property
    def seconds(self) -> float:
        """Seconds of the processor's time behind it."""
        return float(self._seconds.read_text()) if self._seconds.exists() else 0.0

    def add(self, seconds: float) -> None:
        """Remember a finished slice."""
        self._seconds.write_text(str(self.seconds + seconds))


def run(args: Args, name: str) -> tuple[str, bool]:
    """Give one parser its seconds; return a line for the report and whether it held."""
    progress = Progress(args.state, name)
    while progress.seconds < args.seconds:
        left = min(args.slice, int(args.seconds - progress.seconds) + 1)
        code, used = _child(progress, "--fuzz", name, str(left))
        progress.add(used)
        if code or (code := _child(progress, "--replay", name)[0]):
            return f"{name}: FAILED (exit {code}), see {progress.log}", False
    count = len(list(progress.corpus.iterdir()))
    return f"{name}: {progress.seconds:.0f} s, {count} inputs, nothing found", True


def _child(progress: Progress, *arguments: str) -> tuple[int, float]:
    """Run one process; return its exit code and its seconds of processor time."""
    state = str(progress.corpus.parent)
    command = [sys.executable, __file__, *arguments, "--state", state]
    with progress.log.open("ab") as log:
        child = subprocess.Popen(command, stdout=log, stderr=log)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, usage.ru_utime + usage.ru_stime


def main() -> int:
    """Fuzz all parsers, several at once; return 1 when one failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--slice", type=int, default=300)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--state", type=Path, default=ROOT / "var/soak/fuzz")
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--fuzz", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--replay", help=argparse.SUPPRESS)
    given = parser.parse_args()
    folder = given.state
    if given.fuzz:
        name, seconds = given.fuzz
        fuzz(name, folder / "corpus", folder / "findings", int(seconds))
        return 0
    if given.replay:
        return replay(given.replay, sorted((folder / "corpus").iterdir()))
    if find_spec("atheris") is None:
        sys.exit("fuzz: atheris is not installed here; nothing was fuzzed")
    names = [name for name in parsers() if not given.only or name in given.only]
    if given.list:
        print("\n".join(names))
        return 0
    args = Args(given.seconds, given.slice, folder)
    held = True
    with ThreadPoolExecutor(given.workers) as pool:
        for line, good in pool.map(partial(run, args), names):
            print(line, flush=True)
            held &= good
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
