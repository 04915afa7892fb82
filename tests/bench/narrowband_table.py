"""The table and the wanted figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tests.bench.report import percentile

if TYPE_CHECKING:
    from tests.bench.narrowband_rows import Made, Result


class printed:
    """Lines of the table."""

    head = (
        f"{'clip':31} | {'twin kbit/s':>11} {'VMAF (5 %)':>13} {'NEG (5 %)':>13} | {'plain':>6} {'saved':>6} | "
        f"{'Nb1':>6} {'VMAF':>6} {'saved':>6} {'time':>5} | {'Nb2':>6} {'VMAF (5 %)':>13} {'NEG (5 %)':>13} {'saved':>6} {'forecast':>8} {'probes':>6} {'search':>6} {'÷plain':>6}"
    )

    @staticmethod
    def line(one: Result) -> str:
        """A row."""
        twin, plain, second = one.twin, one.baseline, one.second
        return (
            f"{one.row.name:31} | {twin.kbps:11.0f} {_score(twin.vmaf, twin.vmaf_low)} {_score(twin.neg, twin.neg_low)} | {plain.kbps:6.0f} {saved(one, plain):6.1%} | "
            f"{_first(one)} | "
            f"{second.kbps:6.0f} {_score(second.vmaf, second.vmaf_low)} {_score(second.neg, second.neg_low)} {saved(one, second):6.1%} {second.vmaf - second.forecast['vmaf']:+8.2f} "
            f"{second.probes:6} {second.search / twin.seconds:6.2f} {_share(one):6.2f}{' again' if second.again else ''} {second.reason}"
        )


def saved(one: Result, made: Made) -> float:
    """Share of the twin's bits."""
    return 1 - made.kbps / one.twin.kbps


def _score(mean: float, low: float) -> str:
    return f"{mean:6.2f} ({low:4.1f})"


def _first(one: Result) -> str:
    """Narrowband 1; its time, analysis and encode, against the twin's encode."""
    made = one.first
    if made is None:
        return f"{'–':>26}"
    return f"{made.kbps:6.0f} {made.vmaf:6.2f} {saved(one, made):6.1%} {(made.search + made.seconds) / one.twin.seconds:5.2f}"


def _share(one: Result) -> float:
    """Narrowband 2's search, encode and check against the bisection's time."""
    return (one.second.search + one.second.seconds + one.second.check) / one.baseline.search


def gap(made: Made) -> float:
    """How far NEG lies below VMAF."""
    return made.vmaf - made.neg


def wanted(results: Sequence[Result]) -> Iterator[tuple[bool, str]]:
    """(met, what) of every wanted figure."""
    if not results:
        return
    yield from _savings(results)
    yield from _scores(results)
    yield from _times(results)
    yield from _first_version([(one, one.first) for one in results if one.first is not None])
    larger = [one for one in results if max(made.kbps for made in (one.first, one.second) if made is not None) > one.twin.kbps]
    yield not larger, f"both: never larger than the twin{_names(larger)}"
    size = sum(one.second.kbps / one.baseline.kbps for one in results) / len(results)
    yield size <= 1.03, f"Narrowband 2 against the plain bisection: {size:.1%} of its size on average (wanted ≤ 103 %)"
    time = sum(one.second.search + one.second.seconds + one.second.check for one in results) / sum(one.baseline.search for one in results)
    yield time <= 0.5, f"Narrowband 2 against the plain bisection: {time:.0%} of its time (wanted ≤ 50 %)"


def _savings(results: Sequence[Result]) -> Iterator[tuple[bool, str]]:
    above = [one for one in results if one.twin.vmaf > 93]
    below = [one for one in results if one.twin.vmaf <= 93]
    for name, of in (("Narrowband 2", lambda one: one.second), ("plain bisection", lambda one: one.baseline)):
        for rows, least, where in ((above, 0.55, "where the twin is above 93"), (below, 0.12, "where it is not"), (results, 0.45, "over all")):
            if rows:
                mean = sum(saved(one, of(one)) for one in rows) / len(rows)
                yield (
                    mean >= least or name != "Narrowband 2",
                    f"{name}: mean saving {mean:.1%} {where} ({len(rows)} rows; wanted {least:.0%}{'' if name == 'Narrowband 2' else ' of Narrowband 2'})",
                )


