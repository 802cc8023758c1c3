"""What help shows as an example can be typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from terraform_like.cli.commands import territory


def examples() -> list[str]:
    texts = [territory.help or "", *(command.help or "" for command in territory.commands.values())]
    return [line for text in texts for line in re.findall(r"^ +(territory .+)$", text, re.MULTILINE)]


def test_commands_that_people_begin_with_have_examples():
    assert {"init", "plan", "check", "apply"} <= {example.split()[1] for example in examples()}


@pytest.mark.parametrize("example", examples())
def test_an_example_is_understood(example: str):
    arguments = shlex.split(example.partition(" > ")[0])[1:]
    at = next(i for i, argument in enumerate(arguments) if argument in territory.commands)
    command = territory.commands[arguments[at]]
    with command.make_context(arguments[at], arguments[at + 1 :]) as context:
        assert context.params


def test_every_command_takes_the_global_options():
    def without(group: click.Group, path: str) -> Iterator[str]:
        for name, command in group.commands.items():
            if isinstance(command, click.Group):
                yield from without(command, f"{path}{name} ")
            elif not any("--json" in option.opts for option in command.params):
                yield f"{path}{name}"

    assert list(without(territory, "")) == []
