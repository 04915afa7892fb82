"""Signatures, purely: what the SDKs sent is believed to the letter, and one flipped bit anywhere is not.

vectors/signed.json holds requests as the SDKs' own code wrote them onto the wire, signed with the secret below.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.dialects.call import OssRefusal, Refusal
from jobs.dialects.door_facts import FORM
from jobs.dialects.door_oss import _claim as oss_claim
from jobs.dialects.signing import acs3, oss1, rpc
from jobs.dialects.signing.claim import SKEW, Claim, moment
from jobs.dialects.signing.facts import Facts, decoded, encoded, joined, pairs

SECRET = "vector-secret"
VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "vectors" / "signed.json").read_text())


def facts_of(vector: dict[str, Any], target: str = "", headers: list[list[str]] | None = None, body: str | None = None) -> Facts:
    path, _mark, query = (target or vector["target"]).partition("?")
    rows = dict(headers or vector["headers"])
    text = vector["body"] if body is None else body
    form = pairs(text) if rows.get("content-type", "").startswith(FORM) else ()
    key = vector.get("key", "")
    if key:
        place = decoded(path.removeprefix("/"))
        bucket, _slash, key = place.partition("/")
    else:
        bucket = decoded(path.removeprefix("/")).rstrip("/")
    return Facts(vector["method"], path, pairs(query), rows, form, hashlib.sha256(text.encode("latin-1")).hexdigest(), bucket, key)


def claim_of(vector: dict[str, Any], facts: Facts) -> Claim:
    if vector["scheme"] == "acs3":
        return acs3.claim(facts)
    if vector["scheme"] == "rpc":
        return rpc.claim(facts, dict((*facts.query, *facts.form)))
    return oss_claim(facts)


def believed(vector: dict[str, Any], **changed: Any) -> bool:
    try:
        claim = claim_of(vector, facts_of(vector, **changed))
    except (Refusal, OssRefusal, ValueError):
        return False
    return claim.key_id == claim_of(vector, facts_of(vector)).key_id and claim.holds(SECRET)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_what_the_sdks_sent_is_believed(vector: dict[str, Any]) -> None:
    claim = claim_of(vector, facts_of(vector))
    assert claim.holds(SECRET)
    assert not claim.holds(SECRET + "x")
    assert claim.token == vector.get("token", "")
    signed = claim.at or (claim.until - dt.timedelta(hours=1) if claim.until else None)
    assert signed
    assert claim.in_time(signed + dt.timedelta(minutes=14))
    if claim.until is None:
        assert not claim.in_time(signed + SKEW + dt.timedelta(seconds=1))
        assert not claim.in_time(signed - SKEW - dt.timedelta(seconds=1))
        assert bool(claim.nonce) == (vector["scheme"] in ("acs3", "rpc"))
    else:
        assert claim.in_time(claim.until)
        assert not claim.in_time(claim.until + dt.timedelta(seconds=1))


def flips(text: str) -> Iterator[str]:
    """Every character with one bit changed; which bit goes round."""
    for index, letter in enumerate(text):
        for bit in (index % 7, (index + 3) % 7):
            yield text[:index] + chr(ord(letter) ^ (1 << bit)) + text[index + 1 :]


def unsigned(vector: dict[str, Any], target: str) -> bool:
    """Whether the change means nothing: the same after decoding, or (first scheme of the store) in a parameter that this scheme never signs."""
    path, _mark, query = target.partition("?")
    own_path, _mark, own_query = vector["target"].partition("?")
    try:
        same = decoded(path) == decoded(own_path)
        if same and pairs(query) == pairs(own_query):
            return True
    except ValueError:
        return False
    if vector["scheme"] != "oss1" or not same:
        return False
    signed = [[row for row in pairs(text) if row[0] in oss1.SIGNED | oss1.IN_ADDRESS] for text in (query, own_query)]
    return signed[0] == signed[1]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_one_flipped_bit_in_the_address(vector: dict[str, Any]) -> None:
    start = 1 if vector["scheme"] == "rpc" else 0  # its path is not signed: only calls at «/» are calls
    tried = 0
    for target in flips(vector["target"]):
        if target[:start] != vector["target"][:start] or target.count("?") != vector["target"].count("?") or unsigned(vector, target) or not target.isascii():
            continue
        tried += 1
        assert not believed(vector, target=target), target
    assert (
        tried > 20
        or vector["name"].endswith("service")
        or (vector["scheme"], vector["target"].partition("?")[0]) == ("oss1", "/bucket/")
        or "form" in vector["name"]
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_one_flipped_bit_in_a_signed_header(vector: dict[str, Any]) -> None:
    scheme = vector["scheme"]
    names = {name for name, _value in vector["headers"]}
    if scheme == "acs3":
        signed = set(dict(vector["headers"])["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")) | {"authorization"}
    elif scheme == "rpc":
        signed = set()
    else:
        signed = (
            {name for name in names if name.startswith("x-oss-")} | {"content-type", "content-md5", "authorization"} | ({"date"} if scheme != "oss4" else set())
        )
    for number, (name, value) in enumerate(vector["headers"]):
        if name not in signed:
            continue
        for other in flips(value):
            headers = [*vector["headers"][:number], [name, other], *vector["headers"][number + 1 :]]
            assert not believed(vector, headers=headers) or other.strip() == value.strip() or _spelling(scheme, name, value, other), (name, other)


def _spelling(scheme: str, name: str, value: str, other: str) -> bool:
    """Whether two values mean the same signature: names of headers in another case or order of blanks say nothing."""
    return scheme in ("oss2", "oss4") and name == "authorization" and value.lower() == other.lower() and "additional" in value.lower()


@pytest.mark.parametrize("vector", [v for v in VECTORS if v["scheme"] in ("acs3", "rpc") and v["body"]], ids=lambda vector: vector["name"])
def test_one_flipped_bit_in_the_body(vector: dict[str, Any]) -> None:
    same = pairs(vector["body"])
    for body in flips(vector["body"]):
        try:
            if vector["scheme"] == "rpc" and pairs(body) == same:
                continue
        except ValueError:
            pass
        assert not believed(vector, body=body), body


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_another_method(vector: dict[str, Any]) -> None:
    assert not believed(vector | {"method": "PATCH"}) or vector["method"] == "PATCH"


@pytest.mark.parametrize("vector", [v for v in VECTORS if v["scheme"] == "acs3"], ids=lambda vector: vector["name"])
def test_headers_that_have_to_be_signed(vector: dict[str, Any]) -> None:
    """A header that the service reads, slipped in without a signature."""
    assert not believed(vector, headers=[*vector["headers"], ["x-acs-anything", "1"]])
    for name in ("x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256", "host"):
        headers = [[key, re.sub(f"{name};|;{name}(?=,)", "", value) if key == "authorization" else value] for key, value in vector["headers"]]
        assert headers != vector["headers"]
        assert not believed(vector, headers=headers), name


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("AccessKeyId", "MissingAccessKeyId"),
        ("Signature", "MissingSignature"),
        ("SignatureNonce", "MissingSignatureNonce"),
        ("Timestamp", "MissingTimestamp"),
        ("SignatureMethod", "MissingSignatureMethod"),
    ],
)
def test_what_is_missing(name: str, code: str) -> None:
    vector = next(v for v in VECTORS if v["name"] == "core POST")
    facts = facts_of(vector)
    with pytest.raises(Refusal) as refused:
        rpc.claim(facts, {key: value for key, value in facts.query if key != name})
    assert (refused.value.code, refused.value.status) == (code, 400)


@pytest.mark.parametrize("text", ["2026-11-21 16:58:32", "2026-11-21T16:58:32+08:00", "2026-13-01T00:00:00Z", "2026-1-1T0:0:0Z", "x" * 5000])
def test_times_that_are_none(text: str) -> None:
    vector = next(v for v in VECTORS if v["name"] == "core POST")
    facts = facts_of(vector)
    with pytest.raises(Refusal) as refused:
        rpc.claim(facts, dict(facts.query) | {"Timestamp": text})
    assert refused.value.code == "InvalidTimeStamp.Format"
    with pytest.raises(ValueError, match=r"."):
        moment(text, "%Y-%m-%dT%H:%M:%SZ")


def test_encodings() -> None:
    assert encoded("a b*~/+%中\u00e9") == "a%20b%2A~%2F%2B%25%E4%B8%AD%C3%A9"
    assert encoded("a/b", safe="/") == "a/b"
    assert pairs("a=1&b=&c&d=x+y%20z%2B&&=v") == (("a", "1"), ("b", ""), ("c", ""), ("d", "x y z+"), ("", "v"))
    assert joined((("b", ""), ("a", "x y"), ("a-", "1")), bare=False) == "a=x%20y&a-=1&b="
    assert joined((("b", ""), ("a", "x y")), bare=True) == "a=x%20y&b"
    for broken in ("a=%", "a=%2", "a=%zz", "a=%ff", "%C3=1", "é=1"):
        with pytest.raises(ValueError, match=r"."):
            pairs(broken)
    with pytest.raises(ValueError, match="more than"):
        pairs("a=1&" * 6000)
