"""However a plan's files are spoilt, loading gives a report; however they are laid out, it gives the same wishes."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terraform_like.config.load import load_wanted, open_repository
from terraform_like.config.source import parse
from terraform_like.diagnostics import Halt, Report, Severity
from terraform_like.plan.canonical import digest_of

ROOT = Path(__file__).parent.parent.parent
PLAN = {p.name: p.read_bytes() for p in sorted((ROOT / "plans" / "us-municipalities").glob("*.yaml"))}
POLICIES = {p.name: p.read_bytes() for p in sorted((ROOT / "policies").glob("*.yaml"))}
PROJECT = b'project: acme\ncrm: {provider: sql, url: "sqlite:///crm.sqlite"}\n'
FILES = {
    "territory.yaml": PROJECT,
    **{f"plans/fy27/{name}": content for name, content in PLAN.items()},
    **{f"policies/{name}": content for name, content in POLICIES.items()},
}
SNIPPETS = [
    b"\t",
    b"&a ",
    b"*a",
    b"<<: *a",
    b"!!x ",
    b"{",
    b"]",
    b"'",
    b'"',
    b": ",
    b"- ",
    b"|\n",
    b"\x00",
    b"\xff",
    b"---\n",
]
SNIPPETS += [b".nan", b"null", b"true", b"007", b"9" * 400, "\u2028".encode(), b"'x +'", b"[-200, 5]", b"2027-02-30"]


def loaded(files: dict[str, bytes]):
    """Load a repository of files; give the wishes, or None, and the report."""
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        report = Report()
        try:
            return load_wanted(open_repository(Path(folder), {}), "fy27", report), report
        except Halt as halt:
            report.extend(halt.report)
            return None, report


def test_the_example_is_in_order():
    wanted, report = loaded(FILES)

    assert wanted is not None
    assert list(report) == []


@st.composite
def spoilt(draw) -> dict[str, bytes]:
    files = dict(FILES)
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(files)))
        lines = files[name].splitlines(keepends=True) or [b"\n"]
        at = draw(st.integers(0, len(lines) - 1))
        how = draw(st.sampled_from(["delete", "twice", "replace", "bytes", "snippet", "move"]))
        if how == "delete":
            del lines[at]
        elif how == "twice":
            lines.insert(at, lines[at])
        elif how == "move":
            lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
        elif how == "replace":
            lines[at] = draw(st.sampled_from(draw(st.sampled_from(sorted(FILES.values()))).splitlines(keepends=True)))
        else:
            middle = draw(st.integers(0, len(lines[at])))
            put = draw(st.binary(max_size=8)) if how == "bytes" else draw(st.sampled_from(SNIPPETS))
            lines[at] = lines[at][:middle] + put + lines[at][middle + draw(st.integers(0, 3)) :]
        files[name] = b"".join(lines)
    return files


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(spoilt())
def test_spoilt_files_give_wishes_or_a_report_that_says_where(files):
    wanted, report = loaded(files)

    assert (wanted is None) == any(d.severity is Severity.ERROR for d in report)
    for diagnostic in report:
        assert diagnostic.summary
        if diagnostic.span is not None:
            assert diagnostic.span.file in files
            assert diagnostic.span.line >= 1
            assert diagnostic.span.column >= 1
            assert diagnostic.span.length >= 1


def said(files: dict[str, bytes]) -> dict:
    """Give what the files of the example say, by top-level key."""
    together: dict = {}
    for name, content in files.items():
        together |= parse(content, name, Report()).data or {}
    return together


def turned(draw, value, path=()):
    """Put the keys of mappings in another order; that of `columns` is meaning."""
    if isinstance(value, dict):
        keys = list(value) if path == ("accounts", "columns") else draw(st.permutations(list(value)))
        return {key: turned(draw, value[key], (*path, key)) for key in keys}
    return value


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_neither_the_order_of_keys_nor_the_split_in_files_is_meaning(data):
    whole = turned(data.draw, said(PLAN))
    parts: list[dict] = [{}, {}, {}]
    for key, value in whole.items():
        if isinstance(value, dict) and key in {"territories", "people", "overcarve"}:
            for name, entry in value.items():
                parts[data.draw(st.integers(0, 2))].setdefault(key, {})[name] = entry
        else:
            parts[data.draw(st.integers(0, 2))][key] = value
    files = {name: content for name, content in FILES.items() if not name.startswith("plans/")}
    files |= {f"plans/fy27/{n}.yaml": json.dumps(part).encode() for n, part in enumerate(parts)}

    again, report = loaded(files)
    first, _ = loaded(FILES)

    assert again is not None, list(report)
    assert again.carving.canonical() == first.carving.canonical()
    assert digest_of(again.carving.canonical()) == digest_of(first.carving.canonical())


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_a_byte_order_mark_are_no_meaning(end, mark):
    wanted, _ = loaded({name: mark + content.replace(b"\n", end) for name, content in FILES.items()})
    first, _ = loaded(FILES)

    assert wanted.carving.canonical() == first.carving.canonical()
