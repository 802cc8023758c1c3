import pytest

from terraform_like.diagnostics import Halt

OK = "segments: [{name: all}]\nterritories:\n  west: {segment: all}\n"


def lines(report) -> list[tuple[str, int, int]]:
    return [(d.summary, d.span.line, d.span.column) for d in report.said]


def the_one(report):
    (diagnostic,) = report.said
    return diagnostic


@pytest.mark.parametrize(
    ("content", "summary", "line", "column"),
    [
        (OK + "\tx: 1\n", "This is not YAML", 4, 1),
        (OK.encode() + b"# caf\xe9\n", "The file is not UTF-8", 4, 6),
        (OK + "people: {a: {user: \x00}}\n", "This is not YAML", 4, 20),
        (OK + "people: {a: {user: x}\n", "This is not YAML", 4, 9),
        (OK + "---\na: 1\n", "The file holds several documents", 4, 1),
        (OK + "people: !!python/object:os.system {}\n", "A tag cannot stand here", 4, 9),
        (OK + "people: *nobody\n", 'There is no anchor "nobody"', 4, 9),
        (OK + "people: &a {b: *a}\n", "A value holds itself", 4, 16),
        (OK + "? [a]\n: b\n", "A key must be a word", 4, 3),
        (OK + "people: {a: {user: x}, a: {user: y}}\n", '"a" is declared twice', 4, 24),
        (OK + "a: " + "[" * 100_000, "The file nests too deep", 4, 53),
        ("- a\n", "A file must be a mapping", 1, 1),
        ("hello\n", "A file must be a mapping", 1, 1),
        ("\ufeff" + OK.replace("\n", "\r\n") + "bogus: 1\r\n", 'There is no key "bogus" here', 4, 1),
        (OK + "people:\n  a: {user: x}\u2028\n  b: {user: y, hom: 1}\n", 'There is no key "hom" here', 7, 16),
    ],
)
def test_a_file_that_cannot_be_read_is_said_at_its_line_and_column(load, content, summary, line, column):
    found = next(d for d in load(content).said if d.summary == summary)

    assert (found.span.file, found.span.line, found.span.column) == ("plans/fy27/plan.yaml", line, column)
    assert found.span.source


def test_a_file_that_cannot_be_read_brings_no_other_errors(load):
    found = load({"a.yaml": OK + "  east: {segment: all, owner: jane}\n", "b.yaml": "people: {jane: {user: x}\n"})

    assert [d.summary for d in found.said] == ["This is not YAML"]


def test_aliases_that_unfold_without_end_are_refused(load):
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))

    assert the_one(load(bomb)).summary == "The file unfolds to too much"


def test_a_file_of_more_than_ten_megabytes_is_not_opened(load):
    assert the_one(load("#" * 10_000_001)).summary == "The file is too large"


@pytest.mark.parametrize("content", ["", "# nothing\n", "people:\n"])
def test_an_empty_file_says_nothing(load, content):
    assert load({"a.yaml": OK, "b.yaml": content}).wanted is not None


