"""The jobs page with very many finished jobs. ``python -m tests.bench.pages N`` fills the database of the environment; the rest runs against a server."""

from __future__ import annotations

import http.cookiejar
import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request

from tests.bench.report import Row, ms, percentile
from tests.server import PASSWORD, ROOT, Server

QUERIES = ["", "?state=failed", "?state=succeeded&kind=transcode", "?source=sample", "?pipeline=default&state=failed", "?q=clip-77"]


def fill(rows: int) -> None:
    """Finished jobs with one output each, copied in the database itself from one real job; every hundredth failed."""
    import django

    django.setup()
    from django.db import connection

    from jobs.models import Job, Output

    def columns(model: type, changed: dict[str, str]) -> tuple[str, str]:
        names = [f.column for f in model._meta.concrete_fields]  # type: ignore[attr-defined]
        return ", ".join(f'"{n}"' for n in names), ", ".join(changed.get(n, f't."{n}"') for n in names)

    lite = connection.vendor == "sqlite"
    number = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)" if lite else "WITH n(i) AS (SELECT generate_series(1, %s))"
    job_id = "printf('%%032x', n.i)" if lite else "lpad(to_hex(n.i), 32, '0')"
    output_id = "printf('f%%031x', n.i)" if lite else "'f' || lpad(to_hex(n.i), 31, '0')"
    at = "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '-' || n.i || ' seconds')" if lite else "now() - n.i * interval '1 second'"
    state = "CASE WHEN n.i % 100 = 0 THEN 'failed' ELSE 'succeeded' END".replace("%", "%%")
    code = "CASE WHEN n.i % 100 = 0 THEN 'EncodeFailed' ELSE '' END".replace("%", "%%")
    real = Job.objects.filter(outputs__isnull=False).order_by("created_at")[0]
    first = Output.objects.filter(job=real)[0]
    key = "'films/clip-' || n.i || '.mp4'"
    job = columns(
        Job, {"id": job_id, "state": state, "code": code, "created_at": at, "started_at": at, "finished_at": at, "idempotency_key": "''", "input_key": key}
    )
    output = columns(Output, {"id": output_id, "job_id": job_id, "state": state, "key": key})
    with connection.cursor() as cursor:
        for model, (names, values), source in ((Job, job, real), (Output, output, first)):
            table = model._meta.db_table
            cursor.execute(f'INSERT INTO "{table}" ({names}) {number} SELECT {values} FROM n, "{table}" t WHERE t.id = %s', [rows, source.pk])  # noqa: S608  our own names
        if not lite:  # autovacuum would do it; SQLite's planner works without figures, as in the product
            cursor.execute("ANALYZE")


def measure_jobs_page(server: Server, rows: int, times: int = 10) -> Row:
    """Fill, sign in, then load the page in several ways."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.pages", str(rows)], cwd=ROOT, env=server.environment, capture_output=True, text=True, check=False, timeout=1800
    )
    assert done.returncode == 0, done.stderr[-2000:]
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    form = opener.open(f"{server.base}/console/login/", timeout=30).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token
    data = urllib.parse.urlencode({"username": "admin", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}).encode()
    opener.open(urllib.request.Request(f"{server.base}/console/login/", data, headers={"Referer": server.base}), timeout=30)
    taken: dict[str, list[float]] = {}
    for _ in range(times + 1):
        for query in QUERIES:
            begun = time.monotonic()
            body = opener.open(f"{server.base}/console/jobs/{query}", timeout=60).read()
            taken.setdefault(query, []).append(time.monotonic() - begun)
            assert b"<table" in body
    seconds = [s for values in taken.values() for s in values[1:]]
    worst = max(taken, key=lambda q: percentile(taken[q][1:], 0.5))
    p95 = percentile(seconds, 0.95)
    return Row(
        f"jobs page with {rows:,} finished jobs, {len(seconds)} loads",
        f"p50 {ms(percentile(seconds, 0.5))}, p95 {ms(p95)}",
        "p95 ≤ 100 ms",
        p95 <= 0.1,
        f"slowest: «{worst}»",
    )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    fill(int(sys.argv[1]))
