"""Laws of the layout: it is laid out once and for all, it never changes what a file says, and no comment is lost."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terraform_like.config.commented import read_commented
from terraform_like.config.language import PlanFile, PolicyFile
from terraform_like.config.layout import WIDTH, Kind, laid_out
from terraform_like.config.source import parse
from terraform_like.diagnostics import Report

ROOT = Path(__file__).parent.parent.parent
PLAN = Kind(PlanFile, "../../schemas/plan.schema.json")
SHIPPED = {
    path.name: path.read_text()
    for path in (*ROOT.glob("plans/us-municipalities/*.yaml"), *ROOT.glob("policies/*.yaml"))
}

HOSTILE = [
    "007", "yes", "no", "on", "1e3", "0x1F", "0o17", "1_000", "1.10", "null", "~", "", "a: b", "#x", "a #b", "- a",
    "? a", "*a", "&a", "!a", "{a", "a]", "%a", "@a", "`a", "'", '"', "it's", 'a "b" c', "\\n", "trailing ", " leading",
    "two  spaces", "a\nb", "a\n\nb\n", "\n", " a\nb", "a\n  b\n\n\n", "tab\there", "ÄÖ", "東京", "🙂", "a🙂: #b",
    "2027-02-01", "10%", "<<", "=", "kind IN ('customer')", "x" * 130, "long words " * 14, "true", ".inf", "-", "...",
    "---", "a,b", "a:b", "://",
]  # fmt: skip
words = st.sampled_from(HOSTILE) | st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp")), max_size=12
)
names = st.sampled_from(["ent-west", "smb", "jane.doe", "007", "1e3", "yes", "null", "a b", "x: y", "Ä", "<<", "🙂"])
LANGUAGE = sorted({*PlanFile.model_fields, "segment", "where", "owner", "size", "name", "stay", "columns", "within"})


def values(depth: int) -> st.SearchStrategy[object]:
    scalars = words | st.integers(-5, 5000) | st.none() | st.booleans() | st.sampled_from([1.5, 1e22, -0.25])
    if depth == 0:
        return scalars
    deeper = values(depth - 1)
    keys = st.sampled_from(LANGUAGE) | names
    return scalars | st.lists(deeper, max_size=4) | st.dictionaries(keys, deeper, max_size=4)


PLAIN = re.compile(r"[A-Za-z0-9._+%ÄÖ東京🙂-]+( [A-Za-z0-9._()'🙂-]+)*")


#: How comments end.
AFTER = ["", " ", " a: {b", " 🙂", " # d"]
#: What is put into files that were good.
BROKEN = ["", " ", "\n", "#", ":", "- ", "{", "]", "'", '"', "\t", "&a ", "*a", "|", "%", "🙂", "\u2028", "!!x "]


class Writer:
    """Writes data as a careless person would: any style, any indentation, comments anywhere."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.comments = 0
        self.anchors: list[str] = []

    def chance(self, of: int) -> bool:
        return self.draw(st.integers(0, of)) == of

    def comment(self) -> str:
        self.comments += 1
        before, after = self.draw(st.sampled_from([" ", "", "  ", ": - "])), self.draw(st.sampled_from(AFTER))
        return f"#{before}c{self.comments}{after}"

    def beside(self) -> str:
        return " " * self.draw(st.integers(1, 6)) + self.comment() if self.chance(4) else ""

    def above(self, indent: int) -> list[str]:
        lines: list[str] = []
        for _ in range(self.draw(st.sampled_from([0, 0, 0, 1, 2]))):
            off = self.draw(st.sampled_from([0, 0, 0, 1, 2, 5]))
            lines.append(self.draw(st.sampled_from(["", "  ", " " * (indent + off) + self.comment()])))
        return lines

    def anchor(self) -> str:
        if not self.chance(9):
            return ""
        self.anchors.append(f"a{len(self.anchors)}")
        return f"&{self.anchors[-1]} "

    def scalar(self, value: object, *, key: bool = False) -> str:
        if not isinstance(value, str):
            return {None: self.draw(st.sampled_from(["null", "~"])), True: "true", False: "false"}.get(
                value if isinstance(value, bool) else None if value is None else "", str(value)
            )
        style = self.draw(st.sampled_from(["plain", "single", "double"]))
        if style == "plain" and PLAIN.fullmatch(value) and not value.startswith(("-", "---", "...")):
            return value
        if style == "single" and "\n" not in value and "\t" not in value:
            return "'" + value.replace("'", "''") + "'"
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        escaped = "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped)
        if not key and self.chance(2):
            escaped = re.sub(r"(?<=[a-z]) (?=[a-z])", "\n     ", escaped, count=1)
        return f'"{escaped}"'

    def flow(self, value: object, indent: int) -> str:
        if not isinstance(value, dict | list):
            return self.anchor() + self.scalar(value)
        gap = self.draw(st.sampled_from(["", " "]))
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        text = self.anchor() + opening + gap
        for number, item in enumerate(value.items() if isinstance(value, dict) else value):
            text += ("," + self.draw(st.sampled_from([" ", "", "  "]))) if number else ""
            if self.chance(6):
                text += " " + self.comment() + "\n" + " " * (indent + 3)
            if isinstance(value, dict):
                text += self.scalar(item[0], key=True) + ": " + self.flow(item[1], indent)
            else:
                text += self.flow(item, indent)
        return text + gap + closing

    def block(self, value: object, indent: int) -> list[str]:
        """Give the lines of a filled mapping or list."""
        step = self.draw(st.integers(1, 4))
        lines: list[str] = []
        for item in value.items() if isinstance(value, dict) else value:  # type: ignore[attr-defined]
            lines += self.above(indent)
            start = " " * indent + (self.scalar(item[0], key=True) + ":" if isinstance(value, dict) else "-")
            lines += self.entry(start, item[1] if isinstance(value, dict) else item, indent, step)
        return lines

    def entry(self, start: str, value: object, indent: int, step: int) -> list[str]:
        if self.anchors and self.chance(12):
            return [f"{start} *{self.draw(st.sampled_from(self.anchors))}{self.beside()}"]
        if isinstance(value, dict | list) and value and not self.chance(3):
            anchor = self.anchor().rstrip()
            head = f"{start} {anchor}".rstrip() + self.beside()
            same = isinstance(value, list) and not start.endswith("-") and self.chance(2)
            return [head, *self.block(value, indent if same else indent + step)]
        if isinstance(value, str) and self.chance(3) and self.literal(value):
            chomp = (
                "-" if not value.endswith("\n") else "+" if value.endswith("\n\n") else self.draw(st.sampled_from("+ "))
            )
            body = value.removesuffix("\n").split("\n")
            body = [" " * (indent + step) + line if line else "" for line in body]
            return [f"{start} |{chomp.strip()}{self.beside()}", *body]
        if value is None and self.chance(1):
            return [start + self.beside()]
        return f"{start} {self.flow(value, indent)}{self.beside()}".split("\n")

    @staticmethod
    def literal(value: str) -> bool:
        return (
            bool(value.strip())
            and not value.startswith((" ", "\n"))
            and all(c.isprintable() or c == "\n" for c in value)
        )


