"""The table of codes: every code has a sentence and a remedy, and errors carry them."""

from __future__ import annotations

import pytest

from jobs.engine.errors import CODES, JobError, Problem, Refused


@pytest.mark.parametrize("code", CODES)
def test_every_code_says_what_happened_and_what_to_do(code: str) -> None:
    row = CODES[code]
    assert code.isidentifier()
    assert row.sentence.endswith(".")
    assert row.remedy.endswith(".")
    assert 400 <= row.status < 600
    error = JobError(code)
    assert (error.message, error.remedy, error.retryable, error.status) == row


def test_a_sentence_of_its_own_and_the_problems_are_kept() -> None:
    problem = Problem(("video", "crf"), "Give CRF or bitrate, not both.")
    error = Refused("ImpossibleCombination", "No.", problems=(problem,))
    assert (error.message, error.problems, str(error)) == ("No.", (problem,), "ImpossibleCombination: No.")


def test_a_code_that_is_not_in_the_table_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        JobError("Nonsense")
