"""What tables say of a verdict: files, splits, tags that are shown first, pictures."""

from edgetag.tables import Table
from edgetag.validation.pictures_result import PicturesComparison, SplitPictures
from edgetag.validation.result import Loss
from edgetag.validation.tables import file_cell, pictures_table, scores_table, worst_first
from tests.support.made_results import scored, tag


def cells(table: Table) -> list[list[str]]:
    return [list(row) for row in table.texts]


def test_a_file_that_edgetag_did_not_export_is_called_given_and_only_what_ships_is_marked() -> None:
    entries = [scored(name, "litert", "test", 0.004) for name in ("int8", "mine")]
    files = [row[0] for row in scores_table("Scores", entries, ships=["int8"]).rows]
    assert [file.text for file in files] == ["int8", "mine (given)"]
    assert [file.badges for file in files] == [("ships",), ()]
    assert file_cell("int8", own=True).badges == ()


def test_a_split_for_information_says_that_it_decides_nothing() -> None:
    entries = [scored("int8", "litert", split, 0.004) for split in ("test", "test_style")]
    table = scores_table("Scores", entries)
    assert [row[2].note for row in table.rows] == ["decides", "for information"]
    assert ["decides nothing" in row[-1].text for row in table.rows] == [False, True]


def test_a_pass_says_that_something_was_lost_beyond_a_margin_and_not_within_one() -> None:
    entry = scored("fp32", "litert", "test", 0.0).replace(verdict="pass")

    def told(within: bool) -> str:
        loss = Loss(
            tag="cat", measure="ap", drop=0.1, interval=None, p_holm=0.001, within_margin=within
        )
        return cells(scores_table("", [entry.replace(losses=(loss,))]))[0][-1]

    assert told(within=True) == cells(scores_table("", [entry]))[0][-1]
    assert told(within=False) != told(within=True)


def test_tags_keep_their_order_where_all_are_shown_and_else_the_worst_come_first() -> None:
    tags = [
        tag("steady", True, 0.0).replace(verdict="pass"),
        tag("open", True, 0.01).replace(verdict="undecided"),
        tag("better", True, -0.2).replace(verdict="pass"),
        tag("broken", True, 0.3).replace(verdict="fail"),
    ]
    assert worst_first(tags, 4) == tags
    assert [each.tag for each in worst_first(tags, 3)] == ["broken", "open", "better", "steady"]


def test_what_a_reference_does_not_know_of_pictures_is_called_unknown() -> None:
    split = SplitPictures(split="test", known=50, missing=1, new=2, relabelled=3, regrouped=4)
    known = PicturesComparison(splits=(split,))
    assert cells(pictures_table(known)) == [["test", "50", "1", "2", "3", "4"]]
    no_groups = split.replace(regrouped=None)
    older = PicturesComparison(splits=(no_groups,), labels_known=False)
    assert cells(pictures_table(older)) == [["test", "50", "1", "2", "unknown", "unknown"]]