def _scores(results: Sequence[Result]) -> Iterator[tuple[bool, str]]:
    short = [one for one in results if one.second.vmaf < one.goal - 0.3]
    yield not short, f"Narrowband 2: VMAF at least min(93, the twin's) − 0.3 in {len(results) - len(short)} of {len(results)} rows{_names(short)}"
    gamed = [one for one in results if gap(one.second) - gap(one.baseline) > 0.5]
    yield (
        not gamed,
        f"Narrowband 2: NEG not more than 0.5 further below VMAF than the plain encode's in {len(results) - len(gamed)} of {len(results)} rows{_names(gamed)}",
    )
    lower = [one for one in results if one.second.neg < min(93.0, one.twin.neg) - 0.8]
    yield not lower, f"  the same, read strictly: NEG at least min(93, the twin's) − 0.8 in {len(results) - len(lower)} of {len(results)} rows{_names(lower)}"
    plain = [one for one in results if one.baseline.neg < min(93.0, one.twin.neg) - 0.8]
    yield True, f"  and the plain bisection, for comparison: in {len(results) - len(plain)} of {len(results)} rows"
    far = [one for one in results if one.second.vmaf < one.goal - 1 and one.second.reason != "cap"]
    yield not far, f"Narrowband 2: no clip more than 1.0 below its goal{_names(far)}"
    if errors := [abs(one.second.vmaf - one.second.forecast["vmaf"]) for one in results if not one.second.again]:
        error = percentile(errors, 0.95)
        yield error <= 1.0, f"Narrowband 2: forecast error p95 {error:.2f} (wanted ≤ 1.0; {len(errors)} rows that were not encoded again)"


def _times(results: Sequence[Result]) -> Iterator[tuple[bool, str]]:
    all_encodes = sum(one.twin.seconds for one in results)
    cost = sum(one.second.search for one in results) / all_encodes
    shares = sorted(one.second.search / one.twin.seconds for one in results)
    each, middle = sum(shares) / len(shares), percentile(shares, 0.5)
    yield (
        max(cost, each) <= 0.6,
        f"Narrowband 2: search ÷ one full encode {cost:.0%} of all time, {each:.0%} mean of rows, {middle:.0%} the middle one (wanted ≤ 60 %)",
    )
    made = [one for one in results if one.second.certified]
    extra = sum(one.second.certified for one in made) / all_encodes
    yield True, f"  besides, for the certificate alone: the twin of {len(made)} rows, whose size is not to be believed, {extra:.0%} of all time"


def _first_version(rows: Sequence[tuple[Result, Made]]) -> Iterator[tuple[bool, str]]:
    if not rows:
        return
    mean = sum(saved(one, made) for one, made in rows) / len(rows)
    yield mean >= 0.3, f"Narrowband 1: mean saving {mean:.1%} (wanted ≥ 30 %)"
    all_encodes = sum(one.twin.seconds for one, _ in rows)
    over = sum(made.search + made.seconds for _, made in rows) / all_encodes
    analysis = sum(made.search for _, made in rows) / all_encodes
    yield over <= 1.15, f"Narrowband 1: analysis and encode {over:.0%} of the twin's encode time (wanted ≤ 115 %); the analysis alone {analysis:.0%}"
    off = [one for one, made in rows if made.vmaf < one.goal - 1 and made.reason != "cap"]
    yield not off, f"Narrowband 1: no clip more than 1.0 below its goal{_names(off)}"


def _names(rows: Sequence[Result]) -> str:
    return f": not {', '.join(one.row.name for one in rows)}" if rows else ""
