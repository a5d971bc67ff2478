"""Puts together what ``mileage me`` needs: logs, processors, prices and the index."""

from __future__ import annotations

import os
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mileage import __version__
from mileage.domain.quarter import DAY_MICROS
from mileage.wiring.collection import no_collection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mileage.domain.quarter import QuarterRow, Spans, Usage
    from mileage.ingest.local_changes import Changes
    from mileage.ingest.local_index import Known
    from mileage.store.personal import PersonalIndex, StoredFile
    from mileage.wiring.personal_logs import Logs

_ATTEMPTS = 3
_STRAIGHT = "read straight from the logs, without what was in deleted ones."
# A higher number has every log read anew, once: readers read more, or better. And
# Python reads compressed rollouts from 3.14 on.
_REVISION = 4
READERS = f"{__version__}.{_REVISION} {'zstd' if sys.version_info >= (3, 14) else ''}"


class Asking(NamedTuple):
    """Where to look, where the index is, and what for."""

    homes: Sequence[Path]
    environ: Mapping[str, str]
    file: Path | None = None
    """The index; None reads straight from the logs."""
    by: str = ""
    """What ``PersonalIndex.usage`` may leave out; '' nothing."""
    rebuild: bool = False
    """Read every file again; what was in deleted ones stays."""
    spans: Spans | None = None
    logs: Logs | None = None
    """If looking for them has begun already."""
    latest: int = 0
    """The last time that is believed, UTC microseconds; 0: a day from now."""
    quiet: bool = False
    """Leave it to the report to set a damaged index aside."""


class Answer(NamedTuple):
    """What was found."""

    usage: Usage
    remarks: tuple[str, ...]
    """Sentences about the index that a person should read."""
    finish: Callable[[], None]
    """To be called once the answer has been shown: the index lasts when it returns."""


def quarter_rows(
    homes: Sequence[Path],
    environ: Mapping[str, str],
    remark: Callable[[str], object] | None = None,
) -> Sequence[QuarterRow]:
    """Return everything that these homes' logs say, by quarter of an hour."""
    return usage_of(homes, environ, remark).rows


def usage_of(
    homes: Sequence[Path],
    environ: Mapping[str, str],
    remark: Callable[[str], object] | None = None,
) -> Usage:
    """Return what the logs below the homes say, in all detail, with the index.

    ``remark`` is told what a person should know of the answer, if there is anybody.
    """
    file = index_file(homes, environ)
    answer = answer_of(Asking(homes, environ, file, quiet=True))
    for said in finished(answer):
        if remark is not None:
            remark(said)
    return answer.usage


def finished(answer: Answer) -> tuple[str, ...]:
    """Make the index last, now that the answer was shown; return what to remark."""
    from mileage.domain.errors import Unavailable

    try:
        with no_collection():
            answer.finish()
    except Unavailable as error:
        return (*answer.remarks, f"{error}; the next run will read the logs again.")
    return answer.remarks


def roots_of(homes: Sequence[Path], environ: Mapping[str, str]) -> list[Path]:
    """Return where logs are looked for, whether or not anything is there."""
    from mileage.sources.local import looked_at

    return looked_at(homes, environ)


def index_file(homes: Sequence[Path], environ: Mapping[str, str]) -> Path:
    """Return where the index of these homes lies, whatever folders they name.

    ``MILEAGE_INDEX`` names a folder for all indexes, else it is the platform's own.
    One that was named after folders, as they all were once, gets its new name.
    """
    from mileage.sources.places import claude_code_log, codex_rollout

    file = _index_of(set(map(os.path.realpath, homes)))
    places = {
        os.path.realpath(root)
        for home in homes
        for roots in (claude_code_log, codex_rollout)
        for root in roots(home, environ)
    }
    with suppress(OSError):
        if not file.exists():
            _index_of(places).rename(file)
    return file


def _index_of(places: set[str]) -> Path:
    from mileage.domain.digest import blake2b

    name = "\n".join(sorted(places)).encode("utf-8", "surrogateescape")
    digest = blake2b(name, digest_size=8).hexdigest()
    return _index_folder() / f"me-{digest}.sqlite"


def _index_folder() -> Path:
    chosen = os.environ.get("MILEAGE_INDEX")
    if chosen:
        return Path(chosen)
    from platformdirs import user_data_dir

    try:
        return Path(user_data_dir("mileage", appauthor=False)) / "personal"
    except RuntimeError as error:
        from mileage.domain.errors import Invalid

        raise Invalid("your home folder is not known here: set HOME") from error


def answer_of(asking: Asking) -> Answer:
    """Read what has changed since the last time; without an index, everything."""
    from mileage.domain.errors import Unavailable

    asking = asking._replace(latest=asking.latest or _now() + DAY_MICROS)
    with no_collection():
        remarks: list[str] = []
        if asking.file is not None:
            try:
                answer = _by_index(asking, asking.file, remarks)
            except Unavailable as error:
                remarks.append(f"{error}; {_STRAIGHT}")
            else:
                if answer is not None:
                    return answer
                remarks.append(f"The index of your logs is busy; {_STRAIGHT}")
        return _straight(asking, tuple(remarks))


