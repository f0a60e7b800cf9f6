"""The dishes the demo draws: what each is served in, its broth, its pieces from bottom to top."""

from kfood.data.demo import vessels as v
from kfood.data.demo.dish import Dish, Pieces
from kfood.data.demo.garnishes import (
    CHILLI,
    CHILLI_RINGS,
    CHILLI_SLIVERS,
    FRIED_EGG,
    GARLIC,
    GREEN,
    LEMON,
    LETTUCE,
    NORI,
    RICE,
    SCALLION,
    SESAME,
    TOFU,
    YOLK,
    bits,
)

ROUND_BOWLS = (v.BOWL, v.STEEL_BOWL, v.CELADON_BOWL)
POTS = (v.STONE_POT, v.STONE_POT, v.EARTHENWARE)
PLATES = (v.PLATE, v.BLUE_PLATE)
CAKE_PLATES = (v.CELADON_BOWL, v.BAMBOO)


def _pancake(body: str, browned: str, *garnish: Pieces) -> Dish:
    whole = Pieces("patty", (1, 1), 0.72, (body, browned), "centre")
    return Dish((v.BAMBOO, v.IRON_PAN), (whole, *garnish))


def _ribs(colour: str, carrots: tuple[int, int], chestnuts: tuple[int, int]) -> Dish:
    return Dish(
        (v.EARTHENWARE, v.BOWL),
        (
            Pieces("chunk", (7, 11), 0.27, (colour,)),
            Pieces("cube", carrots, 0.12, ("#d9772b",)),
            Pieces("ball", chestnuts, 0.1, ("#d8b064",)),
            Pieces("chunk", (1, 4), 0.1, ("#6d1f1a",)),
            SCALLION,
        ),
        "#5e3016",
    )


