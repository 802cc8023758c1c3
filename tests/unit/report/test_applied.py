from terraform_like.report.applied import applied_text


def test_a_whole_apply_is_one_line():
    assert applied_text("fy27", {"done": 1060, "unchanged": 2}, {}, color=False) == (
        "Apply of fy27 complete: 1,060 done, 2 unchanged."
    )


def test_what_is_left_is_named_with_the_words_of_the_crm_and_the_way_on():
    told = applied_text(
        "fy27",
        {"done": 4, "conflict": 1, "failed": 12, "not tried": 3},
        {
            "conflict": [("A-17", "owner is raj, the plan saw jane")],
            "failed": [(f"B-{n}", "no \x1b[2J") for n in range(12)],
        },
        color=False,
        width=200,
    )

    assert "1 in conflict: somebody changed them in the CRM" in told
    assert "account.A-17: owner is raj, the plan saw jane" in told
    assert r"account.B-9: no \x1b[2J" in told
    assert "... and 2 more" in told
    assert "3 not tried: apply again" in told
    assert told.endswith("Apply of fy27 not complete: 4 done, 1 in conflict, 12 failed, 3 not tried.")


def test_an_apply_of_nothing_says_so():
    assert applied_text("fy27", {}, {}, color=False) == "Apply of fy27 complete: nothing to do."