@pytest.mark.parametrize(
    ("entry", "summary", "detail"),
    [
        ("{usr: x}", 'There is no key "usr" here', 'Did you mean "user"?'),
        ("{role: x}", '"user" is missing', "Add it to people.jane."),
        ("5", "people.jane cannot be so", "This must be a mapping, written `key: value`."),
        ("{user: true}", "people.jane.user cannot be so", 'This must be text; put it in quotes. It is "true".'),
        ("{user: x, capacity: '1'}", "people.jane.capacity cannot be so", 'This must be a number. It is "1".'),
        ("{user: x, capacity: true}", "people.jane.capacity cannot be so", 'This must be a number. It is "true".'),
        (
            "{user: x, capacity: .nan}",
            "people.jane.capacity cannot be so",
            'This must be a finite number. It is ".nan".',
        ),
        (
            "{user: x, capacity: .inf}",
            "people.jane.capacity cannot be so",
            'This must be a finite number. It is ".inf".',
        ),
        ("{user: x, capacity: -1}", "people.jane.capacity cannot be so", 'This must be 0 or more. It is "-1".'),
        (
            "{user: x, starts: 2027-02-30}",
            "people.jane.starts cannot be so",
            'There is no such day. It is "2027-02-30".',
        ),
        (
            "{user: x, starts: 20270201}",
            "people.jane.starts cannot be so",
            'A date is written YYYY-MM-DD. It is "20270201".',
        ),
        (
            "{user: x, starts: March 1}",
            "people.jane.starts cannot be so",
            'A date is written YYYY-MM-DD. It is "March 1".',
        ),
        (
            "{user: x, home: [-122.4, 37.7]}",
            "people.jane.home cannot be so",
            "Latitude and longitude look swapped; write [37.7, -122.4].",
        ),
        ("{user: x, home: [1]}", "people.jane.home cannot be so", "This list has too few items."),
    ],
)
def test_a_wrong_entry_is_said_with_its_value_and_the_way_out(load, entry, summary, detail):
    found = load(OK + f"people:\n  jane: {entry}\n")

    assert (summary, detail) in {(d.summary, d.detail.rstrip()) for d in found.said}
    assert {d.span.line for d in found.said} == {5}


@pytest.mark.parametrize(
    ("written", "share"), [("10%", 0.1), ("0.1", 0.1), ("'10 %'", 0.1), ("162.7%", 1.627), ("1", 1.0)]
)
def test_a_share_is_written_in_per_cent_or_as_a_fraction(load, written, share):
    wanted = load(OK + f"balance: {{all: {{within: {{x: {written}}}}}}}\n").wanted

    assert wanted.carving.balance["all"].within == {"x": share}


@pytest.mark.parametrize("written", ["10", "-5%", "ten", "true", "[1]"])
def test_a_share_whose_per_cent_was_forgotten_is_refused(load, written):
    assert load(OK + f"balance: {{all: {{within: {{x: {written}}}}}}}\n").brief == [
        ("plans/fy27/plan.yaml:4:29", "balance.all.within.x cannot be so")
    ]


def test_ids_and_words_stay_as_they_are_written(load):
    ids = ["007", "1.10", "+5", "-0", "0x1F", "1e3", "1_0", "on", "no", "yes", "2024-01-01"]
    wanted = load(
        f"segments: [{{name: all}}]\nterritories: {{west: {{segment: all, accounts: [{', '.join(ids)}]}}}}\n"
    ).wanted

    assert list(wanted.carving.territories["west"].accounts) == ids


def test_errors_of_all_entries_and_files_are_said_at_once_and_none_follows_from_another(load):
    found = load(
        {
            "plan.yaml": OK
            + "  b: {segment: al}\n  c: {segmet: all}\n  d: {segment: all, owner: jane, where: 'x +'}\n",
            "people.yaml": "people: {jane: {usr: x}}\n",
        }
    )

    assert [d.summary for d in found.said] == [
        '"user" is missing',
        'There is no key "usr" here',
        'There is no segment "al"',
        '"segment" is missing',
        'There is no key "segmet" here',
        "territories.d.where cannot be evaluated",
    ]


def test_a_name_declared_twice_across_files_names_both_places(load):
    found = the_one(load({"a.yaml": OK, "b.yaml": "territories: {west: {segment: all}}\n"}))

    assert (found.summary, str(found.span)) == ('"west" is declared twice', "plans/fy27/b.yaml:1:15")
    assert "plans/fy27/a.yaml:3:3" in found.detail


