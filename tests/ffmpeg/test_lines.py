"""The end of a log, and the line that decided."""

from __future__ import annotations

from jobs.ffmpeg.lines import TAIL_BYTES, TAIL_LINES, Lines

ODD_SIZE = b"""[info] Press [q] to stop, [?] for help
[libx264 @ 0x562c7be12c00] [error] width not divisible by 2 (63x63)
[vost#0:0/libx264 @ 0x562c7be12000] [enc:libx264 @ 0x562c7be12b40] [error] Error while opening encoder - maybe incorrect parameters such as bit_rate, rate, width or height.
[vf#0:0 @ 0x562c7be14a80] [error] Error sending frames to consumers: Generic error in an external library
[vf#0:0 @ 0x562c7be14a80] [error] Task finished with error code: -542398533 (Generic error in an external library)
[vost#0:0/libx264 @ 0x562c7be12000] [enc:libx264 @ 0x562c7be12b40] [error] Could not open encoder before EOF
[out#0/mp4 @ 0x562c7be11280] [error] Nothing was written into output file, because at least one of its streams received no packets.
[info] Conversion failed!
"""


def read(*blocks: bytes) -> Lines:
    lines = Lines()
    for block in blocks:
        lines.feed(block)
    lines.close()
    return lines


def test_the_cause_decides_and_not_its_consequences():
    assert read(ODD_SIZE).decisive == "[libx264] width not divisible by 2 (63x63)"


def test_complaints_about_damaged_input_do_not_hide_the_cause():
    noise = b"[h264 @ 0x1] [error] error while decoding MB 3 4, bytestream -5\n" * 500
    assert read(noise + b"[mp4 @ 0x2] [error] Could not find tag for codec gif\n" + noise).decisive == "[mp4] Could not find tag for codec gif"
    assert read(noise).decisive == "[h264] error while decoding MB 3 4, bytestream -5"


def test_an_early_error_that_was_survived_does_not_decide():
    early = b"[avi @ 0x1] [error] something odd at the start\n"
    assert read(early + b"[info] frame= 100\n" + ODD_SIZE).decisive == "[libx264] width not divisible by 2 (63x63)"


def test_a_consequence_without_a_cause_speaks_for_itself():
    lines = b"[vost#0:0/libx264 @ 0x1] [error] Error submitting a packet to the muxer: No space left on device\n[out#0/mp4 @ 0x2] [error] Error writing trailer: No space left on device\n"
    assert read(lines).decisive == "[vost#0:0/libx264] Error submitting a packet to the muxer: No space left on device"


def test_without_a_serious_line_the_last_one_decides():
    assert read(b"Svt[error]: no\nEncoder says goodbye\n").decisive == "Encoder says goodbye"
    assert read(b"").decisive == ""


def test_lines_may_come_in_any_pieces():
    assert read(*(bytes([byte]) for byte in ODD_SIZE)).tail == read(ODD_SIZE).tail == ODD_SIZE.decode().rstrip("\n")


def test_the_tail_is_bounded_and_can_be_stored():
    lines = read(b"x" * 10_000_000, b"\n", *(b"line %d\n" % number for number in range(10_000)), b"nul \x00 bell \x07 half \xe4\xb8", b"\rlast")
    assert lines.tail.endswith("line 9999\nnul \N{REPLACEMENT CHARACTER} bell \N{REPLACEMENT CHARACTER} half \N{REPLACEMENT CHARACTER}\nlast")
    assert len(lines.tail.splitlines()) == TAIL_LINES
    wide = read(*("很长的一行 ".encode() * 40 + b"\n" for _ in range(100))).tail
    assert 0 < len(wide.encode()) <= TAIL_BYTES


def test_lack_of_memory_is_noticed():
    assert read(b"[error] Cannot allocate memory\n").out_of_memory
    assert not read(ODD_SIZE).out_of_memory


def test_a_wish_to_end_is_noticed_where_the_program_says_it():
    assert read(b"[info] Exiting normally, received signal 15.\n").interrupted
    assert not read(b"    title           : [info] Exiting normally, received signal 15.\n").interrupted
    assert not read(ODD_SIZE).interrupted


def test_lack_of_space_is_noticed():
    assert read(b"[out#0/mp4 @ 0x2] [error] Error writing trailer: No space left on device\n").no_space
    assert not read(b"[info]     title           : No space left on device\n").no_space
