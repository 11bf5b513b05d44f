"""The language of `relay dbedit`: what a line does, what it says, what is written when."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.config.checkpoint.database import Database
from relay.config.checkpoint.session import Ended, Failed, Said, Session, Write
from relay.config.checkpoint.syntax import decode

FIXTURES = Path(__file__).parents[4] / "fixtures/checkpoint"
NG = (FIXTURES / "ng/objects_5_0.C").read_bytes()
V41 = (FIXTURES / "v41/objects.C").read_bytes()

CHAPTER = """dbedit> modify network_objects craig
   firewall_settings:smtp:detailed_smtp_err_email
   true
   dbedit> update network_objects craig
   """


class Editor:
    """A session on bytes, with what it said, refused and wrote."""

    def __init__(self, source: bytes, *, bare: bool = False) -> None:
        self.session = Session(Database(decode(source)), bare_members=bare)
        self.said: list[str] = []
        self.failed: list[str] = []
        self.written: list[bytes] = []
        self.ended = False

    def run(self, text: str) -> Editor:
        for line in text.split("\n"):
            for answer in self.session.take(line):
                match answer:
                    case Said(said):
                        self.said.append(said)
                    case Failed(failed):
                        self.failed.append(failed)
                    case Write(content, _):
                        self.written.append(content)
                    case Ended():
                        self.ended = True
        return self


def test_the_example_of_the_chapter_word_for_word() -> None:
    editor = Editor(NG).run(CHAPTER)
    assert editor.failed == []
    assert editor.written == [
        NG.replace(b":detailed_smtp_err_mail (0)", b":detailed_smtp_err_mail (true)")
    ]


def test_a_field_that_has_the_other_spelling_is_the_one_that_changes() -> None:
    source = NG.replace(b"detailed_smtp_err_mail", b"detailed_smtp_err_email")
    editor = Editor(source).run(CHAPTER)
    assert editor.written == [
        source.replace(b":detailed_smtp_err_email (0)", b":detailed_smtp_err_email (true)")
    ]


def test_nothing_is_written_before_update() -> None:
    editor = Editor(NG).run("modify network_objects craig color blue")
    assert editor.written == []
    assert editor.session.not_updated == ("network_objects craig",)
    editor.run("update network_objects craig")
    assert editor.written == [NG.replace(b"(firebrick)", b"(blue)")]
    assert editor.session.not_updated == ()


def test_update_writes_one_object_and_leaves_the_others() -> None:
    editor = Editor(NG).run(
        "modify network_objects craig color blue\nmodify network_objects office color red\n"
        "update network_objects office"
    )
    assert editor.written == [NG.replace(b"(green)", b"(red)")]
    assert editor.session.not_updated == ("network_objects craig",)


def test_update_all_and_quit() -> None:
    editor = Editor(NG).run("modify network_objects office color red\nquit -update_all")
    assert editor.written == [NG.replace(b"(green)", b"(red)")]
    assert editor.ended


def test_quit_alone_drops_what_was_not_updated() -> None:
    editor = Editor(NG).run("modify network_objects office color red\n-q")
    assert (editor.written, editor.ended) == ([], True)
    assert editor.session.not_updated == ("network_objects office",)


def test_what_was_created_and_deleted_again_leaves_the_file_as_it_was() -> None:
    editor = Editor(NG).run(
        "create host_plain new1\nmodify network_objects new1 ipaddr 10.1.9.9\n"
        "addelement network_objects mail_servers '' network_objects:new1\nupdate_all\n"
        "delete network_objects new1"
    )
    assert editor.failed == ["new1 is named by network_objects mail_servers"]
    again = Editor(editor.written[0])
    assert again.run("query network_objects ipaddr=10.1.9.9").said == [
        "Object Name: new1  (host, 10.1.9.9)"
    ]
    editor.run(
        "rmelement network_objects mail_servers '' network_objects:new1\n"
        "delete network_objects new1\nupdate_all"
    )
    assert editor.written[-1] == NG


def test_a_4_1_file_keeps_its_line_ends_blanks_and_bare_members() -> None:
    editor = Editor(V41, bare=True).run(
        "addelement netobj servers '' netobj:gate\n"
        "modify network_objects gate firewall_settings:smtp:timeout 100\n"
        "create host_plain new1\nupdate_all"
    )
    assert editor.failed == []
    (written,) = editor.written
    assert b"\n" not in written.replace(b"\r\n", b"")
    assert b"\t" not in written
    assert b"                        : notes\r\n                        : gate\r\n" in written
    assert b":smtp (\r\n" + b" " * 40 + b":timeout (100)\r\n" in written
    lines = written.split(b"\r\n")
    assert [line for line in V41.split(b"\r\n") if line not in lines] == []


def test_the_first_object_of_an_empty_table() -> None:
    for empty in (b":services ()", b":services (services\n\t)", b":services (services)"):
        source = b"(\n\t" + empty + b"\n)\n"
        editor = Editor(source).run("create tcp_service smtp\nupdate_all")
        (written,) = editor.written
        document = decode(written)
        assert document.defects == ()
        section = document.root.find("services")
        assert section is not None
        assert [one.value for one in section.members()] == ["smtp"]
        assert Editor(written).run("delete services smtp\nupdate_all").failed == []


def test_a_value_that_names_an_object_is_a_reference() -> None:
    editor = Editor(NG).run("modify resources smtp_in cvp:server servers:scan1\nupdate_all")
    field = b"\t\t\t\t\t:Table (servers)\n"
    uid = b'\t\t\t\t\t:Uid ("{0000000C-7D1C-4B0E-9A55-3C0FFEE0000C}")\n'
    assert editor.written == [NG.replace(field, field + uid)]
    quoted = Editor(NG).run('modify network_objects office comments "servers:scan1"\nupdate_all')
    assert b':comments ("servers:scan1")' in quoted.written[0]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (
            "modify network_object craig x 1",
            "no table is called 'network_object'; network_objects?",
        ),
        ("print network_objects crag", "no object of network_objects is called 'crag'; craig?"),
        (
            "modify network_objects craig firewall_settings:smtp:timout 1",
            "no field is called 'firewall_settings:smtp:timout'; firewall_settings:smtp:timeout?",
        ),
        ("modify network_objects craig colour red", "no field is called 'colour'; color?"),
        (
            "modify network_objects craig firewall_settings:smtp:timeout soon",
            "timeout wants a whole number of seconds, not 'soon'",
        ),
        (
            "modify network_objects craig firewall_settings 3",
            "firewall_settings is a list of fields",
        ),
        ("modify resources smtp_in cvp:server scan1", "cvp:server is a reference: TABLE:OBJECT"),
        (
            "modify network_objects craig comments 'a \"b\"'",
            "a double quote cannot stand in a value",
        ),
        ("modify network_objects craig sic owned:x", "owned: values are not made here"),
        (
            "modify network_objects craig color servers:scan",
            "no object of servers is called 'scan'",
        ),
        ("create host x", "no class is called 'host'; host_plain?"),
        ("create host_plain a(b", "is no name"),
        ("create host_plain craig", "network_objects craig is there already"),
        ("delete network_objects exchange1", "exchange1 is named by network_objects mail_servers"),
        (
            "addelement network_objects inside '' network_objects:office",
            "office is a member already",
        ),
        ("addelement network_objects inside '' office", "a member is TABLE:OBJECT, not 'office'"),
        ("rmelement network_objects inside '' network_objects:craig", "craig is no member"),
        ("addelement network_objects inside x network_objects:craig", "no field is called 'x'"),
        ("modfy network_objects craig color red", "no command is called 'modfy'; modify?"),
        ("update network_objects", "update wants TABLE OBJECT"),
        ("query network_objects ipaddr", "a condition is FIELD=VALUE"),
    ],
)
def test_a_mistake_names_what_was_meant_and_changes_nothing(line: str, text: str) -> None:
    editor = Editor(NG).run(line + "\n")
    assert [text in failed for failed in editor.failed] == [True]
    assert editor.run("update_all").written == []


def test_fields_of_a_resource_are_made_in_their_groups() -> None:
    editor = Editor(NG).run(
        "modify resources smtp_out action_2:strip_script_tags true\n"
        "modify resources smtp_out action_1:sender:original *@old.example\n"
        "modify resources smtp_out mail-delivery-server 10.1.1.1\nupdate_all"
    )
    assert editor.failed == []
    (written,) = editor.written
    assert b":action_2 (\n\t\t\t\t:strip_script_tags (true)\n\t\t\t)\n" in written
    assert b'\t\t\t\t:sender (\n\t\t\t\t\t:original ("*@old.example")\n' in written
    assert b":mail-delivery-server (10.1.1.1)" in written


def test_a_command_goes_on_until_it_has_its_words() -> None:
    editor = Editor(NG).run("modify network_objects\n  craig color")
    assert editor.session.waiting
    editor.run("blue\nupdate_all")
    assert editor.written == [NG.replace(b"(firebrick)", b"(blue)")]


@pytest.mark.parametrize("line", ["update network_objects office", "update_all", ""])
def test_a_command_that_lacks_words_ends_before_the_next(line: str) -> None:
    editor = Editor(NG).run(f"modify network_objects craig color\n{line}")
    assert editor.failed == ["modify wants TABLE OBJECT FIELD VALUE"]
    assert not editor.session.waiting


def test_a_value_of_several_words_takes_the_rest_of_the_line() -> None:
    editor = Editor(NG).run("modify network_objects office comments the whole house\nupdate_all")
    assert b':comments ("the whole house")' in editor.written[0]


def test_comments_and_blank_lines_say_nothing() -> None:
    editor = Editor(NG).run("# a script\n\n   # more")
    assert (editor.said, editor.failed) == ([], [])


def test_print_shows_the_head_and_every_field() -> None:
    editor = Editor(NG).run("print network_objects exchange1")
    assert editor.said == [
        "Object Name: exchange1\n"
        "Object UID: {00000003-7D1C-4B0E-9A55-3C0FFEE00003}\n"
        "Class Name: host_plain\n"
        "Table Name: network_objects\n"
        "Last Modified: Tue Mar  4 09:12:31 2003 by anna\n"
        "Fields Details\n"
        "--------------\n"
        "    color: blue\n"
        "    comments: internal mail, first floor (rack 2) call J\xfcrgen before a restart\n"
        "    ipaddr: 10.1.5.2\n"
        "    type: host"
    ]


def test_help_lists_every_command() -> None:
    said = Editor(NG).run("help").said
    assert [line.split()[0] for line in said][:3] == ["modify", "addelement", "rmelement"]


def test_the_second_object_of_a_name_stays_as_it_is() -> None:
    one = b"\t\t: (a\n\t\t\t:color (1)\n\t\t)\n"
    source = b"(\n\t:netobj (netobj\n" + one + one + b"\t)\n)\n"
    editor = Editor(source).run("modify netobj a color 2\nupdate_all")
    assert editor.written == [source.replace(b"(1)", b"(2)", 1)]