def test_what_a_mapping_says_stands_above_what_it_merges_wherever_the_merge_stands(load):
    people = "people:\n  a: &a {user: x, role: se}\n  b: {user: y, <<: *a}\n  c: {<<: [*a], user: z, role: ae}\n"
    wanted = load(OK + people).wanted

    assert {n: (p.user, p.role) for n, p in wanted.carving.people.items()} == {
        "a": ("x", "se"),
        "b": ("y", "se"),
        "c": ("z", "ae"),
    }


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("  where: x + foo(y)\n", (5, 14)),
        ("  where: 'a = ''b'' AND foo(y)'\n", (5, 25)),
        ('  where: "a = \\"b\\" AND foo(y)"\n', (5, 25)),
        ("  where: >-\n    x +\n    foo(y)\n", (5, 10)),
        ("  where: |\n    foo(y)\n", (5, 10)),
        ("  where: &w x + foo(y)\n", (5, 10)),
    ],
)
def test_an_error_in_an_expression_points_at_the_character_or_at_the_whole_value(load, said, place):
    found = the_one(load(OK + "accounts:\n" + said))

    assert found.detail == 'There is no function "foo". Did you mean "floor"?'
    assert (found.span.line, found.span.column) == place


def test_territories_of_count_are_numbered_and_known_by_the_line_that_makes_them(load):
    wanted = load(OK + "  smb: {segment: all, count: 12}\n").wanted

    assert [n for n in wanted.carving.territories if n != "west"] == [f"smb-{n:02d}" for n in range(1, 13)]
    assert wanted.locate(("territories", "smb-03", "segment")).line == 4
    assert wanted.locate(("territories", "smb-03"), key=True).column == 3


def test_an_account_is_pinned_to_one_that_count_makes_by_its_name_and_no_other_name(load):
    wanted = load(OK + "  smb: {segment: all, count: 2, pins: {smb-02: [A-1]}}\n").wanted

    assert wanted.carving.territories["smb-01"].accounts == ()
    assert wanted.carving.territories["smb-02"].accounts == ("A-1",)
    span = wanted.locate(("territories", "smb-02", "accounts", 0))
    assert span.source[span.column - 1 :].startswith("A-1")
    found = the_one(load(OK + "  smb: {segment: all, count: 2, pins: {smb-3: [A-2]}}\n"))
    assert found.summary == '`count` of "smb" makes no "smb-3"'


def test_a_larger_count_gives_no_territory_another_name(load):
    few, many = (load(OK + f"  smb: {{segment: all, count: {n}}}\n").wanted.carving.territories for n in (12, 120))

    assert set(few) < set(many)
    assert "smb-120" in many


def test_a_rename_of_alike_territories_renames_each_of_them_over_a_chain_too(load):
    moved = "moved: [{from: a, to: b}, {from: b, to: smb}, {from: east, to: west}]\n"
    renames = load(OK + "  smb: {segment: all, count: 2}\n" + moved).wanted.carving.renames()

    assert {old: new for old, new in renames.items() if old != "a" and old != "b"} == {
        "a-01": "smb-01",
        "a-02": "smb-02",
        "b-01": "smb-01",
        "b-02": "smb-02",
        "east": "west",
    }


def test_alike_territories_can_swap_names(load):
    moved = "moved: [{from: x, to: y}, {from: y, to: x}]\n"
    carving = load(OK + "  x: {segment: all, count: 1}\n  y: {segment: all, count: 2}\n" + moved).wanted.carving

    assert {"x-01": "y-01", "y-01": "x-01", "x-02": "y-02"}.items() <= carving.renames().items()
    assert ("x-01", "y-01") in carving.swaps


@pytest.mark.parametrize(
    ("more", "warned"),
    [
        ("  east: {segment: all}\n", True),
        ("  east: {segment: all, where: 'x > 1'}\n  north: {segment: all, where: 'x > 1'}\n", True),
        ("  east: {segment: all, where: 'x > 1'}\n", False),
        ("  east: {segment: all, rule: 'x > 1'}\n", False),
        ("  east: {segment: all}\nbalance: {defaults: {at_most: {accounts: 9}}}\n", False),
    ],
)
def test_it_is_told_where_nothing_says_how_even_books_must_be(load, more, warned):
    found = load(OK + more)

    assert found.wanted is not None
    assert [d.summary for d in found.said] == ["Nothing says how even the books of all must be"] * warned


