"""Each photo is compared with its few nearest, by hash and by features."""

import numpy as np

from kfood.duplicates.candidates import candidates
from kfood.duplicates.image_hashes import ImageHashes, image_hashes
from support.textured import changed, save, textured


def pairs_of(table):
    return set(zip(table["a"], table["b"], strict=True))


def looks_of(samples_of, tmp_path, *photos):
    paths = [save(photo, tmp_path / f"{number}.jpg") for number, photo in enumerate(photos)]
    return image_hashes(samples_of(*((path, "김밥", "train") for path in paths)))


def test_hashes_find_what_was_saved_anew_or_mirrored(samples_of, tmp_path):
    photos = [*map(textured, range(6)), changed(1, "resized"), changed(4, "mirrored")]
    hashes = looks_of(samples_of, tmp_path, *photos)
    np.testing.assert_array_equal(hashes.hashes[7], hashes.mirrored[4])
    found = candidates(hashes, None)
    assert {(1, 6), (4, 7)} <= pairs_of(found)
    assert set(found["how"]) == {"phash"}
    assert (found["a"] < found["b"]).all()
    assert len(found) == len(pairs_of(found))


def test_features_find_what_hashes_miss():
    rng = np.random.default_rng(0)
    blind = rng.integers(0, 256, (2, 200, 8), dtype=np.uint8)
    features = rng.random((200, 64), np.float32) - 0.5
    features[150] = features[3] + 0.05 * rng.random(64, np.float32)
    found = candidates(ImageHashes(np.zeros((200, 64, 64), np.uint8), *blind), 7 * features)
    assert (3, 150) in pairs_of(found[found["how"] == "features"])
    assert len(found[found["how"] == "features"]) == 1


def test_a_crowd_of_photos_that_are_alike_makes_few_pairs():
    same = np.zeros((300, 8), np.uint8)
    found = candidates(ImageHashes(np.zeros((300, 64, 64), np.uint8), same, same), np.ones((300, 4), np.float32))
    assert 299 <= len(found) <= 300 * 30


def test_one_photo_has_no_pair():
    one = np.zeros((1, 8), np.uint8)
    assert candidates(ImageHashes(np.zeros((1, 64, 64), np.uint8), one, one), np.ones((1, 4), np.float32)).empty
