"""How an app names tags to people."""

from edgetag.bundling.contents import Label, Labels
from edgetag.recipe import Recipe

USUAL: dict[str, tuple[str, str]] = {
    "original_art": ("Original art", "オリジナル作品"),
    "nsfw": ("Sensitive content", "センシティブな内容"),
    "like": ("Liked", "好き"),
    "photo": ("Photo", "写真"),
    "illust": ("Illustration", "イラスト"),
    "comic": ("Comic", "漫画"),
    "face": ("Face", "顔"),
    "girl": ("Girl", "女の子"),
    "megane": ("Glasses", "メガネ"),
    "school_uniform": ("School uniform", "学校の制服"),
    "blazer_uniform": ("Blazer uniform", "ブレザー制服"),
    "sailor_uniform": ("Sailor uniform", "セーラー服"),
    "gl": ("Girls' love", "百合"),
    "kemono": ("Kemono (furry)", "ケモノ"),
    "boy": ("Boy", "男の子"),
    "bl": ("Boys' love", "ボーイズラブ"),
    "cat": ("Cat", "猫"),
    "dog": ("Dog", "犬"),
    "food": ("Food", "食べ物"),
    "dislike": ("Disliked", "嫌い"),
}
"""English and Japanese names of the usual tags."""


def labels_of(recipe: Recipe) -> Labels:
    """Return each tag with its names, those of the recipe first, and whether it is sensitive."""
    sensitive = recipe.bundle.sensitive_tags(recipe.data.tags)
    labels = []
    for tag in recipe.data.tags:
        english, japanese = USUAL.get(tag) or (readable(tag), readable(tag))
        if given := recipe.bundle.display_names.get(tag):
            english, japanese = given.en, given.ja
        labels.append(Label(tag=tag, en=english, ja=japanese, sensitive=tag in sensitive))
    return Labels(labels=tuple(labels))


def readable(tag: str) -> str:
    """Return a tag as words: `red_panda` as `Red panda`."""
    words = " ".join(tag.replace("_", " ").replace("-", " ").split()) or tag
    return words[:1].upper() + words[1:]
