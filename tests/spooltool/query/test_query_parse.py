"""Arguments to trees: joining, groups, ids, and every error with its column."""

from __future__ import annotations

import pytest

from spooltool.errors import QueryError
from spooltool.query import parse, parse_ids, parse_text


@pytest.mark.parametrize(
    ("args", "canonical"),
    [
        (["stuck", "dst:a"], "stuck dst:a"),
        (["stuck", "or", "held"], "stuck or held"),
        (["stuck or held", "dst:a"], "(stuck or held) dst:a"),
        (["stuck", "or", "held", "dst:a"], "stuck or held dst:a"),
        (["(stuck", "or", "held)", "dst:a"], "(stuck or held) dst:a"),
        (["(", "stuck", "or", "held", ")", "dst:a"], "(stuck or held) dst:a"),
        (["stuck and dst:a"], "stuck dst:a"),
        (["not stuck"], "not stuck"),
        (["not", "(stuck or held)"], "not (stuck or held)"),
        (["not", "stuck", "held"], "not stuck held"),
        (["dst:a", "R001njchs", "002njchs"], "R001njchs 002njchs dst:a"),
        (["age>2h"], "age:2h.."),
        (["age<=90m"], "age:..90m"),
        (["age:1h30m..36h"], "age:90m..36h"),
        (["age:1.5h.."], "age:90m.."),
        (["older:0"], "age:0.."),
        (["newer:1w"], "age:..1w"),
        (["age:2h..2h"], "age:2h..2h"),
        (["attempts>3"], "attempts:4.."),
        (["size<5M"], "size:..5242879"),
        (["larger:1.5K"], "size:1536.."),
        (["smaller:2048"], "size:..2K"),
        (["from:<>"], "from:<>"),
        (["from:null,@example.com"], "from:<>,@example.com"),
        (['from:"null"'], 'from:"null"'),
        (['from:"@odd"@example.com'], 'from:"@odd@example.com"'),
        (["from:*@*.example.com"], "from:*@*.example.com"),
        (['subject:"a b"*"c,d"'], 'subject:"a b"*"c,d"'),
        (["subject:(fwd)"], 'subject:"(fwd)"'),
        (["(subject:(fwd) stuck)"], 'subject:"(fwd)" stuck'),
        (['subject:"say \\"hi\\" c:\\\\x"'], 'subject:"say \\"hi\\" c:\\\\x"'),
        (["subject:re:"], "subject:re:"),
        (["header:X-Spam:yes:no"], "header:x-spam:yes:no"),
        (["dst:[2001:DB8::1]:2525,b:26,::1"], "dst:[2001:db8::1]:2525,b:26,::1"),
        (["dst:10.1.5.77/24"], "dst:10.1.5.0/24"),
        (["dir:D_resend,HOLD"], "dir:resend,hold"),
        (["/var/spool/relay/D_resend/R001njchs"], "D_resend/R001njchs"),
        (["/old/spool/R1234"], "./R1234"),
        ([".spooltool/trash/R001njchs"], ".spooltool/trash/R001njchs"),
        (["Rdeadbeef"], "Rdeadbeef"),
        ([], ""),
    ],
)
def test_canonical_text(args, canonical):
    query = parse(args)
    assert query.unparse() == canonical
    assert parse_text(canonical) == query
    assert parse(query.arguments()) == query


