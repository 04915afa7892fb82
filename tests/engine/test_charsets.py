"""Which encoding a subtitle file is taken for. The words are everyday ones, as subtitles have them."""

from __future__ import annotations

import pytest

from jobs.engine.charsets import decoded

TEXTS: dict[str, tuple[str, ...]] = {
    "gbk": (
        "你好，世界！",
        "我不知道你在说什么。",
        "快走吧，他们来了！",
        "谢谢您的帮助，明天见。",
        "第二条：标点“引号”、书名号《测试》，数字１２３。",
        "爸爸，这件事情让我很难过……",
        "北京时间八点整\n天气晴朗",
        "OK, 我们 go 吧",
    ),
    "big5": (
        "你好，世界！這裡不會亂碼。",
        "我不知道你在說什麼。",
        "快走吧，他們來了！",
        "謝謝您的幫助，明天見。",
        "爸爸，這件事情讓我很難過……",
        "臺北時間八點整\n天氣晴朗",
    ),
    "shift_jis": (
        "こんにちは、世界。",
        "何を言っているのか分からない。",
        "早く行こう！",
        "ありがとうございます",
        "カメラを止めるな！",
        "東京は今日も雨です",
    ),
    "euc-kr": (
        "안녕하세요, 세계.",
        "무슨 말을 하는지 모르겠어요.",
        "빨리 가자!",
        "도와주셔서 감사합니다.",
        "오늘 서울은 비가 옵니다",
    ),
    "windows-1252": (
        "Ça va très bien, l’été est là.",
        "Où êtes-vous allé hier soir ?",
        "Das ist schön – für mich und für Ärzte.",
        "¿Qué pasó, señor?",
        "não há solução",
        "Så här är det på svenska",
        "résumé",
    ),
}
PYTHON = {"gbk": "gbk", "big5": "big5", "shift_jis": "cp932", "euc-kr": "cp949", "windows-1252": "cp1252"}


@pytest.mark.parametrize(("charset", "text"), [(charset, text) for charset, rows in TEXTS.items() for text in rows])
def test_auto(charset: str, text: str) -> None:
    subtitle = f"1\r\n00:00:01,000 --> 00:00:02,000\r\n{text}\r\n"
    assert decoded(subtitle.encode(PYTHON[charset])) == (subtitle, charset)
    assert decoded(subtitle.encode()) == (subtitle, "utf-8")
    assert decoded(subtitle.encode(PYTHON[charset]), charset) == (subtitle, charset)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("text", ["00:00:01,000 --> 00:00:02,000\nplain", "00:00:01,000 --> 00:00:02,000\n你好，世界"])
def test_unicode(encoding: str, text: str) -> None:
    assert decoded(text.encode(encoding))[0] == text


def test_plain_ascii_is_anything() -> None:
    for charset in ("auto", "utf-8", "gbk", "big5", "shift_jis", "euc-kr", "windows-1252"):
        assert decoded(b"1\n00:00:01,000 --> 00:00:02,000\nplain\n", charset)[0].endswith("plain\n")


@pytest.mark.parametrize("data", [b"", b"\xff", b"\xff\xfe", b"\x81", b"\x00\x00\x00", bytes(range(256)), b"\xef\xbb\xbf\xff"])
def test_odd_bytes_are_text_or_a_sentence(data: bytes) -> None:
    try:
        decoded(data)
    except UnicodeError:
        pytest.fail("a decoder's own error")
    except ValueError:
        return