@st.composite
def files(draw: st.DrawFn) -> bytes:
    data = draw(st.dictionaries(st.sampled_from(LANGUAGE) | names, values(3), max_size=5))
    writer = Writer(draw)
    lines = writer.above(0)
    if draw(st.booleans()):
        lines = ["# yaml-language-server: $schema=../../schemas/plan.schema.json", *lines]
    if draw(st.integers(0, 9)) == 9:
        lines.append("---")
    lines += writer.block(data, 0) + writer.above(0)
    text = draw(st.sampled_from(["\n", "\r\n"])).join(lines) + draw(st.sampled_from(["\n", "", "\n\n"]))
    return draw(st.sampled_from(["", "\ufeff"])).encode() + text.encode()


def check(content: bytes, kind: Kind) -> bytes | None:
    """Hold the laws for one file; give it laid out, or None where it is no YAML of the language."""
    report = Report()
    before = parse(content, "f.yaml", report)
    wrong = before is None or report.failed
    said = Report()
    out = laid_out(content, "f.yaml", kind, said)
    assert (out is None) == said.failed
    if wrong:
        assert out is None
        assert set(said) == set(report)
    if out is None or before is None:
        return None
    again = Report()
    after = parse(out, "f.yaml", again)
    assert after is not None
    assert not again.failed
    assert after.data == before.data
    assert laid_out(out, "f.yaml", kind, Report()) == out
    text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    comments = Counter(read_commented(text).comments)
    assert comments <= Counter(read_commented(out.decode()).comments)
    assert out.decode() == out.decode().lstrip("\ufeff")
    assert b"\r" not in out
    assert out.endswith(b"\n")
    return out


@given(files())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_whatever_is_yaml_is_laid_out_once_and_for_all(content: bytes) -> None:
    report = Report()
    parsed = parse(content, "f.yaml", report)
    out = check(content, PLAN)
    # Only what is no YAML of the language is refused: the laws are not kept by refusing.
    assert (out is None) == (parsed is None or report.failed), content.decode()


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_broken_file_is_reported_or_laid_out_and_never_garbled(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(SHIPPED)))
    text = SHIPPED[name]
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 4)))
        text = text[:start] + data.draw(st.sampled_from(BROKEN)) + text[end:]
    check(text.encode(), PLAN if "policies" not in text else Kind(PolicyFile, "x"))


@given(st.dictionaries(names, values(2), min_size=1, max_size=5), st.data())
@settings(max_examples=100, deadline=None)
def test_names_and_items_keep_their_order(people: dict[str, object], data: st.DataObject) -> None:
    lines = Writer(data.draw).block({"people": people}, 0)
    content = ("\n".join(lines) + "\n").encode()
    report = Report()
    before = parse(content, "f.yaml", report)
    out = laid_out(content, "f.yaml", PLAN, Report())
    if before is None or report.failed or out is None:
        return
    after = parse(out, "f.yaml", Report())
    assert after is not None
    assert list(after.data["people"]) == list(before.data["people"])


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_the_shipped_files_fit_the_width(name: str) -> None:
    out = laid_out(
        SHIPPED[name].encode(), name, Kind(PolicyFile if "policies" in SHIPPED[name] else PlanFile), Report()
    )
    assert out is not None
    brackets = [line.split(" #")[0] for line in out.decode().splitlines() if "{" in line]
    assert [line for line in brackets if len(line) > WIDTH] == []
