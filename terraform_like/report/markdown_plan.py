"""What the Markdown of a plan shows, in the order in which a reviewer asks: verdict, books, people, changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from terraform_like.diagnostics import counted
from terraform_like.diff import Change
from terraform_like.report.markdown_text import Folded, Table, bold, code, cut, fenced, harmless, listed, mermaid
from terraform_like.report.numbers import column, evenness
from terraform_like.report.terminal import Align
from terraform_like.report.text_bars import LEGEND, bar
from terraform_like.report.told.books import COUNT, Metric, Standing, ToldBook, ToldSegment
from terraform_like.report.told.changes import MARKS, Flow, changed_fields, flow_order
from terraform_like.report.told.people import Covered, ToldPerson
from terraform_like.report.told.plan import ToldPlan
from terraform_like.report.told.proof import CHECKABLE
from terraform_like.report.told.verdicts import ToldVerdict, verdict_counts

#: Rows of the tables that are open at once; further rows fold.
_OPEN = 10
_EDGES = 12
_BAR = 17
_LEFT: Align = "left"
_RIGHT: Align = "right"
_ICONS = {"FAILED": "❌", "advice": "⚠️", "overridden": "⚠️", "waived": "⚠️", "passed": "✅"}
_MARKS = {Standing.ABOVE: " ↑", Standing.WITHIN: "", Standing.BELOW: " ↓"}


@dataclass(frozen=True, slots=True)
class PlanPage:
    """The parts of the comment: texts, tables or nothing; what is not `Markup` is not yet harmless."""

    marker: Markup
    icon: str
    title: str
    verdict: Markup
    above: tuple[Markup, ...]
    broken: Table | None
    passed: Folded | None
    segments: Table | None
    books: tuple[Folded, ...]
    people: Table | None
    more_people: Folded | None
    covered: Table | None
    kinds: Table | None
    diagram: tuple[Markup, ...]
    folded: tuple[Folded, ...]
    ways: tuple[Markup, ...]
    commands: tuple[Markup, ...]
    less: str


def plan_page(told: ToldPlan, changes: Sequence[Change], *, rows: int, name: int, books: bool) -> PlanPage:
    """Give the comment of a plan.

    Parameters
    ----------
    told : ToldPlan
        The plan.
    changes : sequence of Change
        Those to show.
    rows : int
        How many rows of each other table to show at most.
    name : int
        How many characters of a name or sentence to show at most.
    books : bool
        Whether to show every territory, or segments only.
    """
    page = _Page(told, rows, name)
    blocked, broken = told.blocked, [v for v in told.verdicts if v.word != "passed"]
    passed = [v for v in told.verdicts if v.word == "passed"]
    changed = [p for p in told.people if p.gains or p.loses]
    listing = page.changes(changes, len(told.plan.changes)) if changes else None
    parts = (page.flows(told.flows[:rows]), listing, page.warnings(), page.proofs())
    segments = told.segments if books else ()
    tables = tuple(page.books(segment) for segment in segments)
    return PlanPage(
        marker=_marker(told.plan.plan),
        icon="❌" if blocked else "⚠️" if broken else "✅",
        title=f"Territory plan {cut(told.plan.plan, name)}: {_headline(told)}",
        verdict=page.verdict(),
        above=page.above(),
        broken=page.verdicts(broken),
        passed=_fold(counted(len(passed), "policy passes", "policies pass"), page.verdicts(passed)),
        segments=page.segments(),
        books=tuple(table for table in tables if table is not None),
        people=page.people(changed[:_OPEN]),
        more_people=_fold(counted(len(changed[_OPEN:]), "more person", "more people"), page.people(changed[_OPEN:])),
        covered=page.covered(told.covers),
        kinds=page.kinds(),
        diagram=tuple(_diagram(told.flows[:_EDGES], name)) if rows else (),
        folded=tuple(part for part in parts if part is not None),
        ways=_ways(told),
        commands=tuple(map(fenced, told.next_steps.commands)) if told.next_steps else (),
        less=page.less(len(changes), books),
    )


def _marker(plan: str) -> Markup:
    """Give the comment that no reader sees, by which a later report finds the one that it replaces."""
    # Two hyphens would end it early.
    return Markup(f"<!-- territory: {harmless(plan).replace('--', Markup('&#45;&#45;'))} -->")


def _headline(told: ToldPlan) -> str:
    s = told.plan.summary
    counts = {"to add": s.adds, "to move": s.moves, "to transfer": s.transfers, "to remove": s.removes}
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count) or "no changes"


def _ways(told: ToldPlan) -> tuple[Markup, ...]:
    why = "**To ask why** something is as it is: `territory explain ADDRESS`, such as `account.ID` or `territory.NAME`."
    change = "**To change it**, edit the YAML, type `territory plan --save` and push: this comment is replaced."
    if not told.plan.has_changes:
        return (Markup("Nothing is to be applied."),)
    merge = "**To approve it**, merge: `territory apply` then pushes exactly this, and nothing else."
    if told.blocked:
        merge = "**It cannot be merged as it is**: a policy fails. `territory check` says what the ways out are."
    return Markup(merge), Markup(change), Markup(why)


def _fold(summary: str, table: Table | None, below: str = "") -> Folded | None:
    return Folded(summary, table, below) if table is not None else None


def _diagram(flows: Sequence[Flow], name: int) -> Iterator[Markup]:
    """Give a Mermaid flow chart of the pairs between which most accounts go."""
    nodes: dict[tuple[str | None, bool], str] = {}
    for flow in flows:
        for end in ((flow.before, flow.before is None), (flow.after, False)):
            if end not in nodes:
                nodes[end] = f"n{len(nodes)}"
                label = end[0] if end[0] is not None else "new accounts" if end[1] else "no book"
                yield Markup(f'{nodes[end]}["{mermaid(cut(label, name))}"]')
    for flow in flows:
        start, stop = nodes[flow.before, flow.before is None], nodes[flow.after, False]
        yield Markup(f"{start} -->|{flow.accounts:,}| {stop}")


@dataclass(frozen=True, slots=True)
class _Page:
    told: ToldPlan
    rows: int
    name: int

    def text(self, value: str | None) -> Markup:
        return harmless(cut(value, self.name)) if value is not None else Markup("(none)")

    def verdict(self) -> Markup:
        """Give the line that matters most: what the policies say, and how near to the best possible plan it is."""
        plan = self.told.plan
        said = verdict_counts(plan.verdicts)
        parts = [Markup(f"**Policies: {said}**" if said else "**No policy was asked**")]
        accounts = counted(plan.summary.accounts, "account")
        books = counted(len(plan.territories), "book")
        parts += [Markup(f"{accounts} in {books}"), Markup(f"as of {plan.as_of}")]
        if plan.digest:
            parts.append(Markup("digest ") + code(plan.digest[:12]))
        return Markup(" · ").join(parts)

    def above(self) -> tuple[Markup, ...]:
        """Give what a reader must know before all else: that nothing is carved, and how near to the best this is."""
        if self.told.plan.rollback is not None:
            return (Markup("**Rollback** to ") + self.text(str(self.told.plan.rollback)) + ": nothing is carved.",)
        if not self.told.proofs:
            return ()
        worst = max(self.told.proofs, key=lambda proof: proof.gap)
        every = "every part is " if len(self.told.proofs) > 1 and worst.gap and not worst.unbounded else ""
        said = harmless(f"{every}{worst.sentence}. {CHECKABLE.capitalize()}.")
        return (Markup("**Proof**: ") + said,)

    def proofs(self) -> Folded | None:
        """Give how near to the best possible plan every part of it is."""
        rows = tuple(
            (listed([cut(name, self.name) for name in proof.components[: self.rows]]), proof.sentence)
            for proof in self.told.proofs[: self.rows]
        )
        count = counted(len(self.told.proofs), "part")
        return _fold(f"Proof of {count}", Table(("part", ""), (_LEFT, _LEFT), rows) if len(rows) > 1 else None)

    def verdicts(self, verdicts: Sequence[ToldVerdict]) -> Table | None:
        rows = []
        for told in verdicts[: self.rows]:
            said = [told.verdict.says, told.sentence, told.subjects if not told.whole else "", told.excuse]
            cells = Markup("<br>").join(self.text(line) for line in said if line)
            word = Markup(f"{_ICONS[told.word]} ") + bold(told.word)
            rows.append((word, code(cut(told.verdict.policy, self.name)), told.verdict.level, cells))
        return Table(("", "policy", "level", "what it says"), (_LEFT,) * 4, tuple(rows)) if rows else None

    def segments(self) -> Table | None:
        """Give how even the books of each segment are, before and after."""
        segments = self.told.segments[: self.rows]
        metrics = self.told.metrics[:3]
        rows = []
        for segment in segments:
            stood, stands = segment.outside
            cells = [self.text(segment.name), f"{len(segment.books):,}", f"{segment.accounts:,}"]
            cells.append(Markup(f"{stood:,} → **{stands:,}**"))
            for metric in metrics:
                found = segment.evenness("spread", metric)
                cells.append(Markup(f"{evenness(found.before)} → **{evenness(found.after)}**") if found else "")
            rows.append(tuple(cells))
        head = ("segment", "books", "accounts", "outside a band", *(f"spread of {cut(m, self.name)}" for m in metrics))
        return Table(head, (_LEFT, *(_RIGHT,) * (len(head) - 1)), tuple(rows)) if rows else None

    def books(self, segment: ToldSegment) -> Folded | None:
        """Give every territory of a segment: loads before and after against their bands, the first drawn as a bar."""
        drawn = next((m for m in segment.metrics if m.name != COUNT and segment.banded(m.name)), None)
        head = ["territory", "owner", *(cut(m.name, self.name) for m in segment.metrics)]
        if drawn is not None:
            head.append(f"{cut(drawn.name, self.name)} against its band")
        books = segment.books[: self.rows]
        rows = []
        for book in books:
            cells = [bold(cut(book.name, self.name)), self.text(book.has)]
            cells += [_load(book, metric) for metric in segment.metrics]
            if drawn is not None:
                places = book.loads[drawn.name].places if drawn.name in book.loads else None
                cells.append(code(bar(*places, _BAR)) if places else Markup(""))
            rows.append(tuple(cells))
        if not rows:
            return None
        aligned = (_LEFT, _LEFT, *(_RIGHT,) * len(segment.metrics), *((_LEFT,) if drawn else ()))
        more = f"and {len(segment.books) - len(books):,} more; " if len(books) < len(segment.books) else ""
        below = f"{more}↑ above its band, ↓ below it" + (f"; {LEGEND}" if drawn is not None else "")
        summary = Markup("<b>{}</b>: {}").format(
            self.text(segment.name), counted(len(segment.books), "territory", "territories")
        )
        return Folded(summary, Table(tuple(head), aligned, tuple(rows)), below)

    def people(self, people: Sequence[ToldPerson]) -> Table | None:
        people = people[: self.rows]
        if not people:
            return None
        head, rows = ["person", "gains", "loses"], []
        known = all(p.after is not None for p in people)
        metrics = [m for m in self.told.metrics[:2] if any(m in p.sums for p in people)] if known else []
        told = {m: column([v for p in people for v in p.sums.get(m, ())]) for m in metrics}
        for p in people:
            cells = [self.text(p.name), f"+{p.gains:,}" if p.gains else "0", f"−{p.loses:,}" if p.loses else "0"]
            if known:
                cells.append(Markup(f"{p.before:,} → **{p.after:,}**"))
            for m in metrics:
                was, will = p.sums.get(m, (None, None))
                cells.append(Markup(f"{told[m](was)} → **{told[m](will)}**"))
            rows.append(tuple(cells))
        head += ["accounts", *(cut(m, self.name) for m in metrics)] if known else []
        return Table(tuple(head), (_LEFT, *(_RIGHT,) * (len(head) - 1)), tuple(rows))

    def covered(self, covers: Sequence[Covered]) -> Table | None:
        rows = []
        for cover in covers[: self.rows]:
            for (credit, until), those in cover.by_terms:
                who = listed([cut(row.person or "(nobody)", self.name) for row in those[: self.rows]])
                rows.append((self.text(cover.territory), who, f"{credit * 100:g}%", f"{until or ''}"))
        head = ("territory", "held by", "credit", "to")
        return Table(head, (_LEFT, _LEFT, _RIGHT, _LEFT), tuple(rows)) if rows else None

    def kinds(self) -> Table | None:
        rows = []
        for kind in self.told.kinds if self.rows else ():
            why = ", ".join(f"{count:,} {code}" for code, count in kind.reasons)
            rows.append((code(f"{MARKS[kind.kind]} {kind.kind}"), f"{len(kind.changes):,}", kind.means, why))
        return Table(("", "accounts", "what", "why"), ("left", "right", "left", "left"), tuple(rows)) if rows else None

    def flows(self, flows: Sequence[Flow]) -> Folded | None:
        if not flows:
            return None
        metrics = [m for m in self.told.metrics[:3] if any(m in flow.sums for flow in flows)]
        told = {m: column([flow.sums.get(m) for flow in flows]) for m in metrics}
        rows = [
            (
                self.text(flow.before),
                self.text(flow.after),
                f"{flow.accounts:,}",
                *(told[m](flow.sums.get(m)) for m in metrics),
                ", ".join(f"{count:,} {reason}" for reason, count in flow.reasons),
            )
            for flow in flows
        ]
        head = ("from", "to", "accounts", *(cut(m, self.name) for m in metrics), "why")
        align = (_LEFT, _LEFT, *(_RIGHT,) * (1 + len(metrics)), _LEFT)
        left = len(self.told.flows) - len(flows)
        below = f"and {counted(left, 'more pair')} of territories" if left else ""
        return Folded(
            f"From territory to territory: {counted(len(self.told.flows), 'pair')}",
            Table(head, align, tuple(rows)),
            below,
        )

    def changes(self, shown: Sequence[Change], every: int) -> Folded:
        rows = []
        for change in sorted(shown, key=lambda c: (list(MARKS).index(c.kind), flow_order(c))):
            fields = {name: (old, new) for name, old, new in changed_fields(change)}
            place, owner = (self.change(fields, name) for name in ("territory", "owner"))
            reason = change.reasons[0] if change.reasons else None
            why = f"{reason.code}: {reason.text}" if reason and reason.text else str(reason.code) if reason else ""
            account = code(cut(change.account, self.name))
            rows.append((code(f"{MARKS[change.kind]}"), account, place, owner, self.text(why)))
        less = len(shown) < every
        summary = f"{len(shown):,} of {counted(every, 'change')}" if less else f"Every change: {every:,}"
        below = "Some of every pair of territories are shown; `territory show` tells all." if less else ""
        table = Table(("", "account", "territory", "owner", "why"), (_LEFT,) * 5, tuple(rows))
        return Folded(summary, table, Markup(below))

    def change(self, fields: dict[str, tuple[str | None, str | None]], name: str) -> Markup:
        if name not in fields:
            return Markup("")
        old, new = fields[name]
        return self.text(old) + Markup(" → ") + self.text(new)

    def warnings(self) -> Folded | None:
        counts = Counter(str(d.severity) for d in self.told.said)
        said = ", ".join(counted(count, severity) for severity, count in sorted(counts.items(), reverse=True))
        rows = tuple(
            (str(d.severity), self.text(d.summary), self.text(" ".join(d.detail.split())))
            for d in self.told.said[: self.rows]
        )
        return _fold(said, Table(("", "what", "what to do"), (_LEFT,) * 3, rows) if rows else None)

    def less(self, shown: int, books: bool) -> str:
        """Say that something is left out, where it is."""
        told = self.told
        tables = (told.flows, told.people, told.said, told.verdicts, told.covers, *(s.books for s in told.segments))
        if books and shown == len(told.plan.changes) and all(len(table) <= self.rows for table in tables):
            return ""
        return Markup("Shortened, to fit into one comment: `territory show` tells the whole of it.")


def _load(book: ToldBook, metric: Metric) -> Markup:
    load = book.loads.get(metric.name)
    if load is None:
        return Markup("-")
    was, will = metric.load(load.figures.before), metric.load(load.figures.after)
    return Markup(f"{was}{_MARKS[load.stood]} → **{will}**{_MARKS[load.stands]}")