@pytest.mark.parametrize(
    ("args", "column", "says", "hint"),
    [
        (["stuk"], 1, "neither an id", "did you mean stuck?"),
        (["stuck", "frobnicate"], 7, "neither an id", "keywords:"),
        (["stuck", "refused"], 7, "neither an id", "write reason:refused"),
        (["anna@example.org"], 1, "neither an id", "rcpt:anna@example.org"),
        (["10.1.5.2"], 1, "neither an id", "write dst:10.1.5.2"),
        (["mx1.example.net:25"], 1, "neither an id", "write dst:mx1.example.net:25"),
        (["*"], 1, "neither an id", "--all"),
        (["dest:10.1.5.2"], 1, "no field `dest`", "did you mean dst:?"),
        (["D_nowhere/R001njchs"], 1, "neither an id", ""),
        (["dst:"], 5, "`dst` has no value", "write dst:"),
        (["dst:a,,b"], 7, "empty value", "blanks"),
        (["dst:a,"], 7, "empty value", "blanks"),
        (["dst:", "a"], 5, "no value", ""),
        (['dst:""'], 7, "no value", ""),
        (["dst"], 1, "no value", ""),
        (["stuck", ""], 7, "empty argument", "variable"),
        (["", "stuck"], 1, "empty argument", "variable"),
        (["  "], 1, "empty argument", "variable"),
        (["age"], 1, "`age` has no value", "the shell may have taken the `>`"),
        (["stuck", "attempts"], 7, "no value", "the shell may have taken the `>`"),
        (["age:"], 5, "no value", "the shell may have taken the `>`"),
        (["older"], 1, "no value", "the shell may have taken the `>`"),
        (["age>"], 5, "no value", "the shell may have taken"),
        (["age>", "or", "stuck"], 5, "no value", "the shell may have taken"),
        (["age:.."], 5, "no value", ""),
        (["age:2"], 5, "not a duration", "write age:2h..5d"),
        (["age:2h"], 5, "exact", "age:2h.."),
        (["age:5d..2h"], 5, "backwards", ""),
        (["age:2h..5"], 9, "not a duration", ""),
        (["older:soon"], 7, "not a duration", "older:2h"),
        (["older:1h..2h"], 7, "not a duration", ""),
        (["older>2h"], 1, "no value", ""),
        (["older:>2h"], 8, "cannot be compared", ""),
        (["attempts:many"], 10, "not a whole number", "attempts:3.."),
        (["attempts:-1"], 10, "not a whole number", ""),
        (["attempts:٣"], 10, "not a whole number", ""),
        (["attempts<0"], 10, "goes so far", ""),
        (["attempts:=3"], 11, "cannot be compared", ""),
        (["code:42"], 6, "reply code", ""),
        (["code>599"], 6, "goes so far", ""),
        (["size:5X"], 6, "not a size", "size:5M.."),
        (["size:99999999999999999999"], 6, "not a size", ""),
        (["reason:refusd"], 8, "cannot be", "did you mean refused?"),
        (["dir:nowhere"], 5, "cannot be", "one of:"),
        (["dst:a_b c"], 9, "neither an id", ""),
        (["dst:under_score,-x"], 17, "is no host", ""),
        (["dst:10.1.5.0/33"], 5, "is no network", ""),
        (["dst:*:99999"], 5, "is no host", ""),
        (["from:@"], 7, "no domain", ""),
        (["rcpt:<>"], 6, "only from:", ""),
        (["from<a"], 1, "no value", ""),
        (["header:x-spam"], 14, "no text", "header:x-spam:*"),
        (["header:x-spam:"], 15, "no text", ""),
        (['header:"x spam":a'], 9, "no name of a header", ""),
        (["stuck or"], 9, "after `or`", ""),
        (["or", "stuck"], 1, "wants a term before", ""),
        (["stuck or or held"], 10, "after `or`", ""),
        (["stuck and"], 10, "after `and`", ""),
        (["not"], 4, "after `not`", ""),
        (["(stuck"], 1, "never closed", ""),
        (["stuck)"], 6, "closes nothing", ""),
        (["()"], 2, "missing before `)`", ""),
        (['subject:"a b'], 9, "never closed", ""),
        (["> 2h"], 1, "ordered field", ""),
        (["-"], 1, "standard input", ""),
        (["(" * 5000 + "stuck" + ")" * 5000], 100, "nested", ""),
        (["not " * 5000 + "stuck"], 397, "nested", ""),
    ],
)
def test_errors_name_their_column(args, column, says, hint):
    with pytest.raises(QueryError) as caught:
        parse(args)
    assert says in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.column == column


def test_a_blank_filter_bar_is_everything():
    assert parse_text("").is_everything
    assert parse_text("  \t").is_everything
    assert not parse_text("nothing").is_everything


def test_ids_and_paths_are_kept_as_typed():
    query = parse(["stuck", "R001njchs", "D_hold/E002njchs", "R001njchs"])
    assert [word.word for word in query.ids] == ["R001njchs", "D_hold/E002njchs"]
    assert [word.word for word in query.paths] == ["D_hold/E002njchs"]
    assert not query.only_ids
    assert parse(["R001njchs"]).only_ids
    assert parse(["stuck"]).ids == ()
    assert parse(["not", "001njchs"]).ids == ()


def test_an_absolute_path_keeps_its_root_for_the_caller():
    (word,) = parse(["/var/spool/relay/D_resend/R001njchs"]).ids
    assert (word.root, word.file) == ("/var/spool/relay", "D_resend/R001njchs")


def test_piped_ids_narrow_and_an_empty_pipe_is_nothing(row):
    piped = parse(["-", "stuck"], stdin=["001njchs", "D_hold/R002"])
    assert piped.unparse() == "001njchs D_hold/R002 stuck"
    empty = parse(["-"], stdin=[])
    assert not empty.is_everything
    assert empty.only_ids
    assert empty.matches(row()) is False
    assert parse(["-", "stuck"], stdin=[]).matches(row()) is False


def test_parse_ids_takes_the_first_word_of_each_line():
    text = "# ID  AGE\nR001njchs\t18493\t31\n\n  D_hold/R002njchs  x\nE003njchs"
    assert parse_ids(text) == ["R001njchs", "D_hold/R002njchs", "E003njchs"]
    assert parse_ids("R001njchs\0D_hold/R002njchs\0", null=True) == [
        "R001njchs",
        "D_hold/R002njchs",
    ]
    assert parse_ids("") == []


def test_parse_ids_refuses_what_is_no_id():
    with pytest.raises(QueryError) as caught:
        parse_ids("R001njchs\n  spooltool: no spool\n")
    assert "item 2" in caught.value.message
    assert caught.value.column == 3
