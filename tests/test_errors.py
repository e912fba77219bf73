"""What other programs say, made fit to be shown."""

from edgetag.errors import InputError, one_line
from edgetag.tables.formats import format_count


def test_another_programs_message_becomes_one_printable_line() -> None:
    assert one_line("Missing op\nMissing op\n\x00bad\n") == "Missing op; ?bad"
    assert len(one_line("x" * 1000)) == 300
    assert one_line("") == "no reason given"


def test_no_message_steers_a_terminal() -> None:
    assert str(InputError("a\x1b[2J\u202eb\nsecond\tline")) == "a?[2J?b\nsecond?line"


def test_numbers_and_names_keep_their_spaces_in_messages() -> None:
    message = f"猫\u3000の絵.png and {format_count(2599)} more"
    assert str(InputError(message)) == one_line(message) == message
