"""`kfood interpret`: what is asked for and nothing else, in words and pictures."""

import pytest
from PIL import Image

from support.fake_run import fake_run

CLASSES = ["갈비찜", "김밥", "돼지갈비찜"]


@pytest.fixture
def run(tmp_path):
    return fake_run(tmp_path / "runs" / "mission1" / "20261123-120000-abcd", tmp_path / "photos", CLASSES, 20)


@pytest.fixture
def interpret(kfood, run):
    return lambda *arguments: kfood("interpret", *arguments, "--runs", run.folder.parents[1])


def figures_of(run):
    return {path.name for path in run.figures.iterdir()}


@pytest.mark.parametrize(
    ("arguments", "rows"), [(["--top-losses"], 9), (["--top-losses", "4"], 4), (["--top-losses", "-n", "3"], 3)]
)
def test_as_many_photos_of_highest_loss_as_asked_for(run, interpret, arguments, rows):
    code, out, _ = interpret(*arguments)
    assert code == 0
    assert figures_of(run) == {"test-top-losses.png"}
    lines = [line for line in out.splitlines() if ".jpg" in line]
    worst = run.predictions.query("split == 'test'").nlargest(rows, "loss")
    assert len(lines) == rows
    for line, loss in zip(lines, worst["loss"], strict=True):
        assert f"{loss:.3f}" in line


def test_of_one_class_and_of_a_pair(run, interpret):
    code, out, _ = interpret("--top-losses", "--class", "김밥")
    assert code == 0 and "Highest losses of 김밥" in out
    code, out, _ = interpret("--top-losses", "--pair", "갈비찜", "돼지갈비찜")
    assert code == 0 and "Highest losses between 갈비찜 and 돼지갈비찜" in out
    assert figures_of(run) == {"test-top-losses-김밥.png", "test-top-losses-갈비찜-돼지갈비찜.png"}


def test_look_alikes_together(run, interpret):
    code, out, _ = interpret("--confusion", "--order", "similar")
    assert code == 0
    assert figures_of(run) == {"test-confusion.png", "test-confusion-rates.png"}
    assert "Most confused pairs" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], 'There is no finished run "nowhere"'),
        (["--top-losses", "--class", "갈비"], 'Did you mean "갈비찜"'),
        (["--split", "tets"], 'Did you mean "test"'),
        (["--cam"], "model.json"),  # this run has no model
        (["--cam", "--method", "oclusion"], 'Did you mean "occlusion"'),
    ],
)
def test_bad_input_is_one_sentence(interpret, arguments, words):
    code, out, err = interpret(*arguments)
    assert code == 2
    assert words in err
    assert "Traceback" not in out + err


def test_a_topic_that_cannot_be_shown_is_named_and_the_others_are(run, interpret):
    code, out, err = interpret("--cam", "--per-class")
    assert code == 0
    assert "test-per-class.png" in out
    assert "Not shown, where the network looks:" in err and "model.json" in err


def test_an_unfinished_run_is_named(run, interpret):
    run.status_file.write_text("running")  # but no process holds it
    code, _, err = interpret(run.folder)
    assert code == 2
    assert "is interrupted, not done" in err


def test_the_value_of_cam_is_a_photo(run, interpret, tmp_path):
    """This run has no model, so that the photo is refused for that and not as the name of a run."""
    Image.new("RGB", (8, 8)).save(tmp_path / "mine.png")
    code, _, err = interpret("--cam", tmp_path / "mine.png")
    assert code == 2
    assert "model.json" in err
