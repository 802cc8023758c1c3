from __future__ import annotations

from textwrap import dedent

import pytest

from terraform_like.config.language import PlanFile, PolicyFile
from terraform_like.config.layout import Kind, laid_out
from terraform_like.config.project_file import ProjectFile
from terraform_like.config.source import parse
from terraform_like.diagnostics import Report

PLAN = Kind(PlanFile)


def layout(text: str, kind: Kind = PLAN) -> str:
    """Lay out, and hold that a second time changes nothing and that the data is the same."""
    content = dedent(text).encode()
    report = Report()
    out = laid_out(content, "f.yaml", kind, report)
    assert out is not None, [f"{d.summary}: {d.detail}" for d in report]
    assert laid_out(out, "f.yaml", kind, report) == out
    before, after = parse(content, "f", report), parse(out, "f", report)
    assert before is not None
    assert after is not None
    assert before.data == after.data
    return out.decode()


def refused(content: bytes) -> str:
    report = Report()
    assert laid_out(content, "f.yaml", PLAN, report) is None
    return "\n".join(f"{d.summary}: {d.detail} {d.span}" for d in report)


def test_keys_of_the_language_have_its_order_and_names_keep_theirs():
    assert layout("""\
        people:
          zoe: {home: [1.0, 2.0], user: z}
          amy: {user: a}
        territories:
          west: {owner: zoe, size: 2, segment: all}
          east:
            owner: amy
            where: "a > 1"
            segment: all
        segments:
          - {where: "b", name: some}
          - name: all
        accounts:
          columns: {z: "1", a: "2"}
          where: "c"
        """) == dedent("""\
        accounts:
          where: "c"
          columns: {z: "1", a: "2"}
        segments:
          - {name: some, where: "b"}
          - name: all
        territories:
          west: {segment: all, owner: zoe, size: 2}
          east:
            segment: all
            where: "a > 1"
            owner: amy
        people:
          zoe: {user: z, home: [1.0, 2.0]}
          amy: {user: a}
        """)


def test_keys_that_the_language_does_not_know_come_last_as_they_were():
    assert layout("zz: 1\naccounts: {}\naa: 2\n") == "accounts: {}\nzz: 1\naa: 2\n"


def test_policies_and_projects_have_their_own_order():
    policies = "waivers: []\npolicies:\n  p: {assert: x, over: plan, level: hard, says: why}\n"
    expected = "policies:\n  p: {says: why, level: hard, over: plan, assert: x}\nwaivers: []\n"
    assert layout(policies, Kind(PolicyFile)) == expected
    project = "crm: {users: {}, url: x, accounts: {owner: o, table: t}}\nproject: p\n"
    assert layout(project, Kind(ProjectFile)) == (
        "project: p\ncrm: {url: x, accounts: {table: t, owner: o}, users: {}}\n"
    )  # fmt: skip


def test_comments_go_with_what_they_are_about():
    assert layout("""\
        # The file.

        # Who there is.
        people:    # beside people

          # the first one
          zoe: {user: z}     # beside zoe
          # amy: {user: a}
        # What is carved.
        accounts:
          # which ones
          where: "a"
            # or: "b"
        # The end.
        """) == dedent("""\
        # The file.

        # What is carved.
        accounts:
          # which ones
          where: "a"
            # or: "b"

        # Who there is.
        people: # beside people

          # the first one
          zoe: {user: z} # beside zoe
          # amy: {user: a}
        # The end.
        """)


def test_comments_that_stood_below_one_another_still_do():
    text = """\
        accounts:
          where: "a"          # which
          protect: "b > 100"  # hurts
          family: x # one space
        """
    assert layout(text) == dedent("""\
        accounts:
          where: "a" # which
          family: x # one space
          protect: "b > 100" # hurts
        """)
    text = """\
        plan: {starts: 2027-02-01}   # when
        accounts: {}                 # what
        """
    assert layout(text) == "plan: {starts: 2027-02-01} # when\naccounts: {}               # what\n"


def test_brackets_that_do_not_fit_become_blocks():
    ids = ", ".join(f"account-{n:02}" for n in range(12))
    expected = "".join(f"      - account-{n:02}\n" for n in range(12))
    assert layout(f"territories:\n  a: {{segment: s, accounts: [{ids}]}}\n") == (
        f"territories:\n  a:\n    segment: s\n    accounts:\n{expected}"
    )


def test_brackets_with_comments_inside_become_blocks():
    assert layout("""\
        territories:
          a: {segment: s, # why s
              # the pins
              accounts: [x, y]} # beside a
        """) == dedent("""\
        territories:
          a: # beside a
            segment: s # why s
            # the pins
            accounts: [x, y]
        """)