KFOOD: dict[str, Dish] = {
    "갈비구이": Dish(
        (v.GRILL, v.MESH), (Pieces("strip", (5, 8), 0.4, ("#7d4526", "#e6d9c0", "#54290f")), GARLIC, SCALLION)
    ),
    "갈치구이": Dish((v.LONG_PLATE, v.SLATE), (Pieces("fillet", (3, 4), 0.52, ("#c9c8c0", "#a87b3f"), "line"), LEMON)),
    "감자전": _pancake("#dcc98f", "#b58a45", CHILLI_RINGS),
    "경단": Dish(
        CAKE_PLATES,
        (
            Pieces(
                "ball",
                (7, 12),
                0.19,
                ("#e2c45f", "#f0dc8c"),
                "rows",
                (("#4b2f27", "#6a473a"), ("#86a04b", "#a9bd70")),
            ),
        ),
    ),
    "계란국": Dish(ROUND_BOWLS, (Pieces("leaf", (8, 13), 0.2, ("#f4dd7c", "#fbefb4")), SCALLION), "#e3cf8e"),
    "계란말이": Dish(
        (v.BLACK_PLATE, v.BOARD), (Pieces("roll", (5, 9), 0.24, ("#efc243", "#f8df84", "#5d8a3a"), "rows"),)
    ),
    "계란후라이": Dish(
        (*PLATES, v.IRON_PAN), (Pieces("egg", (1, 3), 0.38, ("#fcfaf2", "#f3a81e", "#cfae78"), "rows"),)
    ),
    "고등어구이": Dish(
        (v.OVAL_PLATE, v.LONG_PLATE),
        (Pieces("fish", (1, 2), 0.78, ("#4f5f66", "#c9b083", "#3a2a1c"), "line"), LEMON),
    ),
    "곱창구이": Dish((v.IRON_PAN, v.GRILL), (Pieces("ring", (14, 22), 0.15, ("#c48a4d", "#efd9ae")), GARLIC, SCALLION)),
    "김밥": Dish(
        (v.BOARD, v.TRAY),
        (Pieces("coin", (6, 11), 0.21, (NORI, RICE, "#e9b91f", "#e0702b", GREEN, "#c8576a", "#7a4a2c"), "rows"),),
    ),
    "김치볶음밥": Dish(
        (v.PLATE, v.IRON_PAN),
        (
            Pieces("grains", (1, 1), 0.66, ("#d9702f", "#c94f22", "#e59350", "#a8321b"), "centre"),
            FRIED_EGG,
            SESAME,
        ),
    ),
    "김치전": _pancake("#cc5a2a", "#8f2f17", Pieces("leaf", (5, 9), 0.16, ("#b33a1e", "#e58a52"))),
    "꿀떡": Dish(CAKE_PLATES, (Pieces("ball", (8, 15), 0.17, ("#f0a9b4",), "heap", (("#f6f3ea",), ("#8fbf72",))),)),
    "누룽지": Dish(
        (v.IRON_PAN, v.BOWL),
        (
            Pieces("grains", (1, 1), 0.66, ("#c99a55", "#b07c38", "#e0bd80"), "centre"),
            Pieces("patty", (1, 2), 0.3, ("#d3a662", "#9a6a2d"), "heap"),
        ),
    ),
    "닭갈비": Dish(
        (v.IRON_PAN,),
        (
            Pieces("leaf", (6, 10), 0.24, ("#b9cc7c", "#dfe6b4")),
            Pieces("chunk", (9, 14), 0.2, ("#c8431f",)),
            Pieces("stick", (4, 8), 0.2, ("#e8a880",)),
            SESAME,
        ),
        "#a83a1a",
    ),
    "더덕구이": Dish(
        (v.LONG_PLATE, v.OVAL_PLATE, v.BOARD),
        (Pieces("fillet", (5, 8), 0.36, ("#b5502a", "#e3b27c")), SESAME, SCALLION),
    ),
    "동그랑땡": Dish(
        (v.BLACK_PLATE, v.BLUE_PLATE),
        (Pieces("patty", (7, 11), 0.2, ("#d9ad4f", "#a8712a"), "ring"), CHILLI_SLIVERS, bits(GREEN, 5, 12)),
    ),
    "떡갈비": Dish(
        (v.IRON_PLATE, v.SLATE, v.PLATE),
        (
            LETTUCE,
            Pieces("fillet", (2, 4), 0.38, ("#6f3a1f", "#3d1c0d"), "line"),
            Pieces("ball", (2, 5), 0.05, ("#e8d59c",), "heap"),
            SESAME,
        ),
    ),
    "떡국_만두국": Dish(
        ROUND_BOWLS,
        (
            Pieces("coin", (6, 11), 0.14, ("#d9d5c7", "#f7f5ed")),
            Pieces("halfmoon", (2, 4), 0.25, ("#efe6d0",)),
            Pieces("stick", (3, 7), 0.14, ("#f1c94a",), "heap"),
            Pieces("stick", (3, 6), 0.12, (NORI,), "heap"),
        ),
        "#e2dcc8",
    ),
    "무국": Dish(
        ROUND_BOWLS,
        (Pieces("cube", (8, 13), 0.16, ("#e9ead9",)), Pieces("chunk", (2, 5), 0.11, ("#7d5a44",)), SCALLION),
        "#cfc6a4",
    ),
    "미역국": Dish(
        ROUND_BOWLS,
        (Pieces("leaf", (11, 17), 0.24, ("#2f4a2c", "#49693c")), Pieces("chunk", (2, 5), 0.12, ("#86634a",))),
        "#a59a62",
    ),
    "북엇국": Dish(
        (*ROUND_BOWLS, v.STONE_POT),
        (
            Pieces("strand", (8, 14), 0.24, ("#e6d19b",)),
            Pieces("leaf", (3, 6), 0.17, ("#f5e6a0", "#fbf3c9")),
            SCALLION,
        ),
        "#dcd3b4",
    ),
    "불고기": Dish(
        (v.IRON_PAN, v.PLATE, v.STONE_POT),
        (
            Pieces("leaf", (16, 24), 0.22, ("#8a5533", "#6a3a1e")),
            Pieces("strand", (4, 8), 0.22, ("#eadfc4",)),
            Pieces("stick", (3, 6), 0.14, ("#dc7a2c",)),
            Pieces("stick", (3, 7), 0.14, (GREEN,)),
        ),
        "#6e4022",
    ),
    "비빔밥": Dish(
        (v.STONE_POT, v.BRASS_BOWL, v.BOWL),
        (
            Pieces("grains", (1, 1), 0.6, (RICE, "#e6dfc8"), "centre"),
            Pieces("stick", (5, 9), 0.16, ("#df7526",), "ring"),
            Pieces("leaf", (5, 8), 0.2, ("#3f6b2c", "#5f8c40"), "ring"),
            Pieces("strand", (4, 8), 0.18, ("#f0e8c6", "#e6c84d"), "ring"),
            Pieces("chunk", (3, 6), 0.12, ("#6d4128",), "ring"),
            Pieces("egg", (1, 1), 0.26, ("#fbf8ee", YOLK), "centre"),
            Pieces("chunk", (1, 1), 0.1, (CHILLI,), "heap"),
        ),
    ),
    "삼겹살": Dish(
        (v.GRILL, v.IRON_PAN, v.BOARD),
        (Pieces("strip", (4, 7), 0.45, ("#d99a84", "#f6e6da", "#f2d6c6", "#c06a50"), "line"), GARLIC),
    ),
    "새우볶음밥": Dish(
        PLATES,
        (
            Pieces("grains", (1, 1), 0.64, ("#efdfa4", "#e6cf84", "#f4ecc8"), "centre"),
            Pieces("halfmoon", (4, 7), 0.14, ("#ee9470",)),
            Pieces("ball", (6, 12), 0.045, ("#5f9a3c",)),
            Pieces("cube", (5, 10), 0.05, ("#e2762a",)),
        ),
    ),
    "생선전": Dish(
        (v.PLATE, v.BAMBOO),
        (Pieces("patty", (5, 9), 0.27, ("#f0d77c", "#d3a948"), "rows"), CHILLI_SLIVERS, bits(GREEN, 2, 6)),
    ),
    "송편": Dish(
        CAKE_PLATES,
        (
            Pieces("stick", (5, 12), 0.22, ("#3f5c2a",)),
            Pieces("halfmoon", (6, 12), 0.24, ("#f3efe2",), "scatter", (("#7d9a58",), ("#d99aa8",))),
        ),
    ),
    "시래기국": Dish(
        (*POTS, v.BOWL),
        (Pieces("leaf", (8, 13), 0.25, ("#5f6131", "#8a8448")), CHILLI_RINGS, SCALLION),
        "#8a6a38",
    ),
    "알밥": Dish(
        (v.STONE_POT, v.BOWL),
        (
            Pieces("grains", (1, 1), 0.6, (RICE, "#e9e0c6"), "centre"),
            Pieces("grains", (1, 2), 0.28, ("#ef6f24", "#f59a35", "#e24b1a"), "heap"),
            Pieces("grains", (1, 1), 0.2, ("#e8c83a", "#f3dc6c"), "ring"),
            Pieces("stick", (5, 9), 0.12, (NORI,), "heap"),
            Pieces("cube", (4, 8), 0.06, ("#7fae4a",), "ring"),
        ),
    ),
    "유부초밥": Dish((v.TRAY, v.BOARD), (Pieces("pouch", (5, 9), 0.25, ("#c5873a", RICE, "#5c7a34"), "rows"),)),
    "육개장": Dish(
        POTS,
        (
            Pieces("strand", (7, 12), 0.28, ("#6b3a1e",)),
            Pieces("stick", (5, 9), 0.2, ("#7d9a45",)),
            Pieces("leaf", (2, 4), 0.18, ("#e8b658", "#f0cd7c")),
        ),
        "#a52a14",
    ),
    "잡곡밥": Dish(
        (v.BOWL, v.BRASS_BOWL, v.STEEL_BOWL),
        (
            Pieces("grains", (1, 1), 0.68, ("#8e6a72", "#b39a98", "#6b4650", "#c9b49a"), "centre"),
            Pieces("ball", (4, 9), 0.06, ("#3a2024",)),
            Pieces("ball", (1, 5), 0.06, ("#d6b45c",)),
        ),
    ),
    "장어구이": Dish(
        (v.LONG_PLATE, v.SLATE, v.TRAY),
        (
            Pieces("fillet", (3, 4), 0.66, ("#7c3f1a", "#4a210c"), "line"),
            Pieces("stick", (6, 14), 0.09, ("#efd58a",), "heap"),
        ),
    ),
    "조개구이": Dish((v.GRILL, v.MESH), (Pieces("shell", (5, 8), 0.27, ("#a39583", "#6f6255", "#e8c084"), "scatter"),)),
    "조기구이": Dish(
        (v.OVAL_PLATE, v.BAMBOO),
        (Pieces("fish", (2, 3), 0.68, ("#b98f4a", "#e8cd7a", "#7d5520"), "line"), LEMON),
    ),
    "주먹밥": Dish(
        (v.BLACK_PLATE, v.TRAY),
        (Pieces("ball", (4, 7), 0.25, ("#efe9d8", NORI, "#c98a3a"), "ring"), bits(NORI, 4, 12)),
    ),
    "콩나물국": Dish(
        (*ROUND_BOWLS, v.STONE_POT),
        (Pieces("strand", (13, 20), 0.27, ("#f0ebd3", "#e3c440")), SCALLION, CHILLI_RINGS),
        "#cdc39a",
    ),
    "파전": _pancake(
        "#dfb75c",
        "#a8742c",
        Pieces("stick", (4, 6), 0.36, ("#6f9a45",), "line"),
        Pieces("halfmoon", (1, 4), 0.11, ("#ea9472",)),
        CHILLI_RINGS,
    ),
    "호박전": Dish(
        PLATES,
        (
            Pieces("coin", (7, 12), 0.2, ("#6d9a3f", "#e9d77a", "#d4bb50", "#d4bb50", "#d4bb50"), "rows"),
            CHILLI_SLIVERS,
        ),
    ),
    "황태구이": Dish(
        (v.IRON_PLATE, v.SLATE),
        (Pieces("fish", (1, 1), 0.84, ("#a83a1a", "#d98040", "#6d1d0c"), "line"), SESAME, SCALLION),
    ),
    "훈제오리": Dish(
        (v.PLATE, v.BLACK_PLATE),
        (
            Pieces("leaf", (3, 6), 0.24, ("#7fb04a", "#b8d684")),
            Pieces("strip", (9, 13), 0.28, ("#b8604f", "#e3b27c"), "ring"),
        ),
    ),
}

