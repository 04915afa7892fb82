"""The library with very many media. ``python -m tests.bench.library NAME N`` fills a database of its own, searches it and prints the row."""

from __future__ import annotations

import datetime as dt
import os
import random
import sys
import time

from tests.bench.report import Row, ms, percentile

# (query, match): whole and partial words, Chinese, a number, what is rare, what nobody has, what everybody has, two words either way
QUERIES = (
    ("lighthouse", ""),
    ("ighthou", ""),
    ("灯塔", ""),
    ("塔", ""),
    ("clip-77123", ""),
    ("zzyzx", ""),
    ("mp4", ""),
    ("harbour 直播", ""),
    ("harbour 直播", "all"),
    ("interview mp4 2024", "all"),
)
WORDS = [
    "harbour",
    "interview",
    "mountain",
    "trailer",
    "festival",
    "concert",
    "lecture",
    "market",
    "garden",
    "winter",
    "summer",
    "river",
    "training",
    "product",
    "launch",
    "summary",
]
HAN = "管道视频双十一直播发布会产品介绍采访讲座音乐会城市夜景山川河流培训总结预告花园冬天夏日"


def fill(number: int) -> None:
    """Media with titles, descriptions, keys, tags and categories as a studio has them; one in a thousand is about a lighthouse."""
    from django.utils import timezone

    from console.lib.ids import new_id
    from media_assets.indexing import entry_of
    from media_assets.models import Category, Media, MediaEntry, Tag

    chance, now = random.Random(4), timezone.now()
    categories = [Category.objects.get_or_create(name=f"Shelf {i}")[0] for i in range(30)]
    tags = [Tag.objects.get_or_create(name=f"{WORDS[i % len(WORDS)]}-{i}")[0] for i in range(60)]
    through = Media.tags.through
    for start in range(0, number, 5000):
        rows, entries, links = [], [], []
        for i in range(start, min(number, start + 5000)):
            words = chance.sample(WORDS, 3)
            han = "".join(chance.choices(HAN, k=6)) + (" 灯塔" if i % 1000 == 7 else "")
            title = f"{' '.join(words)} {han}" + (" lighthouse" if i % 1000 == 500 else "")
            about = " ".join(chance.choices(WORDS, k=25)) + " " + "".join(chance.choices(HAN, k=20))
            row = Media(
                id=new_id(),
                title=title,
                description=about,
                bucket="input",
                key=f"20{chance.randrange(18, 26)}/{words[0]}/clip-{i}.mp4",
                info={"duration": chance.choice((20, 200, 2000, 5000)) * 1.0},
                category=chance.choice(categories),
                state=chance.choice(("published", "unpublished")),
            )
            row.created_at = row.updated_at = now - dt.timedelta(seconds=i)
            chosen = chance.sample(tags, 2)
            rows.append(row)
            entries.append(entry_of(row, chosen))
            links += [through(media_id=row.pk, tag_id=tag.pk) for tag in chosen]
        made = [row.created_at for row in rows]
        Media._meta.get_field("created_at").auto_now_add = False  # type: ignore[attr-defined]  # times of the past
        Media.objects.bulk_create(rows)
        assert [row.created_at for row in rows] == made
        MediaEntry.objects.bulk_create(entries)
        through.objects.bulk_create(links)


def measure(number: int, times: int = 12) -> list[Row]:
    """What the library page reads for each search: its rows with what they show, count and facets. Without network and template."""
    from django.db import connection

    from console.lib.paging import page
    from media_assets import library

    if connection.vendor == "postgresql":  # autovacuum would do it
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    taken: dict[str, list[float]] = {}
    for _ in range(times):
        for q, match in QUERIES:
            begun = time.monotonic()
            rows, _counts = library.searched(library.MediaFilter(q=q, match=match))
            found = library.media_of(page(rows))
            taken.setdefault(f"{q}{' (all)' if match else ''}", []).append(time.monotonic() - begun)
            assert bool(found.items) == (q != "zzyzx"), q
    seconds = [s for values in taken.values() for s in values[1:]]
    worst = max(taken, key=lambda q: percentile(taken[q][1:], 0.5))
    p95 = percentile(seconds, 0.95)
    value = f"p50 {ms(percentile(seconds, 0.5))}, p95 {ms(p95)}"
    note = f"rows, count and facets; slowest: «{worst}», p50 {ms(percentile(taken[worst][1:], 0.5))}"
    return [Row(f"library search, {number:,} media", value, "p95 ≤ 100 ms", p95 <= 0.1, note)]


def main(number: int) -> None:
    """In a database of its own, which goes away afterwards (SQLite: with its data folder)."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    lite = connection.vendor == "sqlite"
    if lite:
        call_command("migrate", verbosity=0)
        kept = ""
    else:
        kept = str(connection.settings_dict["NAME"])
        connection.settings_dict["TEST"]["NAME"] = f"{kept}_bench"  # not the one of a test run beside this
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        fill(number)
        for row in measure(number):
            print(row.what, row.value, row.budget, "ok" if row.kept else "over", row.note, sep="\t")
    finally:
        if not lite:
            connection.creation.destroy_test_db(kept, verbosity=0)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    main(int(sys.argv[2]))
