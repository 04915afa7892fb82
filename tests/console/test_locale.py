"""The Chinese catalogue is complete, and the plain English of the pure layers is known to it."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils import translation

from console import error_texts, sentences
from console.error_texts import translated, translated_word
from console.lib.catalogues import compile_catalogues
from jobs.engine.combinations import check
from jobs.engine.errors import CODES
from jobs.engine.template import Template
from templates_app.presets import shipped

ROOT = Path(settings.BASE_DIR)
CATALOGUE = ROOT / "console" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Messages that are the same in every language: words of the interface itself, names, patterns of values.
SAME = {"AccessKey ID", "CRC-64", "CRF", "SHA-256", "etag", "ETag", "id", "URL", "cpu_seconds, max_rss_bytes", "[{lane, pgid, started_at}]"}
# Where people's sentences are made without gettext: no reader is known there.
PURE = ("jobs/engine", "jobs/ffmpeg", "jobs/runs", "jobs/admission.py", "jobs/services.py", "jobs/placeholders.py")
PURE_STORAGE = (
    "media_assets/local.py",
    "media_assets/drivers.py",
    "media_assets/publishing.py",
    *(f"media_assets/{name}.py" for name in ("publishing_s3", "s3", "s3_bucket", "s3_client", "s3_reading", "s3_sending")),
)
SENTENCE = re.compile(r"[A-Z«{].*\S \S.*[.!?]\Z", re.DOTALL)
# Not for people on a page: start-up checks and programmers' errors.
NOT_SHOWN = ("No usable ff", "The {} that is set")


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    compile_catalogues([Path(path) for path in settings.LOCALE_PATHS])
    translation.trans_real._translations.clear()  # what an earlier test loaded may be older than the file


@pytest.fixture(scope="module")
def catalogue():
    with CATALOGUE.open("rb") as file:
        return read_po(file, abort_invalid=True)


@pytest.fixture
def chinese():
    with translation.override("zh-hans"):
        yield


# --- the catalogue ------------------------------------------------------------------------------------------------------
def test_nothing_is_missing_or_fuzzy(catalogue):
    assert len(catalogue) > 1000
    for message in catalogue:
        if message.id:
            texts = message.string if isinstance(message.string, tuple) else (message.string,)
            assert all(texts), f"not translated: {message.id}"
            assert not message.fuzzy, f"fuzzy: {message.id}"


def test_every_entry_is_chinese_with_its_own_punctuation(catalogue):
    for message in catalogue:
        for text in message.string if isinstance(message.string, tuple) else (message.string,):
            first = message.id[0] if isinstance(message.id, tuple) else message.id
            if not first or first in SAME or text == first:
                continue
            assert CHINESE.search(text) or not re.search(r"[A-Za-z]{3} [A-Za-z]{3}", text), f"not Chinese: {first} → {text}"
            assert not re.search(r"[\u4e00-\u9fff][,;:?!]|[,;:?!][\u4e00-\u9fff]", text), f"half-width punctuation: {text}"


def test_only_names_and_figures_stay_as_they_are(catalogue):
    same = {message.id for message in catalogue if message.id and message.id == message.string}
    assert same <= SAME, same - SAME


def test_values_survive_the_translation(catalogue):
    names = re.compile(r"%\(\w+\)[sd]|\{\w+\}|%%")
    for message in catalogue:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        if ids[0]:
            for text in texts:
                assert set(names.findall(text)) in [set(names.findall(one)) for one in ids], f"{ids[0]} → {text}"


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="needs gettext")
def test_the_catalogue_has_every_string_of_the_code(catalogue, tmp_path):
    """Collects all strings anew, in a copy, and finds nothing that the catalogue lacks."""
    import sys

    copy = tmp_path / "copy"
    tracked = subprocess.run(["git", "ls-files", "-z", "*.py", "*.html"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, tracked):
        if not name.startswith(("tests/", "tools/")) and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    (copy / "static").mkdir(exist_ok=True)
    (copy / "console" / "locale").mkdir(parents=True)
    argv = [sys.executable, "manage.py", "makemessages", "--locale", "zh_Hans", "--no-wrap", "--add-location=file"]
    environment = {
        "PATH": f"{Path(shutil.which('xgettext')).parent}:/usr/bin:/bin",
        "REELMILL_DATA": str(tmp_path / "data"),
        "DJANGO_SETTINGS_MODULE": "console.settings",
    }
    subprocess.run(argv, cwd=copy, env=environment, check=True, capture_output=True, timeout=120)
    with (copy / "console" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po").open("rb") as file:
        fresh = {message.id if isinstance(message.id, str) else message.id[0] for message in read_po(file)}
    known = {message.id if isinstance(message.id, str) else message.id[0] for message in catalogue}
    assert fresh - known == set(), "run «make messages» and translate"
    assert known - fresh == set(), "no longer in the code: run «make messages»"


def test_no_name_hides_strings_from_gettext():
    """gettext's collector knows the functions by name: under another name, strings stay English and nothing tells."""
    tracked = subprocess.run(["git", "ls-files", "-z", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    hidden = re.compile(r"import n?p?gettext\w* as (?!_\b)\w+")
    found = [name for name in filter(None, tracked) if (ROOT / name).is_file() and hidden.search((ROOT / name).read_text())]
    assert not found


# --- sentences of the pure layers ---------------------------------------------------------------------------------------
def test_every_code_has_its_sentences(chinese):
    for code, row in CODES.items():
        for text in (row.sentence, row.remedy):
            assert text in sentences.CODE_SENTENCES, f"{code}: add it to console/sentences.py"
            assert CHINESE.search(translated(text)), f"{code}: {text}"


def _plain(node):
    """A string, or an f-string with {} for each value."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def _sentences(path):
    """Sentences in a module that are data: no docstrings, no descriptions of fields, nothing that gettext has already."""
    tree = ast.parse(path.read_text())
    parent = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        text = _plain(node)
        if not text or not SENTENCE.match(text) or isinstance(parent.get(node), ast.Expr | ast.JoinedStr | ast.FormattedValue):
            continue
        above = node
        while above in parent and not isinstance(above, ast.stmt):
            if isinstance(above, ast.keyword) and above.arg == "description":
                break
            if isinstance(above, ast.Call) and ast.unparse(above.func) in ("_", "gettext", "ngettext", "gettext_lazy"):
                break
            above = parent[above]
        else:
            yield node.lineno, text


def _known(text):
    """Whether the list has this sentence, said with some value. A value glued to a word is its plural s."""
    said = re.sub(r"(?<=[a-z])\{\}(?=[;. ])", "s", text).replace("{}", "7")
    fixed = (*sentences.CODE_SENTENCES, *sentences.SENTENCES)
    return said in fixed or any(expression.match(said) for _pattern, expression in error_texts._compiled(error_texts.PATTERNS))


def test_every_sentence_of_the_pure_layers_is_known():
    found, unknown = 0, []
    for place in (*PURE, *PURE_STORAGE):
        for path in sorted((ROOT / place).rglob("*.py")) if (ROOT / place).is_dir() else [ROOT / place]:
            for line, text in _sentences(path):
                found += 1
                if not _known(text) and not text.startswith(NOT_SHOWN):
                    unknown.append(f"{path.relative_to(ROOT)}:{line}: {text!r}")
    assert not unknown, "add them to console/sentences.py or error_texts.py, run «make messages» and translate"
    assert found > 100


def test_patterns_put_the_values_back(chinese):
    assert translated("There is no bucket {input}.") == "没有存储空间 {input}。"
    assert translated("FLV cannot hold H.265. Use MP4, MOV or HLS.") == "FLV 不能容纳 H.265。请使用 MP4, MOV 或 HLS。"
    assert translated("Dropped: audio stream 2 (AC-3, eng); only the first is taken.") == "已去除：音频 stream 2 (AC-3, eng)；只取第一个。"
    assert translated("Input should be less than or equal to 51") == "须小于或等于 51"
    assert translated_word("540p: video codec") == "540p：视频编码"
    assert translated_word("missing") == "缺失"


def test_names_of_people_are_never_translated(chinese):
    """A file may be called like a word of ours."""
    assert translated("No object at input/this or that.mp4.") == "input/this or that.mp4 处没有对象。"
    assert translated("There is no bucket phones.") == "没有存储空间 phones。"
    assert translated("Two rungs are named «missing».") == "有两个档位都名为“missing”。"


def test_what_is_not_ours_stays(chinese):
    line = "[libx264 @ 0x55] Error while opening encoder - maybe incorrect parameters such as bit_rate, rate, width or height."
    assert translated(line) == line
    assert translated("") == ""


def test_english_is_left_alone():
    with translation.override("en"):
        assert translated("There is no bucket input.") == "There is no bucket input."
        assert translated_word("missing") == "missing"


def test_impossible_combinations_are_told_in_chinese(chinese):
    wrong = [
        {"container": {"format": "flv"}, "video": {"codec": "h265"}},
        {"container": {"format": "mp3"}, "audio": {"sample_rate": 96000}},
        {"container": {"format": "mp4"}, "video": {"crf": 23.0, "bitrate_kbps": 800}},
        {"container": {"format": "mp4"}, "video": {"width": 641, "height": 360}},
        {"container": {"format": "mp4"}, "video": {"codec": "h265", "profile": "baseline"}},
        {"container": {"format": "mp4"}, "mux": {"segment_seconds": 6.0}},
        {"container": {"format": "mp4"}, "audio": {"codec": "aac", "channels": 7}},
    ]
    for params in wrong:
        problems = check(Template.model_validate(params, strict=False))
        assert problems
        for problem in problems:
            said = translated(problem.message)
            assert CHINESE.search(said), problem.message
            assert not re.search(r"\b(the|use|cannot|or|and|has)\b", said), said


def test_descriptions_of_presets_are_told_in_chinese(chinese):
    for preset in shipped():
        said = translated(preset.description)
        assert CHINESE.search(said), preset.description
        assert not re.search(r"\b(the|and|for|are)\b", said), said
