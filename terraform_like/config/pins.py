"""Pins in a plan's YAML: accounts that are put into territories by name, comments kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from terraform_like.config.commented import Entry, Node
from terraform_like.config.language import PlanFile
from terraform_like.config.layout import Kind, edited
from terraform_like.config.source import parse
from terraform_like.config.write import scalar
from terraform_like.diagnostics import Report

_PLAN = Kind(PlanFile, "../../schemas/plan.schema.json")
_BOOKS = ("territories", "overcarve")


def pinned(content: bytes, file: str, pins: Mapping[str, str], report: Report) -> bytes | None:
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

    Returns
    -------
    bytes or None
        The file as it is to be, laid out as `fmt` does; the same bytes where nothing in it changes, None with an error.
    """
    before = parse(content, file, report)
    if before is None or not isinstance(before.data, dict):
        return content if before is not None and not report.failed else None
    wanted = _as_wanted(before.data, pins)
    if wanted == before.data:
        return content
    own = Report()
    after = edited(content, file, _PLAN, lambda root: _edit(root, pins), own)
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


def _as_wanted(data: Mapping[str, Any], pins: Mapping[str, str]) -> dict[str, Any]:
    """Give what the file is to say."""
    wanted = dict(data)
    for group in _BOOKS:
        if not isinstance(wanted.get(group), dict):
            continue
        wanted[group] = dict(wanted[group])
        for name, book in wanted[group].items():
            if isinstance(book, dict):
                wanted[group][name] = _book(name, book, pins)
    return wanted


def _book(name: str, book: Mapping[str, Any], pins: Mapping[str, str]) -> dict[str, Any]:
    changed = dict(book)
    held = list(book.get("accounts") or ())
    kept = [account for account in held if pins.get(str(account), name) == name]
    known = {str(account) for account in kept}
    kept += [account for account, territory in sorted(pins.items()) if territory == name and account not in known]
    if kept != held:
        changed["accounts"] = kept
    if "exclude" in book:
        changed["exclude"] = [account for account in book["exclude"] or () if pins.get(str(account)) != name]
    for key in ("accounts", "exclude"):
        if key in changed and not changed[key] and changed[key] != book.get(key):
            del changed[key]
    return changed


def _edit(root: Node, pins: Mapping[str, str]) -> None:
    for group in _entries(root, *_BOOKS):
        for book in group.value.entries:
            if book.value.kind != "mapping":
                continue
            _take_away(book.value, "accounts", {a for a, territory in pins.items() if territory != book.name})
            here = sorted(account for account, territory in pins.items() if territory == book.name)
            _take_away(book.value, "exclude", set(here))
            _add(book.value, here)


def _entries(node: Node, *names: str) -> Iterator[Entry]:
    return (entry for entry in node.entries if entry.name in names)


def _take_away(book: Node, key: str, accounts: set[str]) -> None:
    for entry in list(_entries(book, key)):
        before = len(entry.value.entries)
        entry.value.entries = [item for item in entry.value.entries if _said(item) not in accounts]
        if before and not entry.value.entries:
            book.entries.remove(entry)


def _add(book: Node, accounts: list[str]) -> None:
    lists = list(_entries(book, "accounts"))
    known = {_said(item) for entry in lists for item in entry.value.entries}
    new = [Entry(None, "", Node("scalar", scalar(account))) for account in accounts if account not in known]
    if new and not lists:
        lists = [Entry("accounts", "accounts", Node("sequence", flow=True))]
        book.entries += lists
    if new:
        lists[0].value.entries += new


def _said(item: Entry) -> str:
    """Give the account that an item names, its quotes taken away."""
    source = parse(b"item: " + item.value.text.encode(), "", Report())
    return str(source.data.get("item")) if source is not None and isinstance(source.data, dict) else item.value.text