HEALTH: dict[str, Dish] = {
    "가리비": Dish(
        (v.PLATE, v.TRAY),
        (Pieces("shell", (4, 7), 0.3, ("#d98a6a", "#f0c4a8", "#f6ead0")), SCALLION),
    ),
    "갈비찜": _ribs("#69381b", (1, 3), (2, 5)),
    "고등어": Dish(
        (v.OVAL_PLATE, v.LONG_PLATE),
        (Pieces("fish", (1, 2), 0.78, ("#4f5f66", "#c9b083", "#3a2a1c"), "line"), LEMON),
    ),
    "김치국": Dish(
        ROUND_BOWLS,
        (
            Pieces("leaf", (7, 12), 0.2, ("#d9682e", "#f0c490")),
            Pieces("cube", (1, 2), 0.12, ("#f3ecd8",)),
            SCALLION,
        ),
        "#cc6426",
    ),
    "낚지볶음": Dish(
        PLATES,
        (
            Pieces("strand", (16, 24), 0.3, ("#d4472a",)),
            Pieces("ring", (4, 8), 0.11, ("#e58a6a", "#b3281a")),
            Pieces("stick", (4, 8), 0.14, ("#6f9a3c",)),
            SESAME,
        ),
        "#b3281a",
    ),
    "돼지갈비찜": _ribs("#894b21", (4, 6), (1, 3)),
    "된장찌개": Dish(
        POTS,
        (
            TOFU,
            Pieces("coin", (3, 6), 0.15, ("#6d9a3f", "#dfe0a0")),
            Pieces("chunk", (2, 5), 0.12, ("#d9c07c",)),
            CHILLI_RINGS,
            SCALLION,
        ),
        "#a5712e",
    ),
    "떡국": Dish(
        ROUND_BOWLS,
        (
            Pieces("coin", (12, 18), 0.15, ("#d9d5c7", "#f7f5ed")),
            Pieces("stick", (4, 8), 0.14, ("#f1c94a",), "heap"),
            Pieces("stick", (3, 7), 0.12, (NORI,), "heap"),
        ),
        "#e2dcc8",
    ),
    "모듬초밥": Dish(
        (v.BOARD, v.TRAY, v.SLATE),
        (
            Pieces(
                "sushi",
                (6, 11),
                0.24,
                (RICE, "#ee8a54", "#f8cfae"),
                "rows",
                ((RICE, "#c2353a", "#e08a86"), (RICE, "#f2e9df", "#e3cfc2"), (RICE, "#efc243", NORI)),
            ),
        ),
    ),
    "배추김치": Dish(
        (v.PLATE, v.BLUE_PLATE, v.BOWL),
        (
            Pieces("leaf", (9, 13), 0.38, ("#cf4a22", "#f0d2a0")),
            Pieces("leaf", (3, 6), 0.28, ("#a9b060", "#e6dcae")),
            bits("#8f1a10", 10, 25),
        ),
    ),
    "부대찌개": Dish(
        (v.HOT_POT,),
        (
            Pieces("strand", (8, 14), 0.26, ("#f0cf74",), "heap"),
            Pieces("cube", (5, 9), 0.15, ("#e79a92",)),
            Pieces("coin", (5, 9), 0.1, ("#b0523a", "#d9826a")),
            TOFU,
            Pieces("stick", (4, 8), 0.15, (GREEN,)),
        ),
        "#cb5423",
    ),
    "순대": Dish(
        (*PLATES, v.BOARD),
        (Pieces("coin", (9, 15), 0.18, ("#2a1b1a", "#57403a", "#b9a08c", "#8a7060", "#b9a08c", "#3a2826")),),
    ),
    "오리로스구이": Dish(
        (v.IRON_PAN, v.GRILL),
        (
            Pieces("strip", (9, 14), 0.28, ("#b5705a", "#f0dcc0")),
            Pieces("leaf", (3, 7), 0.2, ("#4f8a35", "#8fb866")),
            GARLIC,
        ),
    ),
}