def _straight(asking: Asking, remarks: tuple[str, ...]) -> Answer:
    from mileage.ingest.local_changes import NOTHING_STORED, changes_of
    from mileage.ingest.local_difference import difference
    from mileage.ingest.local_index import usage_of
    from mileage.wiring.personal_logs import Logs

    logs = asking.logs or Logs(asking.homes, asking.environ)
    different = difference((), logs.found, {})
    costs = logs.costs()
    reads = logs.read(different, NOTHING_STORED, costs)
    changes = changes_of(different, reads, NOTHING_STORED, costs)
    usage = usage_of(changes, logs.names, asking.latest, asking.by)
    return Answer(usage, remarks, lambda: None)


def _now() -> int:
    return time.time_ns() // 1_000


def _by_index(asking: Asking, path: Path, remarks: list[str]) -> Answer | None:
    """Answer with the index; None if others changed it again and again meanwhile."""
    from mileage.store.personal import Corrupt, PersonalIndex, set_aside

    for attempt in range(_ATTEMPTS):
        try:
            index = PersonalIndex(path)
            try:
                last = attempt == _ATTEMPTS - 1
                answer = _Run(asking, index).answer(overtaken=last)
            except BaseException:
                index.close()
                raise
        except Corrupt:
            if asking.quiet:
                raise
            aside = set_aside(path)
            remarks.append(
                "The index of your logs could not be read and is built again; what it "
                f"knew of deleted logs is lost. It was kept as {aside}."
            )
            continue
        if answer is not None:
            return answer._replace(remarks=tuple(remarks))
        index.close()
        asking = asking._replace(logs=None)
    return None


def _beside(storing: Callable[[], None]) -> Callable[[], None]:
    """Begin to store; what is returned waits for its end, and fails as it did.

    Most of it is waiting for the disk, while the answer can be put into words.
    """
    from threading import Thread

    from mileage.domain.errors import Unavailable

    failures: list[Unavailable] = []

    def attempt() -> None:
        try:
            storing()
        except Unavailable as error:
            failures.append(error)

    thread = Thread(target=attempt)
    thread.start()

    def end() -> None:
        thread.join()
        for failure in failures:
            raise failure

    return end


class _Run:
    """One attempt to answer with an open index, and to bring it up to date."""

    def __init__(self, asking: Asking, index: PersonalIndex) -> None:
        self._asking = asking
        self._index = index
        self._for = asking.latest, asking.by, asking.spans

    def answer(self, *, overtaken: bool) -> Answer | None:
        """Return the answer, or None if the index was changed meanwhile.

        Whoever was ``overtaken`` again and again takes the answer of those who did it:
        they have read the same logs a moment ago.
        """
        from mileage.ingest.local_index import known_of, usage_in
        from mileage.wiring.personal_logs import price_version

        index, prices = self._index, price_version()
        with index.reading():
            known = known_of(index)
            logs = self._logs(known)
            new = known._replace(
                generation=known.generation + 1,
                prices=prices,
                fingerprint=logs.fingerprint(),
                version=READERS,
                places=logs.places(),
            )
            same = new[1:] == known[1:] or (overtaken and new.places == known.places)
            if same and not self._asking.rebuild:
                usage = usage_in(index, logs.names, *self._for)
                return Answer(usage, (), index.close)
            files = index.files()
        return self._changed(logs, files, known, new)

    def _logs(self, known: Known) -> Logs:
        """Return the logs as they were seen after whoever wrote the index saw them.

        Who had looked before would take for new what that run knows to be deleted.
        """
        from mileage.wiring.personal_logs import Logs

        begun = self._asking.logs
        if begun and not (
            known.generation and self._index.may_be_newer(begun.begun_at)
        ):
            return begun
        return Logs(self._asking.homes, self._asking.environ)

    def _changed(
        self, logs: Logs, files: list[StoredFile], known: Known, new: Known
    ) -> Answer | None:
        from mileage.wiring.personal_logs import load_decoder

        load_decoder()
        from mileage.ingest.local_changes import NOTHING_STORED, Stored, changes_of
        from mileage.ingest.local_difference import difference
        from mileage.ingest.local_index import usage_in, usage_of

        index, costs = self._index, logs.costs()
        anew = self._asking.rebuild or known.version != new.version
        different = difference(files, logs.found, logs.roots, anew=anew)
        stored = Stored(files, index.keys, index.content)
        reads = logs.read(different, stored, costs)
        if not files:
            # All that there is has just been read: show it, and only then store it.
            changes = changes_of(different, reads, NOTHING_STORED, costs)

            def later() -> None:
                with closing(index):
                    if self._begun(known):
                        self._store(changes, new)
                        index.commit()

            return Answer(usage_of(changes, logs.names, *self._for[:2]), (), later)
        if not self._begun(known):
            return None
        all_prices = known.prices != new.prices
        changes = changes_of(different, reads, stored, costs, all_prices=all_prices)
        self._store(changes, new)
        usage = usage_in(index, logs.names, *self._for)

        def last() -> None:
            with closing(index):
                index.commit()

        return Answer(usage, (), _beside(last))

    def _begun(self, known: Known) -> bool:
        """Take the lock; tell whether the index still is as it was read."""
        self._index.begin()
        settings = self._index.settings()
        return settings.get("generation", "0") == str(known.generation)

    def _store(self, changes: Changes, new: Known) -> None:
        from mileage.ingest.local_index import store

        store(self._index, changes)
        if any(read.may_pass for _, read in changes.files):
            # Nothing need change for the next run to find more.
            new = new._replace(fingerprint="")
        self._index.set({name: str(value) for name, value in new._asdict().items()})
