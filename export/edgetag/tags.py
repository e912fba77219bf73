"""The vocabulary: names and order of tags."""

from dataclasses import dataclass

from edgetag.errors import InputError

DEFAULT_TAGS: tuple[str, ...] = (
    "original_art",
    "nsfw",
    "like",
    "photo",
    "illust",
    "comic",
    "face",
    "girl",
    "megane",
    "school_uniform",
    "blazer_uniform",
    "sailor_uniform",
    "gl",
    "kemono",
    "boy",
    "bl",
    "cat",
    "dog",
    "food",
    "dislike",
)


@dataclass(frozen=True)
class Vocabulary:
    """Tags in the order of the model's outputs."""

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.names:
            raise InputError("tags: the list is empty; name at least one tag")
        seen: set[str] = set()
        for name in self.names:
            if not name or name != name.strip() or not name.isprintable():
                raise InputError(f"tags: {name!r} is not a tag name; use visible characters")
            if name in seen:
                raise InputError(f"tags: {name!r} is listed twice; keep one")
            seen.add(name)

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """Return the position of a tag.

        Raises:
            InputError: The tag is not in the vocabulary.
        """
        try:
            return self.names.index(name)
        except ValueError:
            raise InputError(f"tag {name!r} is not one of: {', '.join(self.names)}") from None
