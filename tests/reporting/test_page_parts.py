"""Parts of the page by themselves: thumbnails, what is left out, numbers in words."""

import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgetag.conversion.result import ElementType
from edgetag.dataset.result import DroppedImage
from edgetag.dataset.view import Rows
from edgetag.errors import InputError
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.reporting.float_model import exclusive_tags
from edgetag.reporting.page import (
    changes,
    curves,
    float_errors,
    pictures,
    shipping,
    tags,
)
from edgetag.reporting.page.data import read_rejected
from edgetag.reporting.page.thumbnails import THUMBNAIL_PX
from edgetag.reporting.page.view import View
from edgetag.reporting.page.write import write_page
from edgetag.reporting.sources import Sources
from edgetag.reporting.tables import shown_variants_table
from edgetag.validation.heat_map_result import HeatMaps, TagHeatMaps
from edgetag.validation.heat_map_tables import heat_map_tags_table, heat_maps_table
from edgetag.validation.pictures_result import PicturesComparison, SplitPictures, TagLoss
from edgetag.validation.tables import pictures_table
from tests.reporting.page_factory import TAGS, make_report, make_sources
from tests.support.parsed_page import Page


@pytest.fixture
def sources() -> Sources:
    return make_sources()


def test_thumbnails_are_of_the_surest_changes_and_small(sources: Sources) -> None:
    asked: list[list[int]] = []

    def look_up(rows: Rows) -> Pixels:
        asked.append(rows.tolist())
        assert sources.thumbnails
        return sources.thumbnails(rows)

    view = View(make_report(sources), replace(sources, thumbnails=look_up))
    for found in view.all_scored():
        part = changes.changes_of(view, found)
        if found.variant.startswith("other"):
            assert part is None, "it has no details"
            continue
        assert part
        assert part.total == 1015
        assert [card.change.row for card in part.cards] == asked[-1]
        for card in part.cards:
            data = base64.b64decode(card.image.partition(",")[2])
            with Image.open(io.BytesIO(data)) as image:
                assert image.size == (THUMBNAIL_PX,) * 2
                red = np.asarray(image.convert("RGB"))[..., 0].mean()
            assert red == pytest.approx(card.change.row, abs=6), "the image of another row"
            assert card.right is not card.change.label, "every change is away from the tag"
    assert asked == [list(range(24)), list(range(12))]


def test_a_large_vocabulary_draws_the_tags_that_moved_most(
    sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curves, "MOST_OF_BUNDLED", 2)
    monkeypatch.setattr(tags, "MOST_DRAWN", 1)
    monkeypatch.setattr(tags, "MOST_LISTED", 2)
    view = View(make_report(sources), sources)
    found = view.scored("int8")
    assert found
    part = curves.curves_of(view, found)
    assert part
    assert [plot.title for plot in part.plots] == list(TAGS[:2])
    assert (part.scored, part.left_out) == (3, 1)
    shown = tags.tags_of(view, 0, found)
    assert [row[0].text for row in shown.judged.rows] == list(TAGS[:2])
    recall = Page(str(shown.forests[0].svg)).text_of("text")
    assert TAGS[0][:19] in " ".join(recall)
    assert "quiet" not in recall
    assert shown.total == len(TAGS)


