"""Pins in a plan's YAML: accounts that are put into territories by name, comments kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from terraform_like.config.commented import Entry, Node
from terraform_like.config.language import PlanFile, numbered
from terraform_like.config.layout import Kind, edited
from terraform_like.config.source import parse
from terraform_like.config.write import scalar
from terraform_like.diagnostics import Report

_PLAN = Kind(PlanFile, "../../schemas/plan.schema.json")
_BOOKS = ("territories", "overcarve")
_NOBODY: Mapping[str, str] = {}
#: Territories that one `count` makes at most.
_MOST = 10_000


def pinned(
    content: bytes, file: str, pins: Mapping[str, str], report: Report, owners: Mapping[str, str] = _NOBODY
) -> bytes | None:
    """Give a file of a plan in which accounts are pinned to territories, and to no other that the file declares.

    Parameters
    ----------
    content : bytes
        The file as it is.
    file : str
        How to name it in diagnostics.
    pins : mapping of str to str
        The territory or slot of each account; those that the file does not declare are none of it.
    report : Report
        Gathers why the file cannot be changed.
    owners : mapping of str to str
        Territories that get another owner.

    Returns
    -------
    bytes or None
        The file as it is to be, laid out as `fmt` does; the same bytes where nothing in it changes, None with an error.
    """
    before = parse(content, file, report)
    if before is None or not isinstance(before.data, dict):
        return content if before is not None and not report.failed else None
    wanted = _as_wanted(before.data, pins, owners)
    if wanted == before.data:
        return content
    own = Report()
    after = edited(content, file, _PLAN, lambda root: _edit(root, pins, owners), own)
    report.extend(own)
    if after is None:
        return None
    again = parse(after, file, report)
    if again is None or again.data != wanted:
        report.error(
            "The pins cannot be written",
            f"{file}: the lists of accounts are written in a way that cannot be changed, such as with an alias. Pin by "
            f"hand: {', '.join(f'{account} to {territory}' for account, territory in sorted(pins.items())[:10])}.",
        )
        return None
    return after


def _as_wanted(data: Mapping[str, Any], pins: Mapping[str, str], owners: Mapping[str, str]) -> dict[str, Any]:
    """Give what the file is to say."""
    wanted = dict(data)
    for group in _BOOKS:
        if not isinstance(wanted.get(group), dict):
            continue
        wanted[group] = dict(wanted[group])
        for name, book in wanted[group].items():
            if isinstance(book, dict):
                wanted[group][name] = _book(name, book, pins) | ({"owner": owners[name]} if name in owners else {})
    return wanted


def _book(name: str, book: Mapping[str, Any], pins: Mapping[str, str]) -> dict[str, Any]:
    changed = dict(book)
    members = _members(name, book.get("count"))
    if members:
        said = book.get("pins") or {}
        lists = {member: _list(said.get(member), member, pins) for member in (*said, *members)}
        changed["pins"] = {member: accounts for member, accounts in lists.items() if accounts}
    kept = _list(book.get("accounts"), name, pins)
    if kept != list(book.get("accounts") or ()):
        changed["accounts"] = kept
    if "exclude" in book:
        here = {account for account, territory in pins.items() if territory in {name, *members}}
        changed["exclude"] = [account for account in book["exclude"] or () if str(account) not in here]
    for key in ("accounts", "exclude", "pins"):
        if key in changed and not changed[key] and changed[key] != book.get(key):
            del changed[key]
    return changed


def _list(held: Any, territory: str, pins: Mapping[str, str]) -> list[Any]:
    """Give the accounts of a territory: those that stay, and then those that are new, sorted."""
    kept = [account for account in held or () if pins.get(str(account), territory) == territory]
    known = {str(account) for account in kept}
    return kept + [a for a, wanted in sorted(pins.items()) if wanted == territory and a not in known]


def _members(name: str, count: object) -> list[str]:
    """Give the territories that an entry makes by `count`; none where it is one of its own name."""
    return numbered(name, count) if isinstance(count, int) and 0 < count <= _MOST else []


def _edit(root: Node, pins: Mapping[str, str], owners: Mapping[str, str]) -> None:
    for group in _entries(root, *_BOOKS):
        for book in group.value.entries:
            if book.value.kind != "mapping":
                continue
            _place(book.value, "accounts", book.name, pins)
            counts = [entry.value.text for entry in _entries(book.value, "count")]
            members = _members(book.name, int(counts[0])) if counts and counts[0].isdigit() else []
            if members:
                _edit_members(book.value, members, pins)
            here = {account for account, territory in pins.items() if territory in {book.name, *members}}
            _take_away(book.value, "exclude", here)
            if group.name == "territories" and book.name in owners:
                _say(book.value, "owner", owners[book.name])


def _edit_members(book: Node, members: list[str], pins: Mapping[str, str]) -> None:
    held = next(_entries(book, "pins"), None)
    if held is None:
        held = Entry("pins", "pins", Node("mapping", flow=True))
        book.entries.append(held)
    for member in (*(entry.name for entry in held.value.entries), *members):
        _place(held.value, member, member, pins)
    if not held.value.entries:
        book.entries.remove(held)


def _entries(node: Node, *names: str) -> Iterator[Entry]:
    return (entry for entry in node.entries if entry.name in names)


def _place(node: Node, key: str, territory: str, pins: Mapping[str, str]) -> None:
    """Have the list at a key name the accounts that are pinned to a territory, and none that is pinned elsewhere."""
    _take_away(node, key, {account for account, wanted in pins.items() if wanted != territory})
    _add(node, key, sorted(account for account, wanted in pins.items() if wanted == territory))


def _say(book: Node, key: str, value: str) -> None:
    for entry in _entries(book, key):
        entry.value = Node("scalar", scalar(value))
        return
    book.entries.append(Entry(key, key, Node("scalar", scalar(value))))


def _take_away(book: Node, key: str, accounts: set[str]) -> None:
    for entry in list(_entries(book, key)):
        before = len(entry.value.entries)
        entry.value.entries = [item for item in entry.value.entries if _said(item) not in accounts]
        if before and not entry.value.entries:
            book.entries.remove(entry)


def _add(book: Node, key: str, accounts: list[str]) -> None:
    lists = list(_entries(book, key))
    known = {_said(item) for entry in lists for item in entry.value.entries}
    new = [Entry(None, "", Node("scalar", scalar(account))) for account in accounts if account not in known]
    if new and not lists:
        lists = [Entry(key, key, Node("sequence", flow=True))]
        book.entries += lists
    if new:
        lists[0].value.entries += new


def _said(item: Entry) -> str:
    """Give the account that an item names, its quotes taken away."""
    source = parse(b"item: " + item.value.text.encode(), "", Report())
    return str(source.data.get("item")) if source is not None and isinstance(source.data, dict) else item.value.text
