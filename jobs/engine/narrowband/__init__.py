"""Narrowband: the same clarity for fewer bits. Content decides the CRF; the regular preset («twin») is the bound. Pure.

Narrowband 1: survey, one fast probe, forecast. Narrowband 2: survey, the fast probe, then real probes of each class of shots. In both, :func:`decide` says how the
output is encoded, :func:`adapted` changes the plan, :func:`verdict` judges the finished file. docs/narrowband.md tells the whole and its figures.
"""

from __future__ import annotations

from jobs.engine.narrowband.case import CODECS, TARGET, Case, case
from jobs.engine.narrowband.finished import CORRECTIONS, between, doubtful, informed, settled, slimmer, verdict
from jobs.engine.narrowband.probes import FILE, SCORES, SIZES, probe_commands, read_probe
from jobs.engine.narrowband.records import Ask, Decision, Figures, Group, Point, Shot, Survey, Verdict, Window, Zone
from jobs.engine.narrowband.sample import SAMPLE, sample_command
from jobs.engine.narrowband.search import decide, first_asks, next_asks, next_crf
from jobs.engine.narrowband.survey import COSTS, SCENES, read_survey, survey_command
from jobs.engine.narrowband.tuning import adapted, tuned

__all__ = [
    "CODECS",
    "CORRECTIONS",
    "COSTS",
    "FILE",
    "SAMPLE",
    "SCENES",
    "SCORES",
    "SIZES",
    "TARGET",
    "Ask",
    "Case",
    "Decision",
    "Figures",
    "Group",
    "Point",
    "Shot",
    "Survey",
    "Verdict",
    "Window",
    "Zone",
    "adapted",
    "between",
    "case",
    "decide",
    "doubtful",
    "first_asks",
    "informed",
    "next_asks",
    "next_crf",
    "probe_commands",
    "read_probe",
    "read_survey",
    "sample_command",
    "settled",
    "slimmer",
    "survey_command",
    "tuned",
    "verdict",
]  # fmt: skip