@pytest.mark.parametrize(
    "scalar",
    ["007", "'007'", "yes", '"yes"', "1e3", "0x1F", "~", "null", "1.10", "1_000", "'#x'", '"a: b"', "'it''s'",
     '"\\U0001F642"', "🙂", "東京", "2027-02-01", "10%", "a b  c", "'trailing '", "&a 17", '"a\\tb"'],
)  # fmt: skip
def test_scalars_stay_as_they_were_written(scalar: str):
    assert layout(f"people:   {{ a:   {scalar}  }}\n") == f"people: {{a: {scalar}}}\n"
    assert layout(f"people:\n    a:   {scalar}\n") == f"people:\n  a: {scalar}\n"


def test_a_long_line_is_not_folded():
    expression = "CASE WHEN " + " OR ".join(f"state = 'S{n}'" for n in range(40)) + " THEN 1 ELSE 0 END"
    assert layout(f'accounts:\n     where: "{expression}"\n') == f'accounts:\n  where: "{expression}"\n'


def test_texts_in_lines_keep_their_lines():
    assert layout("""\
        accounts:
            where: >-
                a
                AND b

            protect: |2+
                indented

            # c
            family:
              x
              y
        """) == dedent("""\
        accounts:
          where: >-
            a
            AND b
          # c
          family: x
            y

          protect: |2+
              indented

        """)


def test_blank_lines_are_kept_at_most_one_in_a_row():
    assert layout("\n\nplan: {}\n\n\n\naccounts: {}\n\n# c\n\n\nmoved: []\n\n\n") == (
        "plan: {}\n\naccounts: {}\n\n# c\n\nmoved: []\n"
    )


def test_anchors_come_before_their_aliases():
    text = """\
        territories:
          a: {owner: &o zoe, where: &w "x", segment: s}
          b: {owner: *o, where: *w, segment: s}
          c: {owner: &n amy, segment: *n}
          d: &d
            owner: zoe
            segment: s
          e: {owner: x, <<: *d}
        """
    assert layout(text) == dedent("""\
        territories:
          a: {segment: s, where: &w "x", owner: &o zoe}
          b: {segment: s, where: *w, owner: *o}
          c: {owner: &n amy, segment: *n}
          d: &d
            segment: s
            owner: zoe
          e: {<<: *d, owner: x}
        """)


def test_lists_are_indented_below_their_key():
    assert layout("segments:\n- name: a\n  where: x\n-\n  # about b\n  name: b\n- - 1\n  - 2\n") == (
        "segments:\n  - name: a\n    where: x\n  # about b\n  - name: b\n  - - 1\n    - 2\n"
    )


def test_line_ends_and_byte_order_marks_are_normalised():
    out = laid_out("\ufeff# ä\r\nplan: {}\r\naccounts: {}".encode(), "f", PLAN, Report())
    assert out == "# ä\nplan: {}\naccounts: {}\n".encode()


def test_passwords_are_not_struck_out():
    text = '# postgresql://u:${PASSWORD}@h/d\ncrm: {url: "postgresql://u:secret@h/d"}\n'
    assert layout(text, Kind(ProjectFile)) == text


def test_a_document_marker_is_left_out():
    assert layout("# c\n--- # d\nplan: {}\n...\n") == "# c\n# d\nplan: {}\n"


def test_the_schema_line_comes_first_and_once():
    kind = Kind(PlanFile, "../../s.json")
    line = "# yaml-language-server: $schema=../../s.json"
    assert layout("plan: {}\n", kind) == f"{line}\n\nplan: {{}}\n"
    assert layout("# About the file.\n\nplan: {}\n", kind) == f"{line}\n# About the file.\n\nplan: {{}}\n"
    assert layout("# About the plan.\nplan: {}\n", kind) == f"{line}\n\n# About the plan.\nplan: {{}}\n"
    assert layout("", kind) == f"{line}\n"
    other = "# yaml-language-server: $schema=elsewhere.json\nplan: {}\n"
    assert layout(other, kind) == "# yaml-language-server: $schema=elsewhere.json\n\nplan: {}\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: 1\na: 2\n", '"a" is declared twice: It stands on line 1 already; keep one. f.yaml:2:1'),
        (b"a:\n\tb: 1\n", "This is not YAML: A tab stands where spaces are needed"),
        (b"a: [1\n", "This is not YAML"),
        (b"a: \xff\n", "The file is not UTF-8"),
        (b"{a: b}: c\n", "A key must be a word"),
        (b"a: 1\n---\nb: 2\n", "The file holds several documents"),
        (b"a: &a [*a]\n", "A value holds itself"),
        (b"a: !e 1\n", "A tag cannot stand here"),
    ],
)
def test_what_is_no_yaml_of_the_language_is_told_and_left_alone(content: bytes, said: str):
    assert said in refused(content)


def test_a_thousand_territories_are_laid_out_in_one_pass():
    entries = "".join(f"  t-{n}: {{owner: p-{n}, segment: s}} # {n}\n" for n in range(1000))
    out = layout("territories:\n" + entries)
    assert out.count("{segment: s, owner: p-") == 1000