@pytest.mark.slow
def test_heat_maps_are_shown_over_all_and_by_tag(sources: Sources) -> None:
    view = View(make_report(sources), sources)
    assert heat_maps_table(sources.verdict).rows == ()
    shown = view.scored("int8")
    assert shown
    found = HeatMaps(
        height=3,
        width=4,
        n_images=256,
        n_groups=249,
        n_present=536,
        error=0.0306,
        error_interval=(0.0288, 0.0327),
        p99_error=0.165,
        all_tags_error=0.0296,
        peak_agreement=0.956,
        peak_agreement_interval=(0.942, 0.972),
        identity_error=0.007,
        identity_tolerance=0.017,
        scores_difference=0.0,
        tags=(
            TagHeatMaps(tag=TAGS[0], scored=True, positives=98, error=0.03, peak_agreement=0.9),
            TagHeatMaps(tag=TAGS[3], scored=False, positives=2),
        ),
    )
    entries = tuple(
        one.replace(heat_maps=found) if one is shown else one for one in sources.verdict.variants
    )
    verdict = sources.verdict.replace(variants=entries)
    changed = replace(sources, verdict=verdict)
    (row,) = heat_maps_table(verdict).rows
    assert [cell.text for cell in row][:1] == ["int8"]
    assert [cell.text for cell in row][2:] == [
        "3 × 4",
        "256",
        "536",
        "3.06",
        "16.50",
        "95.6 %",
        "0.70",
    ]
    assert (row[5].interval, row[7].interval) == ("[2.88, 3.27]", "[94.2 %, 97.2 %]")
    assert heat_map_tags_table("int8", found).texts == (
        (TAGS[0], "98", "3.00", "90.0 %"),
        (TAGS[3], "2", "not scored", "–"),
    )
    html = write_page(make_report(changed), changed)
    assert "[94.2 %, 97.2 %]" in html
    assert "[94.2 %, 97.2 %]" not in write_page(make_report(sources), sources)
    shown_as_text = ("3.06 [2.88, 3.27]", "16.50", "95.6 % [94.2 %, 97.2 %]")
    assert heat_maps_table(verdict).texts[0][4:] == shown_as_text


def test_every_file_of_the_bundle_is_marked_as_one_that_ships(sources: Sources) -> None:
    bundle = sources.recipe.bundle.replace(variants=("int8", "fp32"))
    both = replace(sources, recipe=sources.recipe.replace(bundle=bundle))
    rows = shown_variants_table(make_report(both), 1).rows
    marked = {row[0].text for row in rows if "ships" in row[0].badges}
    assert marked == {"int8", "fp32"}


def test_the_worst_errors_of_a_tag_come_first_with_what_was_found_instead(
    sources: Sources,
) -> None:
    view = View(make_report(sources), sources)
    model = sources.float_model
    assert model
    first, second = float_errors.errors_by_tag(view, model)
    assert [(card.missed, card.instead) for card in first.cards] == [
        (True, f"{TAGS[1]} 0.950"),
        (True, ""),
    ]
    assert first.cards[0].path == model.paths[0]
    assert [card.missed for card in second.cards] == [False, False]
    assert second.cards[0].score == pytest.approx(0.95)


def test_tags_of_which_nothing_is_known_of_each_other_do_not_exclude() -> None:
    labels = np.array([[1, -1, 0], [-1, 1, 0], [0, 0, 1], [1, 0, 0]] * 5, dtype=np.int8)
    pairs = {(0, 2), (1, 2), (2, 0), (2, 1)}
    assert set(zip(*np.nonzero(exclusive_tags(labels, 5)), strict=True)) == pairs
    assert not exclusive_tags(labels, 6).any(), "five images are too few to tell"


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("uint8", ("takes the pixels as they are: [1, 96, 96, 3] uint8", "as uint8; divided")),
        ("int8", ("takes each pixel minus 128: [1, 96, 96, 3] int8", "plus 128 and divided")),
        ("float32", ("takes (pixel − 127) ÷ 128: [1, 96, 96, 3] float32", "as float32 between")),
        ("int16", ("takes [1, 96, 96, 3] int16, scaled as it says", "scaled as the file says")),
    ],
)
def test_how_the_input_is_made_follows_the_contract_and_the_file(
    sources: Sources, kind: ElementType, told: tuple[str, str]
) -> None:
    assert sources.exported
    file = sources.exported.variants[1]
    file = file.replace(input_type=kind, output_type=kind)
    contract = Preprocessing(input_size=96, anchor="top_left", fill=(1, 2, 3), filter="nearest")
    steps = list(shipping.input_steps(contract, file))
    assert "lay what is transparent over white" in steps[0]
    assert "filter nearest, and lay it at the top left of a square of 96 × 96" in steps[1]
    assert "the rest is RGB 1, 2, 3" in steps[1]
    assert told[0] in steps[2]
    assert told[1] in steps[3]


