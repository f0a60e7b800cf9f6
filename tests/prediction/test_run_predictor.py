"""A run's network without fastai says what the run said."""

import json
import subprocess
import sys

import numpy as np
import pytest

from kfood.evaluation.predict import predict
from kfood.pairs.cascade import make_cascade
from kfood.prediction.run_predictor import RunPredictor
from kfood.recipes.load import load_recipe
from kfood.run.folder import Run
from kfood.system.files import write_json
from kfood.training.restore import predictor_of
from kfood.training.train import train
from support.small import SMALL

pytestmark = pytest.mark.slow
COUNTS = {"갈비찜": 14, "김밥": 14, "돼지갈비찜": 14}


@pytest.fixture(scope="module")
def photos(make_photos, tmp_path_factory):
    """Photos that are wider than high, and some that are higher than wide."""
    from PIL import Image

    root = make_photos(tmp_path_factory.mktemp("shapes") / "photos", COUNTS, pixels=120)
    for number, path in enumerate(sorted(root.rglob("*.jpg"))):
        with Image.open(path) as image:
            height = 33 + number
            image.crop((0, 0, 120, height)).rotate(90 * (number % 2), expand=True).save(path)
    return root


def require_as_judged(run: Run) -> None:
    """The predictor's probabilities are those that the run noted of its validation and test photos."""
    predictor, judged = RunPredictor(run), run.predictions
    assert predictor.name == run.name and len(judged) > 10
    prepared = np.stack([predictor.prepare(path) for path in judged["path"]])
    got = predictor.probabilities(prepared)
    assert got.dtype == np.float32 and got.sum(axis=1) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(got, judged[[f"p_{name}" for name in predictor.classes]], atol=1e-4)


@pytest.mark.parametrize("presize", [1, 1.25, 2.5])
@pytest.mark.parametrize("resize", ["squish", "crop", "pad"])
def test_photos_are_predicted_as_the_run_judged_them(photos, tmp_path, resize, presize):
    settings = [*SMALL, "training.epochs=1", "model.hflip_tta=true", f"data.resize={resize}", f"data.presize={presize}"]
    require_as_judged(train(load_recipe("mission1", settings, str(photos)), tmp_path / "runs"))


def test_a_run_in_bfloat16_keeps_its_format(photos, tmp_path):
    settings = [*SMALL, "training.epochs=1", "training.precision=bfloat16", "data.denoise=blur"]
    require_as_judged(train(load_recipe("mission1", settings, str(photos)), tmp_path / "runs"))


def test_a_cascade_that_asks_predicts_as_its_learner(two_runs, tmp_path):
    run = make_cascade(*two_runs, tmp_path / "runs").run
    require_as_judged(run)
    about = json.loads(run.model_file.read_text()) | {"margin": 1.0}
    write_json(run.model_file, about)
    run.checksums.add(run.model_file)
    asking, photos = RunPredictor(run), run.predictions["path"]
    wanted = predict(predictor_of(run), run.samples, run.recipe.data.size)
    assert wanted["path"].tolist() == photos.tolist() and not wanted.equals(run.predictions[list(wanted)])
    got = asking.probabilities(np.stack([asking.prepare(path) for path in photos]))
    np.testing.assert_allclose(got, wanted[[f"p_{name}" for name in asking.classes]], atol=1e-4)


def test_fastai_is_not_imported(two_runs):
    run = two_runs.main
    photo = run.predictions["path"][0]
    code = (
        "import sys; from kfood.prediction.run_predictor import RunPredictor; from kfood.run.folder import Run\n"
        f"predictor = RunPredictor(Run({str(run.folder)!r}))\n"
        f"assert predictor.probabilities(predictor.prepare({photo!r})[None]).shape == (1, 3)\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'fastai', 'fastcore', 'pandas', 'matplotlib'}))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
