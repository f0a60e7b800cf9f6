"""What a folder's name says of its use: a split, a session of photographing, a box that a delivery came in."""

from __future__ import annotations

import re

_SPLITS = {
    "train": "train training tr trn learn 학습 훈련",
    "valid": "val valid validation vld dev 검증",
    "test": "test testing tst tests eval evaluation holdout 시험 평가 테스트",
}
_SPLIT_OF = {word: split for split, words in _SPLITS.items() for word in words.split()}
_NUMBERED = re.compile(r"^\d+[\s._\-)]+")  # AI Hub's 1.Training
_AROUND = re.compile(
    r"^[\s_\-\[\]()]+|[\s_\-\[\]()]*(?:set|data|dataset|images?|imgs?|photos?|split|용|데이터|셋|세트)?[\s_\-\[\]()]*$",
    re.IGNORECASE,
)
# A date, a number, a letter and a number; or what people and cameras call the place of a series of photos.
_SESSION = re.compile(
    r"[\d\W_]+(?:t|z)?[\d\W_]*|[a-z]{1,3}[\d\W_]+|\d{3}[a-z_]{2,8}"
    r"|(?:day|session|sess|cam|camera|img|imgs|image|images|photo|photos|pic|pics|picture|pictures|shot|shots|batch|part|set"
    r"|seq|sequence|take|round|trip|week|month|dcim|iphone|galaxy|phone|raw|original|originals|jpg|jpeg|png|new|old"
    r"|front|back|side|top|left|right|tray|plate|scene|group|user|id|kakaotalk)[\d\W_]*"
    r"|(?:photos from )?\d{4}.{0,12}"
    r"|(?:사진|원본|이미지|촬영|카메라|폰|정면|측면|윗면|앞|뒤|옆|위)[\d\W_]*|(?:제)?\d+\s*(?:일차|회차|차|일|월|년|번|주|주차|회|번째)[\d\W_]*",
    re.IGNORECASE,
)
_CONTAINER = re.compile(
    r"^\[(?:원천|라벨|라벨링)|^(?:원천|라벨링?)\s*데이터|^[TV][SL]_?\d*$|_(?:tra|val|tr|vl)\d*$", re.IGNORECASE
)


def split_of(name: str) -> str:
    """Return "train", "valid" or "test", which a folder's NFC name stands for; "" where it is none of them."""
    plain = _AROUND.sub("", _NUMBERED.sub("", name.strip()))
    return _SPLIT_OF.get(plain.lower(), "")


def is_session(name: str) -> bool:
    """Return whether an NFC name is one of a series (a day, a camera, a number), which no dish is called."""
    return bool(_SESSION.fullmatch(name.strip()))


def is_container(name: str) -> bool:
    """Return whether an NFC name is that of an archive as AI Hub delivers it, such as `[원천]음식_001_Tra`."""
    return bool(_CONTAINER.search(_NUMBERED.sub("", name.strip())))
