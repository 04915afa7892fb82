"""Signed calls of the SDKs' kind: how many a second one web process answers, and how long a submission takes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import os
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from tests.bench.report import Row, ms, percentile
from tests.bench.work import tree
from tests.server import KEY_ID, SECRET, Server

MPS, IMM = "2014-06-18", "2020-09-30"
CLIENTS, SECONDS = 4, 6.0


def signed(version: str, action: str, **params: str) -> str:
    """Target of a call signed with HMAC-SHA1."""
    every = {
        **params,
        "Action": action,
        "Version": version,
        "Format": "JSON",
        "AccessKeyId": KEY_ID,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    canonical = "&".join(f"{_q(name)}={_q(value)}" for name, value in sorted(every.items()))
    text = f"POST&%2F&{_q(canonical)}"
    every["Signature"] = base64.b64encode(hmac.new(f"{SECRET}&".encode(), text.encode(), hashlib.sha1).digest()).decode()
    return "/?" + urlencode(every)


def call(link: http.client.HTTPConnection, version: str, action: str, **params: str) -> Any:
    """Send one; its JSON. Raises AssertionError for a refusal."""
    link.request("POST", signed(version, action, **params))
    answer = link.getresponse()
    text = answer.read()
    assert answer.status == 200, text
    return json.loads(text)


def measure_dialects(server: Server) -> Iterator[Row]:
    """Against a server whose sample job is done; one web process, idle workers for the questions."""
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    pipeline = call(link, MPS, "SearchPipeline")["PipelineList"]["Pipeline"][0]["Id"]
    template = next(row["id"] for row in server.api("/templates?limit=100")[1]["items"] if row["name"] == "mp4-h264-360p")
    source = json.dumps({"Bucket": "input", "Location": "oss-cn-hangzhou", "Object": "sample%2Fflower.mp4"})
    server.api(f"/pipelines/{pipeline}", method="PATCH", body={"state": "Paused"})
    took, ids = [], []
    for number in range(60):
        outputs = json.dumps([{"OutputObject": f"bench%2F{number}.mp4", "TemplateId": template}])
        begun = time.monotonic()
        answer = call(link, MPS, "SubmitJobs", Input=source, OutputBucket="output", OutputLocation="oss-cn-hangzhou", Outputs=outputs, PipelineId=pipeline)
        took.append(time.monotonic() - begun)
        ids += [row["Job"]["JobId"] for row in answer["JobResultList"]["JobResult"]]
    assert len(ids) == len(took)
    p95 = percentile(took[5:], 0.95)
    yield Row("SubmitJobs of one output, signed", f"p50 {ms(percentile(took[5:], 0.5))}, p95 {ms(p95)}", "p95 ≤ 60 ms", p95 <= 0.06)
    call(link, IMM, "CreateProject", ProjectName="bench")
    call(link, IMM, "AttachOSSBucket", ProjectName="bench", OSSBucket="input")
    target = json.dumps([{"URI": "oss://output/bench-imm.mp4", "Container": "mp4", "Video": {"TranscodeVideo": {"Codec": "h264"}}}])
    task = call(link, IMM, "CreateMediaConvertTask", ProjectName="bench", Sources=json.dumps([{"URI": "oss://input/sample/flower.mp4"}]), Targets=target)[
        "TaskId"
    ]
    asked = {
        "GetTask": (IMM, {"ProjectName": "bench", "TaskType": "MediaConvert", "TaskId": task}),
        "QueryJobList": (MPS, {"JobIds": ids[0]}),
    }
    time.sleep(5)  # the task ends
    for action, (version, params) in asked.items():
        rate, processor = _rate(server, version, action, params)
        what = f"{action}, signed, {CLIENTS} connections, one web process"
        yield Row(what, f"{rate:.0f}/s", "≥ 150/s", rate >= 150, f"{ms(processor)} of processor each")
    link.close()  # it was idle for longer than the server keeps a connection
    for job_id in ids:
        call(link, MPS, "CancelJob", JobId=job_id)
    server.api(f"/pipelines/{pipeline}", method="PATCH", body={"state": "Active"})
    link.close()


def _processor(server: Server) -> float:
    """Seconds of processor that the server's processes have used; only its web process works here."""
    assert server.process is not None
    ticks = 0
    for pid in tree(server.process.pid):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _rate(server: Server, version: str, action: str, params: dict[str, str]) -> tuple[float, float]:
    """Answers a second over some seconds, and seconds of processor for each."""
    done, before = [0] * CLIENTS, _processor(server)
    begun = time.monotonic()

    def ask(number: int) -> None:
        link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        while time.monotonic() - begun < SECONDS:
            call(link, version, action, **params)
            done[number] += 1
        link.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.monotonic() - begun), (_processor(server) - before) / sum(done)


def _q(text: str) -> str:
    return quote(text, safe="-_.~")
