"""Painting an archive: what is left of it, here or on many machines, with a journal and a bar."""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Any

from tqdm import tqdm

from fastnst.archives.journal import Journal, Outcome
from fastnst.archives.listing import Item, Listing, in_chunks
from fastnst.archives.places import is_address, place
from fastnst.archives.worker import Worker
from fastnst.machine import UserError

CHUNK = 16  # files given to a worker at once; a shard is given alone

MOST_FAILURES = 1000  # in succession: credentials that have run out, a drive that is not there

Unit = list[Item]
Spread = Callable[[Worker, Iterator[Unit]], Iterator[list[Outcome]]]


def paint_archive(
    worker: Worker,
    listing: Listing,
    journal: Journal | None,
    *,
    skip_existing: bool,
    spread: Spread | None = None,
) -> int:
    """Paint all files of a listing, each once, and say what could not be painted.

    Args:
        worker: paints them.
        listing: of the files, checked for where the results go.
        journal: of what was done before, which is left out, and of what is done now.
        skip_existing: leave out what is there already, as files appear whole.
        spread: has units painted by workers elsewhere; None paints them here.

    Returns:
        How many pictures could not be painted, before or now.

    Raises:
        UserError: if there is nothing to paint, a place of files does not answer, or what is wrong
            is no fault of the files.
    """
    counts: Counter[str] = Counter()
    with tqdm(unit="file", smoothing=0.05) as bar:
        _count_beside(listing, bar)
        units = _units(_left(worker, listing, journal, skip_existing, counts, bar))
        painted = _here(worker, units) if spread is None else spread(worker, units)
        for outcome in _believed(painted):
            if journal is not None:
                journal.add(outcome)
            _tell(outcome, bar)
            counts["painted"] += outcome.error is None
            counts["skipped"] += outcome.skipped
            bar.update()
    if not counts.total() and listing.part.parts == 1:
        raise UserError(f"There are no images in {', '.join(listing.inputs)}, nor videos.")
    if journal is not None:
        place(worker.output).tidy()
    _sum_up(counts)
    return counts["skipped"] + counts["skipped before"]


def _left(
    worker: Worker,
    listing: Listing,
    journal: Journal | None,
    skip_existing: bool,
    counts: Counter[str],
    bar: "tqdm[Any]",
) -> Iterator[Item]:
    """What there is to paint, counting the rest."""
    for item in listing.items():
        target = worker.target(item)
        before = None if journal is None else journal.skipped(target)
        if before is not None:
            counts["before"] += 1
            counts["skipped before"] += before
        elif skip_existing and worker.is_there(item):
            if journal is not None:
                journal.add(Outcome(item.source, target))
            counts["there"] += 1
        else:
            yield item
            continue
        bar.update()


def _units(items: Iterator[Item]) -> Iterator[Unit]:
    for chunk in in_chunks(items, CHUNK):
        if loose := [item for item in chunk if not item.is_shard]:
            yield loose
        yield from ([item] for item in chunk if item.is_shard)


def _here(worker: Worker, units: Iterator[Unit]) -> Iterator[list[Outcome]]:
    for unit in units:
        for outcome in worker.paint(unit):
            yield [outcome]


def _believed(painted: Iterator[list[Outcome]]) -> Iterator[Outcome]:
    """Outcomes; but of so many failures in succession none is told, that they are tried again."""
    failures: list[Outcome] = []
    for outcome in chain.from_iterable(painted):
        if outcome.error is None:
            yield from failures
            failures.clear()
            yield outcome
            continue
        failures.append(outcome)
        if len(failures) == MOST_FAILURES:
            raise UserError(
                f"The last {MOST_FAILURES} files could not be painted, so that something else than "
                f"they may be wrong: {outcome.error}"
            )
    yield from failures


def _count_beside(listing: Listing, bar: "tqdm[Any]") -> None:
    """Find out how many files there are while the first are painted, for the time left."""

    def count() -> None:
        with suppress(UserError, OSError):  # the listing that is painted says so
            bar.total = sum(1 for _ in listing.items())

    if any(map(is_address, listing.inputs)):  # takes as long as all that is done there
        return
    # at the end nobody waits for it
    threading.Thread(target=count, daemon=True).start()


def _tell(outcome: Outcome, bar: "tqdm[Any]") -> None:
    if outcome.error is not None:
        bar.write(f"skipped: {outcome.error}", file=sys.stderr)
    if outcome.remark is not None:
        bar.write(f"{outcome.source}: {outcome.remark}", file=sys.stderr)
    for name, error in (outcome.failed or {}).items():
        bar.write(f"skipped: {outcome.source}: {name}: {error}", file=sys.stderr)


def _sum_up(counts: Counter[str]) -> None:
    if counts["before"]:
        failed = counts["skipped before"]
        print(f"{counts['before']} done before" + (f", {failed} of them skipped" if failed else ""))
    if counts["there"]:
        print(f"{counts['there']} there already")
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['painted']} painted{skipped}")
