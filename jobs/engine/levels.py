"""Levels of H.264 and H.265: how large and how fast a picture may be. Data from the standards' tables A-1 and A.8; pure."""

from __future__ import annotations

# level: (macroblocks per second, macroblocks per picture)
H264: dict[str, tuple[int, int]] = {
    "1": (1485, 99),
    "1.1": (3000, 396),
    "1.2": (6000, 396),
    "1.3": (11_880, 396),
    "2": (11_880, 396),
    "2.1": (19_800, 792),
    "2.2": (20_250, 1620),
    "3": (40_500, 1620),
    "3.1": (108_000, 3600),
    "3.2": (216_000, 5120),
    "4": (245_760, 8192),
    "4.1": (245_760, 8192),
    "4.2": (522_240, 8704),
    "5": (589_824, 22_080),
    "5.1": (983_040, 36_864),
    "5.2": (2_073_600, 36_864),
    "6": (4_177_920, 139_264),
    "6.1": (8_355_840, 139_264),
    "6.2": (16_711_680, 139_264),
}
# level: (luma samples per second, luma samples per picture)
H265: dict[str, tuple[int, int]] = {
    "1": (552_960, 36_864),
    "2": (3_686_400, 122_880),
    "2.1": (7_372_800, 245_760),
    "3": (16_588_800, 552_960),
    "3.1": (33_177_600, 983_040),
    "4": (66_846_720, 2_228_224),
    "4.1": (133_693_440, 2_228_224),
    "5": (267_386_880, 8_912_896),
    "5.1": (534_773_760, 8_912_896),
    "5.2": (1_069_547_520, 8_912_896),
    "6": (1_069_547_520, 35_651_584),
    "6.1": (2_139_095_040, 35_651_584),
    "6.2": (4_278_190_080, 35_651_584),
}


def least(codec: str, width: int, height: int, fps: float | None) -> str | None:
    """The lowest level that holds such pictures; None: none does."""
    size, table = (-(-width // 16) * -(-height // 16), H264) if codec == "h264" else (width * height, H265)
    return next((level for level, (per_second, per_picture) in table.items() if size <= per_picture and size * (fps or 0.0) <= per_second), None)


def holds(codec: str, level: str, width: int, height: int, fps: float | None) -> bool:
    """Whether this level is enough."""
    size, table = (-(-width // 16) * -(-height // 16), H264) if codec == "h264" else (width * height, H265)
    per_second, per_picture = table[level]
    return size <= per_picture and size * (fps or 0.0) <= per_second
