import json

from hypothesis import given
from hypothesis import strategies as st

from terraform_like.diagnostics import Diagnostic, Report, Severity, Span
from terraform_like.report.diagnostics import diagnostics_json, diagnostics_text
from terraform_like.report.terminal import cells

SPAN = Span("plans/fy27/plan.yaml", 12, 17, 4, '    potential: "arrr + 1"')


def test_an_error_shows_file_line_source_caret_and_way_out():
    report = Report()
    report.error('there is no column "arrr"', 'Did you mean "arr"?', SPAN)

    assert diagnostics_text(report, color=False) == (
        "╷\n"
        '│ Error: there is no column "arrr"\n'
        "│\n"
        "│   on plans/fy27/plan.yaml line 12, column 17:\n"
        '│   12:     potential: "arrr + 1"\n'
        "│                       ^^^^\n"
        "│\n"
        '│ Did you mean "arr"?\n'
        "╵\n"
        "\n"
        "1 error"
    )


def test_all_diagnostics_are_shown_at_once_and_counted():
    report = Report()
    report.error("first", span=SPAN)
    report.error("second")
    report.warning("third")
    text = diagnostics_text(report, color=False)

    assert all(word in text for word in ("Error: first", "Error: second", "Warning: third"))
    assert text.endswith("\n2 errors, 1 warning")


def test_nothing_to_say_is_no_text():
    assert diagnostics_text((), color=False) == ""


def test_a_long_line_is_cut_so_that_the_mark_is_seen():
    source = "a" * 300 + "WRONG" + "b" * 300
    text = diagnostics_text([Diagnostic(Severity.ERROR, "x", "", Span("f", 1, 301, 5, source))], color=False)
    shown, carets = text.split("\n")[4:6]

    assert cells(shown) <= 80
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "WRONG"


def test_carets_stand_below_what_they_mark_also_after_wide_characters_and_tabs():
    text = diagnostics_text([Diagnostic(Severity.ERROR, "x", "", Span("f", 1, 4, 3, "\t名:bad"))], color=False)
    shown, carets = text.split("\n")[4:6]

    assert cells(shown[: shown.index("bad")]) == carets.index("^")
    assert carets.count("^") == 3


def test_details_keep_their_paragraphs_and_wrap():
    text = diagnostics_text([Diagnostic(Severity.NOTE, "x", "one\n" + "word " * 40)], color=False, width=40)

    assert "│ one\n│ word" in text
    assert max(map(cells, text.split("\n"))) <= 40


@given(
    st.text(max_size=60),
    st.text(max_size=200),
    st.integers(1, 250),
    st.integers(1, 250),
    st.integers(20, 120),
    st.booleans(),
)
def test_any_diagnostic_is_shown_and_steers_no_terminal(summary, source, column, length, width, color):
    diagnostic = Diagnostic(Severity.WARNING, summary, summary, Span(source, 1, column, length, source))
    text = diagnostics_text([diagnostic], color=color, width=width)

    assert text.endswith("1 warning")
    if not color:
        assert text.replace("\n", "").isprintable() or not any(c in text for c in "\x1b\r\x07\u202e")


def test_json_holds_every_field_and_null_without_a_place():
    told = diagnostics_json([Diagnostic(Severity.ERROR, "a", "b", SPAN), Diagnostic(Severity.NOTE, "c")])

    assert json.loads(json.dumps(told)) == [
        {
            "severity": "error",
            "summary": "a",
            "detail": "b",
            "span": {
                "file": "plans/fy27/plan.yaml",
                "line": 12,
                "column": 17,
                "length": 4,
                "source": '    potential: "arrr + 1"',
            },
        },
        {"severity": "note", "summary": "c", "detail": "", "span": None},
    ]
