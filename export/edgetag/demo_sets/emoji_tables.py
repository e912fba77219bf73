"""Tables of emoji names: what they show, and where that is left open.

The tables were checked by eye on contact sheets of OpenMoji, Twemoji and EmojiOne. An entry is a
name (`woman cook`) or a concept (`cook`); see `emoji_tags`.
"""

from collections.abc import Mapping


def _names(text: str) -> frozenset[str]:
    return frozenset(" ".join(name.split()) for name in text.split(";"))


FOOD = _names(
    """grapes; melon; watermelon; tangerine; lemon; lime; banana; pineapple; mango; red apple;
    green apple; pear; peach; cherries; strawberry; blueberries; kiwi fruit; tomato; olive;
    coconut; avocado; eggplant; potato; carrot; ear of corn; hot pepper; bell pepper; cucumber;
    leafy green; broccoli; garlic; onion; peanuts; beans; chestnut; ginger root; pea pod; brown
    mushroom; root vegetable; mushroom; bread; croissant; baguette bread; flatbread; pretzel;
    bagel; pancakes; waffle; cheese wedge; meat on bone; poultry leg; cut of meat; bacon;
    hamburger; french fries; pizza; hot dog; sandwich; taco; burrito; tamale; stuffed flatbread;
    falafel; egg; cooking; shallow pan of food; pot of food; fondue; bowl with spoon; green
    salad; popcorn; butter; canned food; bento box; rice cracker; rice ball; cooked rice; curry
    rice; steaming bowl; spaghetti; roasted sweet potato; oden; sushi; fried shrimp; fish cake
    with swirl; moon cake; dango; dumpling; fortune cookie; takeout box; soft ice cream; shaved
    ice; ice cream; doughnut; cookie; birthday cake; shortcake; cupcake; pie; chocolate bar;
    candy; lollipop; custard; honey pot; glass of milk; hot beverage; teapot; teacup without
    handle; sake; bottle with popping cork; wine glass; cocktail glass; tropical drink; beer
    mug; clinking beer mugs; clinking glasses; tumbler glass; cup with straw; bubble tea;
    beverage box; mate; half orange fruit; lentils with spaetzle; pomegranate; latte macchiato;
    cake; champignon brown; champignon white; boule bread; maultasche"""
)
FOOD_UNKNOWN = _names(
    """baby bottle; pouring liquid; ice; salt; jar; roasted coffee bean; fork and knife with plate;
    sheaf of rice; herb; fish; blowfish; octopus; crab; lobster; shrimp; squid; oyster;
    goldfish; jack-o-lantern; nest with eggs; hatching chick; turkey; poppy; glass bottle;
    plastic bottle; ear with hearing aid; test tube; amphora; eight-spoked asterisk; hot springs"""
)

CAT = _names(
    """cat face; cat; black cat; grinning cat; grinning cat with smiling eyes; cat with tears of
    joy; smiling cat with heart-eyes; cat with wry smile; kissing cat; weary cat; crying cat;
    pouting cat; hacker cat"""
)
CAT_UNKNOWN = _names("lion; tiger face; tiger; leopard; paw prints; fox; raccoon")
DOG = _names("dog face; dog; guide dog; service dog; poodle")
DOG_UNKNOWN = _names("wolf; fox; raccoon; paw prints; person with dog; badger; bear")

CAT_CHARACTERS = CAT - _names("cat; black cat; cat face")
MONKEY_CHARACTERS = _names("see-no-evil monkey; hear-no-evil monkey; speak-no-evil monkey")
KEMONO = CAT_CHARACTERS | MONKEY_CHARACTERS
ANIMAL_FACES = _names(
    """dog face; cat face; tiger face; horse face; cow face; pig face; mouse face; rabbit face;
    monkey face; dragon face; lion; wolf; fox; bear; panda; koala; hamster; frog; chicken; baby
    chick; front-facing baby chick; hatching chick; raccoon; unicorn; gorilla; orangutan; polar
    bear; pig nose; moose; teddy bear"""
)
"""Drawn as a face seen from the front: whether such a face counts is left open."""

