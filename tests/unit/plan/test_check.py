"""A question about a saved plan that does not pass is told with what was expected and what was found."""

from __future__ import annotations

from terraform_like.plan.check import REPLAN, Check, errors, short


def test_what_was_found_is_told_and_where_it_was_nothing_that():
    passing = Check("seal", True, "one", "one", "another", REPLAN)
    failing = Check("seal", False, "one", "two", "it is another", REPLAN)
    absent = Check("seal", False, "one", "", "it is not there", REPLAN)

    assert [(told.summary, told.detail) for told in errors([passing, failing, absent])] == [
        ("it is another", f"Expected one, found two. {REPLAN}"),
        ("it is not there", f"Expected one, found nothing. {REPLAN}"),
    ]


def test_a_digest_is_named_by_twelve_of_its_digits():
    assert short("0123456789abcdef" * 4) == "0123456789ab"