def test_the_list_of_rejected_rows_is_read_as_it_was_written(tmp_path: Path) -> None:
    listed = tmp_path / "rejected.csv"
    assert read_rejected(listed) == (), "a CI job that judges stored scores has none"
    listed.write_text('path,reason,detail,where\n"a,b\nc.png",truncated,no end,t.csv:7\n')
    (image,) = read_rejected(listed)
    assert image == DroppedImage(
        path="a,b\nc.png", reason="truncated", detail="no end", where="t.csv:7"
    )


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"path,reason\na,b\n",
        b"path,reason,detail,where\na,b\n",
        b"\xff\xfe",
        b"path,reason,detail,where\n" + b"a" * 200_000 + b",b,c,d\n",
    ],
    ids=["empty", "two columns", "two cells", "no text", "a long cell"],
)
def test_a_damaged_list_of_rejected_rows_names_itself(tmp_path: Path, damage: bytes) -> None:
    listed = tmp_path / "rejected.csv"
    listed.write_bytes(damage)
    with pytest.raises(InputError, match=r"rejected\.csv: .*run: edgetag data build"):
        read_rejected(listed)


def test_pictures_that_changed_since_the_reference_was_made_are_named(
    sources: Sources,
) -> None:
    names = tuple(f"{number}.png" for number in range(30))
    told = PicturesComparison(
        splits=(
            SplitPictures(
                split="test",
                known=171,
                missing=60,
                new=1,
                relabelled=2,
                missing_names=names,
                new_names=("new.png",),
                relabelled_names=("x.png", "y.png"),
                regrouped=1,
                regrouped_names=("z.png",),
            ),
            SplitPictures(split="validation", known=80, missing=0, new=0, relabelled=0),
        ),
        lost_tags=(TagLoss(tag=TAGS[0], split="test", before=33, now=0),),
    )
    verdict = sources.verdict.replace(pictures=told)
    given = replace(sources, verdict=verdict)
    text = Page(write_page(make_report(given), given)).text
    for sentence in (
        f"{TAGS[0]} can no longer be scored on test: of 33 pictures that the reference knows to "
        "have it, 0 are left.",
        "test, missing: 0.png, 1.png,",
        "19.png and 40 more.",
        "test, new: new.png.",
        "test, labelled differently: x.png, y.png.",
        "test, grouped differently: z.png.",
    ):
        assert sentence in text
    same = told.replace(splits=told.splits[1:], lost_tags=())
    assert list(pictures.pictures_sentences(same)) == []
    unknown = pictures_table(same.replace(labels_known=False))
    cells = [cell.text for cell in unknown.rows[0]]
    assert cells == ["validation", "80", "0", "0", "unknown", "unknown"]

    def says(comparison: PicturesComparison) -> bool:
        of = replace(sources, verdict=sources.verdict.replace(pictures=comparison))
        return "labelled differently." in Page(write_page(make_report(of), of)).text

    assert says(same)
    assert not says(same.replace(labels_known=False))


def test_where_nothing_ships_the_page_says_what_comes_nearest(sources: Sources) -> None:
    report = make_report(sources)
    facts = dict(shipping.shipped(View(report, sources)))
    assert "ships" not in facts
    none = report.replace(ships=(), leading="int8")
    facts = dict(shipping.shipped(View(none, sources)))
    assert facts["ships"] == "nothing, since no file passes; int8 comes nearest"
    assert 'aria-label="The file that the app ships, int8"' in write_page(report, sources)
    assert 'aria-label="The file that comes nearest, int8"' in write_page(none, sources)


def test_the_page_tells_no_digest_of_a_file_that_was_not_judged(sources: Sources) -> None:
    facts = dict(shipping.shipped(View(make_report(sources), sources)))
    assert facts["file"].startswith("export/int8.tflite")
    entries = tuple(
        entry.replace(sha256="ef" * 32, origin="external") if entry.variant == "int8" else entry
        for entry in sources.verdict.variants
    )
    of_another = replace(sources, verdict=sources.verdict.replace(variants=entries))
    facts = dict(shipping.shipped(View(make_report(of_another), of_another)))
    assert facts["file"] == "int8 was not exported in this run, or as another file"