PERSONS = _names(
    """baby; child; person; beard; curly hair; bald; older; gesturing no; gesturing ok; tipping
    hand; raising hand; deaf; facepalming; shrugging; health worker; student; teacher; judge;
    farmer; cook; mechanic; factory worker; office worker; scientist; technologist; singer;
    artist; pilot; firefighter; police officer; detective; guard; construction worker; royalty;
    wearing turban; with skullcap; with headscarf; in tuxedo; with veil; feeding baby;
    breast-feeding; claus; superhero; supervillain; mage; fairy; vampire; elf; genie; zombie;
    getting massage; getting haircut; in steamy room; doctor; nurse; barista; with medical mask;
    gardener; kiss; couple with heart"""
)
"""Concepts that show a person's head or bust."""

FIGURES = _names(
    """bowing; astronaut; ninja; pregnant; baby angel; merperson; troll; hairy creature; walking;
    standing; kneeling; with white cane; in motorized wheelchair; in manual wheelchair; running;
    ballet dancer; dancing; in suit levitating; with bunny ears; climbing; fencing; horse
    racing; skier; snowboarder; golfing; surfing; rowing boat; swimming; bouncing ball; lifting
    weights; biking; mountain biking; cartwheeling; wrestling; playing water polo; playing
    handball; juggling; in lotus position; taking bath; in bed; speaking head; bust in
    silhouette; busts in silhouette; hugging; holding hands; selfie; with dog; place of worship;
    children crossing; no pedestrians; no littering; restroom; men’s room; women’s room; baby
    symbol; identification card; japanese dolls; nesting dolls; joker; performing arts; statue
    of liberty; mountain cableway; parachute; fight cloud; wheelchair symbol"""
)
"""Small, faceless or hidden people: neither face nor gender can be told from every drawing."""

DROPPED = _names("family; red hair; white hair")
"""Silhouettes in some sets; hair without a head."""

FACE_UNKNOWN = ANIMAL_FACES | _names(
    """skull; skull and crossbones; ghost; pile of poo; alien monster; eye; eyes; mouth; tongue;
    nose; biting lip; new moon face; first quarter moon face; last quarter moon face; full moon
    face; sun with face; jack-o-lantern; snowman; snowman without snow; moai; eye in speech
    bubble; carp streamer; ogre; goblin; robot; dotted line face; face in clouds; face without
    mouth; ear; piñata; kiss mark; hair pick; baby angel; dashing away"""
)
FACE_WITHOUT_THE_WORD = _names(
    """star-struck; rolling on the floor laughing; exploding head; head shaking horizontally; head
    shaking vertically; alien"""
)

LIKE = _names(
    """thumbs up; ok hand; clapping hands; love-you gesture; heart hands; heart with arrow; heart
    with ribbon; sparkling heart; growing heart; beating heart; revolving hearts; two hearts;
    heart decoration; heart exclamation; red heart; pink heart; orange heart; yellow heart;
    green heart; blue heart; light blue heart; purple heart; brown heart; black heart; grey
    heart; white heart; heart suit; smiling face with hearts; smiling face with heart-eyes;
    star-struck; face blowing a kiss; kissing face; kissing face with closed eyes; kissing face
    with smiling eyes; smiling cat with heart-eyes; kissing cat; kiss mark; love letter; hundred
    points; gesturing ok; raising hands; heart on fire; kiss; couple with heart; hand with index
    finger and thumb crossed; check mark button; check mark; check box with check"""
)
LIKE_UNKNOWN = _names(
    """mending heart; anatomical heart; glowing star; star; sparkles; trophy; party popper; 1st
    place medal; sports medal; wrapped gift; folded hands; handshake; victory hand; oncoming
    fist; rose; bouquet; love hotel; wedding; gem stone; ok button; flexed biceps; pinched
    fingers; bow and arrow; rosette; heart"""
)
DISLIKE = _names(
    """thumbs down; broken heart; enraged face; angry face; face with symbols on mouth; angry face
    with horns; face with steam from nose; nauseated face; face vomiting; unamused face; pouting
    cat; gesturing no; cross mark; cross mark button; no entry; prohibited; no bicycles; no
    smoking; no littering; non-potable water; no pedestrians; no mobile phones; no one under
    eighteen; anger symbol; middle finger"""
)
DISLIKE_UNKNOWN = _names(
    """frowning; pouting; right anger bubble; facepalming; pile of poo; stop sign; skull and
    crossbones; warning; wilted flower; muted speaker; bell with slash; fight cloud; palm down
    hand; bomb; mending heart; shrugging; skull; raised back of hand; raised hand; backhand
    index pointing down"""
)

