"""What other programs say, made fit to be shown."""

from edgetag.errors import one_line


def test_another_programs_message_becomes_one_printable_line() -> None:
    assert one_line("Missing op\nMissing op\n\x00bad\n") == "Missing op; ?bad"
    assert len(one_line("x" * 1000)) == 300
    assert one_line("") == "no reason given"