@pytest.mark.parametrize(
    ("entry", "summary"),
    [
        ("smb: {segment: all, count: 3, where: 'x +'}", "territories.smb-01.where cannot be evaluated"),
        ("smb: {segment: all, count: 3, owner: jane}", 'There is no person "jane"'),
        ("smb: {segment: all, count: 3, accounts: [A]}", "territories.smb cannot be so"),
        ("smb: {segment: all, count: 3, rule: x}", "territories.smb cannot be so"),
        ("smb: {segment: all, count: 1.0}", "territories.smb.count cannot be so"),
        ("smb: {segment: all, count: 2}\n  smb-01: {segment: all}", '"smb-01" is declared twice'),
        ("x" * 80 + ": {segment: all, count: 2}", f'"{"x" * 80}" is too long for a name'),
    ],
)
def test_what_is_wrong_with_alike_territories_is_wrong_once(load, entry, summary):
    assert the_one(load(OK + f"  {entry}\n")).summary == summary


def test_defaults_hold_for_every_segment_that_does_not_say_otherwise(load):
    said = "segments: [{name: a, where: x}, {name: b}]\nterritories: {p: {segment: a}, q: {segment: b}}\n"
    said += "balance:\n  defaults: {within: {x: 10%}, prefer: {travel: 2}}\n  a: {within: {y: 20%}, prefer: {fit: 5}}\n"
    wanted = load(said).wanted
    balance = wanted.carving.balance

    assert (balance["a"].within, balance["b"].within) == ({"x": 0.1, "y": 0.2}, {"x": 0.1})
    assert (balance["a"].prefer.travel, balance["a"].prefer.fit) == (2, 5)
    assert wanted.locate(("balance", "b", "within", "x")).line == 4


def test_a_wrong_default_is_wrong_once_and_where_it_stands(load):
    found = load(OK + "balance:\n  defaults: {prefer: {disruptoin: 3}}\n  all: {within: {x: 5%}}\n")

    assert lines(found) == [('There is no key "disruptoin" here', 5, 23)]


@pytest.mark.parametrize(
    ("said", "summary"),
    [
        ("people: {a: {user: J@x.com}, b: {user: j@X.com}}", '"j@X.com" stands twice'),
        ("balance: {al: {}}", 'There is no segment "al"'),
        ("overcarve: {slot: {segment: al}}", 'There is no segment "al"'),
        ("overcarve: {slot: {segment: all, cover: {by: [jane]}}}", 'There is no person or role "jane"'),
        ("overcarve: {slot: {segment: all, filled_by: jane}}", 'There is no person "jane"'),
        ("overcarve: {slot: {segment: all, accounts: [A, A]}}", 'The account "A" is pinned twice'),
        ("overcarve: {west: {segment: all}}", '"west" is declared twice'),
        ("accounts: {protect: ''}", "accounts.protect cannot be evaluated"),
    ],
)
def test_what_does_not_hold_between_parts_is_said(load, said, summary):
    assert the_one(load(OK + said + "\n")).summary == summary


def test_segments_after_one_that_takes_all_are_unreachable_unless_they_name_accounts(load):
    segments = "segments: [{name: a}, {name: b, accounts: [x]}, {name: c}, {name: d, where: x}]\n"
    books = "territories: {p: {segment: a}, q: {segment: b}, r: {segment: c}, s: {segment: d}}\n"

    assert [d.summary for d in load(segments + books).said] == [
        'No account can reach the segment "c"',
        'No account can reach the segment "d"',
    ]


def test_a_folder_whose_name_is_no_name_is_no_plan(load):
    assert the_one(load(OK, plan="my plan")).summary == '"my plan" cannot be the name of a plan'


# territory.yaml