GLASSES = _names(
    """glasses; sunglasses; nerd face; smiling face with sunglasses; disguised face; teacher;
    technologist"""
)
GLASSES_UNKNOWN = _names(
    """goggles; face with monocle; scientist; superhero; supervillain; older; claus; joker; diving
    mask; face with spiral eyes; factory worker; skier; snowboarder; detective; bicycle; eyes;
    racing car; motorbike helmet"""
)
BLAZER = _names("in tuxedo; office worker")
BLAZER_UNKNOWN = FIGURES | _names(
    """teacher; judge; singer; detective; pilot; police officer; guard; vampire; royalty; student;
    supervillain; coat; lab coat; doctor; health worker; necktie; technologist; mage; genie;
    with veil; feeding baby; breast-feeding; kiss; couple with heart"""
)
NSFW_UNKNOWN = _names(
    """middle finger; bikini; one-piece swimsuit; briefs; no one under eighteen; breast-feeding; in
    bed; taking bath; biting lip; love hotel; kiss; syringe; cigarette; hot face; kiss mark"""
)

ALIASES: Mapping[str, str] = {
    "santa claus": "claus",
    "mrs. claus": "claus",
    "mx claus": "claus",
    "prince": "royalty",
    "princess": "royalty",
    "person with crown": "royalty",
    "merman": "merperson",
    "mermaid": "merperson",
    "boy": "child",
    "girl": "child",
    "old man": "older person",
    "old woman": "older person",
    "black bird": "bird",
    "front-facing baby chick": "baby chick",
    "half orange fruit": "tangerine",
    "champignon white": "champignon",
    "champignon brown": "champignon",
    "brown mushroom": "champignon",
    "heart suit": "heart",
    "black large square": "square",
    "white large square": "square",
    "radio button": "circle",
    "hollow red circle": "circle",
    "white question mark": "question mark",
    "red question mark": "question mark",
    "left-facing fist": "facing fist",
    "right-facing fist": "facing fist",
    "bust in silhouette": "busts in silhouette",
    "two hearts": "revolving hearts",
    "gardener man": "gardener",
    "gardener woman": "gardener",
    "cross mark button": "cross mark",
    "check mark button": "check mark",
    "check box with check": "check mark",
    "hair": "person",
    "blond hair": "person",
    "frowning": "person",
    "pouting": "person",
    "full moon": "circle",
    "growing heart": "heart",
    "drop of blood": "droplet",
    "pigeon": "dove",
    "slightly frowning face": "frowning face",
    "confused face": "frowning face",
    "anguished face": "fearful face",
    "men’s room": "restroom",
    "women’s room": "restroom",
}
"""Names that show one thing though they differ by more than gender, colour or direction."""

SIGNS = (
    (0x0000, 0x26BC),
    (0x26C4, 0x26F0),
    (0x26F6, 0x26F8),
    (0x2700, 0x2BFF),
    (0x3030, 0x3299),
    (0x1F000, 0x1F2FF),
    (0x1F4AE, 0x1F4AF),
    (0x1F4F3, 0x1F4F6),
    (0x1F500, 0x1F525),
    (0x1F52F, 0x1F53D),
    (0x1F549, 0x1F567),
    (0x1F5E8, 0x1F5EF),
    (0x1F6AB, 0x1F6B1),
    (0x1F6B3, 0x1F6C5),
    (0x1F6D0, 0x1F6D1),
    (0x1F7E0, 0x1F7F0),
)
"""Code points of letters, arrows, geometric figures and signs: not clearly illustrations."""
