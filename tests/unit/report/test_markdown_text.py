"""Whatever a CRM holds, it renders as itself and does nothing: judged by cmark-gfm, which GitHub renders with."""

import re
from html import unescape

import cmarkgfm
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform_like.report.escape import escaped
from terraform_like.report.markdown_text import bold, code, cut, fenced, harmless, mermaid

#: What GitHub looks for in text that is rendered, outside code.
MAGIC = re.compile(r"@\w|#\w|\bGH-\d|:[\w+-]+:|https?://\w|www\.\w", re.IGNORECASE | re.ASCII)
HOSTILE = [
    "a|b",
    "`code`",
    "``` fence",
    "@octocat",
    "jane@acme.com",
    "#123",
    "owner/repo#45",
    "GH-12",
    "<img src=x onerror=alert(1)>",
    "</details></table>",
    "<!-- -->",
    "-->",
    "line\nbreak",
    "\u202eright to left\u2066",
    "::error file=a::b",
    "##[error]b",
    "**bold** _it_ ~~gone~~",
    "[link](javascript:alert(1))",
    "![image](x)",
    "http://evil.example",
    "www.evil.example",
    ":tada:",
    "$x$ and $$y$$",
    "&lt;b&gt; &amp; &#124;",
    "\\|",
    "\\",
    "- item",
    "1. item",
    "# title",
    "    four blanks",
    "=====",
    "| --- |",
    "\x1b[31mred",
    "{{ 7 * 7 }} {% raw %}",
]
TEXTS = st.lists(st.sampled_from([*HOSTILE, *"|`@#<>&:*_[]()!~\\$-= x1é\n\t"]), max_size=6).map("".join)


def in_cells(*cells: str) -> list[str]:
    """Give the HTML of the cells of a one-row table, as GitHub would make it."""
    head = "|" + " h |" * len(cells)
    table = f"{head}\n|{' --- |' * len(cells)}\n|" + "".join(f" {cell} |" for cell in cells)
    html = cmarkgfm.github_flavored_markdown_to_html(table)
    return re.findall(r"<td>(.*?)</td>", html, re.DOTALL)


def read(html: str) -> str:
    """Give what a reader sees of the HTML of a cell."""
    return unescape(re.sub(r"</?(?:strong|code)>", "", html)).replace("\u200b", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_in_its_cell_and_reads_as_itself(text):
    first, plain, strong, span, last = in_cells("x", harmless(text), bold(text), code(text), "y")

    assert (first, last) == ("x", "y")
    assert read(plain) == read(strong) == escaped(text.strip())
    assert "<" not in plain
    assert re.fullmatch(r"<strong>[^<]*</strong>|[^<]*", strong)
    assert re.fullmatch(r"<code>[^<]*</code>", span)
    assert not MAGIC.search(unescape(plain))
    assert not re.search(r"::|##\[", harmless(text))


@given(texts=st.lists(TEXTS, min_size=1, max_size=4))
def test_no_text_changes_how_many_cells_there_are_or_what_they_say(texts):
    for make in (harmless, code):
        cells = in_cells("x", *map(make, texts), "y")

        assert len(cells) == len(texts) + 2
        assert (cells[0], cells[-1]) == ("x", "y")
    for text, cell in zip(texts, in_cells(*map(harmless, texts)), strict=True):
        assert "<" not in cell
        assert read(cell).split() == escaped(text).split()
        assert not MAGIC.search(unescape(cell))


@given(text=TEXTS)
def test_a_label_of_a_diagram_holds_no_quote_bracket_or_line_end(text):
    assert re.fullmatch(r"(?:[^\W_]|[ \-./,()]|#\d+;)*", mermaid(text))


@given(text=TEXTS)
def test_nothing_ends_a_fence(text):
    html = cmarkgfm.github_flavored_markdown_to_html(f"```sh\n{fenced(text)}\n```\n\nafter")

    assert re.fullmatch(r"<pre><code[^>]*>[^<]*</code></pre>\n<p>after</p>\n", html.replace(' lang="sh"', ""))


def test_a_text_that_is_too_long_is_cut_before_it_is_made_harmless():
    assert cut("a" * 10, 10) == "a" * 10
    assert cut("a" * 11, 10) == "a" * 9 + "…"