def test_a_missing_or_empty_environment_variable_is_named(load):
    project = 'project: acme\ncrm: {url: "${DB}/${a-b}"}\nstate: ${EMPTY}\n'
    found = load(OK, project=project, environment={"EMPTY": ""})

    assert [d.summary for d in found.said] == [
        '"a-b" is not the name of a variable',
        "The environment has no DB",
        "The environment has no EMPTY",
    ]


def test_what_reaches_neither_crm_nor_state_needs_no_login(load, tmp_path):
    from terraform_like.config.load import open_repository

    load(OK, project='project: acme\ncrm: {url: "${DB}"}\nstate: "${DB}"\n')
    project = open_repository(tmp_path, {}, offline=True).project

    assert project.crm.url.get_secret_value() == "${DB}"
    with pytest.raises(Halt):
        open_repository(tmp_path, {})
    with pytest.raises(Halt):
        (tmp_path / "territory.yaml").write_text('project: acme\ncrm: {url: "${a-b}"}\n')
        open_repository(tmp_path, {}, offline=True)


@pytest.mark.parametrize(
    "project",
    [
        'project: acme\ncrm: {url: "${DB}", bogus: 1, provider: ["${DB}"]}\nstate: "${DB}"\n',
        'project: acme\ncrm: {url: "postgresql://u:hunter2@h/db", bogus: 1}\n',
        "project: acme\ncrm: postgresql://u:hunter2@h/db\n",
    ],
)
def test_a_secret_stands_in_no_message(load, project):
    found = load(OK, project=project, environment={"DB": "postgresql://u:hunter2@h/db"})

    assert found.said
    assert "hunter2" not in repr(found.said)


def test_a_secret_stands_in_no_repr(load, tmp_path):
    from terraform_like.config.load import open_repository

    load(OK, project='project: acme\ncrm: {url: "${DB}"}\nstate: "${DB}"\n', environment={"DB": "sqlite://hunter2"})
    repository = open_repository(tmp_path, {"DB": "sqlite://hunter2"})

    assert repository.project.crm.url.get_secret_value() == "sqlite://hunter2"
    assert "hunter2" not in repr(repository) + str(repository.project) + repository.project.model_dump_json()


def test_variables_are_read_from_the_environment_here_and_nowhere_else(load):
    wanted = load(OK + "people: {a: {user: '${HOME}'}}\n", environment={"HOME": "x"}).wanted

    assert wanted.carving.people["a"].user == "${HOME}"


# Policies


@pytest.mark.parametrize(("written", "number"), [("10%", "0.1"), ("'12.5 %'", "0.125"), ("135%", "1.35")])
def test_a_limit_in_per_cent_is_refused_with_the_number_that_is_meant(load, written, number):
    policies = f"policies: {{p: {{over: plan, measure: share(arr), at_most: {written}}}}}\n"
    found = the_one(load(OK, policies=policies))

    assert found.summary == "policies.p.at_most cannot be so"
    assert f"write {number}." in found.detail


@pytest.mark.parametrize(
    ("policies", "summary"),
    [
        ("policies: {p: {over: plan, assert: 'x +'}}\n", "policies.p.assert cannot be evaluated"),
        ("policies: {p: {over: plan, measure: spred(x), at_most: 1}}\n", "policies.p.measure cannot be evaluated"),
        ("policies: {p: {over: plan, measure: count, at_most: .nan}}\n", "policies.p.at_most cannot be so"),
        ("policies: {p: {over: plan, assert: false}}\n", "policies.p.assert cannot be so"),
        (
            "waivers: [{policy: p, subject: account.A, owner: o, reason: r, expires: 2027-01-01}]\n",
            'There is no policy "p"',
        ),
        ("approvals: [{when: 'x +', from: [o]}]\n", "approvals.0.when cannot be evaluated"),
    ],
)
def test_what_is_wrong_with_a_policy_is_said_at_its_line(load, policies, summary):
    found = the_one(load(OK, policies=policies))

    assert found.summary == summary
    assert (found.span.file, found.span.line) == ("policies/gate.yaml", 1)
