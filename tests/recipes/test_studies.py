"""The shipped studies hold every figure of the report, and its way through them ends at the shipped recipes."""

import re

import pytest

from kfood.model.body import timm_name
from kfood.recipes.load import load_recipe, merged, summary
from kfood.study.load import choose_budget, find_study, load_study, shipped_studies
from kfood.study.plan import Way, plan_tables
from kfood.study.settle import kept_change, resolved
from kfood.study.trainings import terms_of
from support.reported_figures import REPORT

NAMES = list(REPORT)
HEALTH = ["갈비찜", "김치국", "돼지갈비찜"]


@pytest.fixture(scope="module")
def camp(make_photos, tmp_path_factory):
    """A few photos of a few classes, in the camp's four folders."""
    dishes = ["갈비구이", "김밥", "파전"]
    counts = {f"kfood_train/train/{name}": 10 for name in dishes} | {f"kfood_val/val/{name}": 2 for name in dishes}
    counts |= {f"kfood_health_train/{name}": 10 for name in HEALTH} | {f"kfood_health_val/{name}": 2 for name in HEALTH}
    return make_photos(tmp_path_factory.mktemp("camp"), counts)


@pytest.fixture(scope="module")
def planned(camp):
    """A function that returns the recipe of every row, by table and row, as a study's budget has it for seed 0."""
    known = {}

    def rows(name, budget="full"):
        if (name, budget) not in known:
            study = load_study(name)
            terms = terms_of(study, budget, choose_budget(study, budget), 1, str(camp))
            tables = plan_tables(terms, list(study.tables), Way.reported, {}, {})
            assert [row.fault for table in tables for row in table.rows if row.fault] == []
            known[name, budget] = {
                (table.table.name, row.row.name): row.trainings[0] for table in tables for row in table.rows
            }
        return known[name, budget]

    return rows


def what_is_learned(recipe):
    return recipe.model_dump(exclude={"name", "ladder"})


def table_of(study, name):
    return next(table for table in load_study(study).tables if table.name == name)


def test_the_studies_are_these():
    assert list(shipped_studies()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_study_has_the_reports_tables_rows_figures_and_choices(name):
    found = {}
    for table in load_study(name).tables:
        rows = {}
        for row in table.rows:
            figures = (row.report.valid, row.report.valid_loss, row.report.test)
            rows[row.name + "*" * row.kept] = figures
        found[table.name] = (table.section, rows)
    whole = {
        table: (section, {row: (*figures, None, None, None)[:3] for row, figures in rows.items()})
        for table, (section, rows) in REPORT[name].items()
    }
    assert found == whole
    assert list(found) == list(whole)  # in the report's order


@pytest.mark.parametrize("name", NAMES)
def test_a_row_without_a_figure_says_why(name):
    rows = [row for table in load_study(name).tables for row in table.rows]
    assert [row.name for row in rows if row.report.valid is None and not row.report.note] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_study_begins_with_what_it_is_our_own_result_and_the_command(name):
    header = find_study(name).read_text(encoding="utf-8").partition("\n\n")[0]
    assert header.startswith(f"# {name}: ")
    assert all(line.startswith("#") for line in header.splitlines())
    assert re.search(r"^# Our own result: \S", header, re.MULTILINE)
    assert re.search(rf"^# Run it: +kfood study run {name} --data FOLDER", header, re.MULTILINE)
    assert summary(find_study(name)) in header.splitlines()[0]


def test_what_the_report_measured_on():
    second, third = (load_study(name).reported for name in NAMES)
    assert (second.classes, second.valid, second.test) == (42, 6720, 4200)
    assert (third.classes, third.valid, third.test) == (13, 2823, 1764)
    mission3 = load_study("mission3")
    own = {table.name: table.reported for table in mission3.tables if table.reported}
    assert list(own) == ["pair"]
    # 1267 + 891 photos of the pair in the train folder, split 0.8 : 0.2, and 151 + 107 in the other
    assert (own["pair"].classes, own["pair"].valid, own["pair"].test) == (2, 432, 151 + 107)


@pytest.mark.parametrize("name", NAMES)
def test_budgets_say_what_they_are(name):
    budgets = load_study(name).budgets
    assert list(budgets) == ["smoke", "small", "full"]
    for budget, says in budgets.items():
        assert says.about.startswith(f"{budget}: ") and f"{says.seeds} seeds" in says.about
    full = budgets["full"]
    assert (full.seeds, full.epochs, full.settings, full.start_settings) == (3, 1, {}, {})


def test_timm_has_every_network():
    architectures = [row.change["model"]["arch"] for row in table_of("mission2", "architecture").rows]
    assert [timm_name(name) for name in architectures] == architectures
    assert len(set(architectures)) == 9


@pytest.mark.parametrize("name", NAMES)
def test_what_is_carried_on_leads_to_the_shipped_recipe(name):
    study = load_study(name)
    carried = {}
    for table in study.tables:
        carried = merged(carried, kept_change(table))
    start = load_recipe(study.recipe, data="photos")
    of_the_last_table = table_of("mission2", "final").settings if name == "mission2" else {}  # 50 epochs
    reached = resolved(start, name, carried, of_the_last_table)
    assert what_is_learned(reached) == what_is_learned(load_recipe(name, data="photos"))


@pytest.mark.parametrize(
    ("study", "table", "row", "recipe"),
    [
        ("mission2", "denoising", "none", "mission1"),
        ("mission2", "batch-size", "64", "mission1"),
        ("mission2", "one-augmentation", "none", "mission1"),
        ("mission2", "final", "final", "mission2"),
        ("mission2", "final", "plain-head", "mission2-plain-head"),
        ("mission3", "sampling", "none", "mission3"),
        ("mission3", "sampling", "over", "mission3-oversampled"),
        ("mission3", "sampling", "under", "mission3-undersampled"),
        ("mission3", "base-model", "mission2-plain-head", "mission3"),
        ("mission3", "remedies", "none", "mission3"),
        ("mission3", "remedies", "mixup", "mission3-mixup"),
        ("mission3", "remedies", "class-weights", "mission3-class-weights"),
        ("mission3", "pair", "pair", "pair"),
    ],
)
def test_a_row_is_the_recipe_of_its_name(planned, camp, study, table, row, recipe):
    ours = planned(study)[table, row].recipe
    assert what_is_learned(ours) == what_is_learned(load_recipe(recipe, data=str(camp)))


def test_one_row_leads_to_the_next_table_in_mission_2(planned):
    recipes = {place: training.recipe for place, training in planned("mission2").items()}
    assert recipes["batch-size", "16"].data.denoise == "none"
    assert recipes["crop-plus-one", "zoom"].augment.transforms == ("random_crop", "zoom")
    architecture = recipes["architecture", "inception-v3"]
    assert (architecture.augment.transforms, architecture.training.epochs) == (("random_crop", "rotation"), 20)
    assert recipes["architecture-long", "resnet18"].training.epochs == 50
    plain, momentum = recipes["optimizer", "sgd"], recipes["optimizer", "sgd-momentum"]
    assert (plain.optimizer.momentum, plain.optimizer.nesterov, plain.training.epochs) == (0, False, 20)
    assert (momentum.optimizer.momentum, momentum.optimizer.nesterov, momentum.training.epochs) == (0.99, True, 50)
    assert {plain.model.arch, momentum.model.arch} == {"densenet121"}
    eps = recipes["eps", "1e-6"]
    assert (eps.optimizer.name, eps.optimizer.betas, eps.optimizer.eps) == ("nadam", (0.999, 0.999), 1e-6)
    assert (eps.schedule.name, eps.training.epochs) == ("none", 20)
    weak = recipes["l2", "0.0001"]
    assert (weak.schedule.name, weak.schedule.min_lr, weak.optimizer.eps) == ("cosine", 1e-5, 1e-8)
    head = recipes["head", "dropout"]
    assert (head.model.head, head.optimizer.weight_decay, head.training.epochs) == ("dropout", 0.001, 50)
    assert recipes["final", "no-early-stopping"].training.early_stopping == 0
    assert recipes["final", "no-early-stopping"].model.head == "dropout_bn"


def test_rows_that_several_tables_share_are_one_training(planned):
    second, third = planned("mission2"), planned("mission3")
    assert second["denoising", "none"].key == second["batch-size", "64"].key == second["one-augmentation", "none"].key
    assert second["crop-plus-one", "rotation"].key == second["crop-plus-two", "rotation"].key
    assert third["sampling", "none"].key == third["batch-size", "16"].key == third["remedies", "none"].key
    assert third["remedies", "none"].key != third["pair", "pair"].key


def test_mission_3_starts_from_mission_2(planned):
    rows = planned("mission3")
    starts = {rows["base-model", name].start.recipe.name for name in ("mission2", "mission2-plain-head")}
    assert starts == {"mission2", "mission2-plain-head"}
    start = rows["pair", "pair"].start.recipe
    assert (start.name, start.data.subset, start.data.classes) == ("mission2-plain-head", "kfood", ())
    assert len({training.start.key for training in rows.values()}) == 2


@pytest.mark.parametrize(("budget", "size", "long"), [("smoke", 32, 1), ("small", 64, 25)])
def test_a_smaller_budget_holds_wherever_a_row_says_nothing_else(planned, budget, size, long):
    rows = planned("mission2", budget)
    for (table, row), training in rows.items():
        recipe = training.recipe
        compared = table in ("architecture", "architecture-long")
        assert recipe.data.size == size
        assert compared or recipe.model.arch == "resnet18"
        assert recipe.training.epochs in (long, 1 if budget == "smoke" else 10), (table, row)
    assert rows["architecture", "resnet101"].recipe.model.arch == "resnet101"
    assert rows["architecture-long", "resnet18"].recipe.training.epochs == long
    assert rows["batch-size", "128"].recipe.training.batch_size == 128


@pytest.mark.parametrize(("budget", "size"), [("smoke", 32), ("small", 64)])
def test_a_smaller_budget_holds_for_what_mission_3_starts_from(planned, budget, size):
    for training in planned("mission3", budget).values():
        start = training.start.recipe
        assert (
            (start.data.size, start.model.arch)
            == (size, "resnet18")
            == (
                training.recipe.data.size,
                training.recipe.model.arch,
            )
        )
        assert start.data.per_class == training.recipe.data.per_class
        assert start.training.epochs == (1 if budget == "smoke" else 25)


def test_the_smoke_budget_leaves_enough_photos_for_the_largest_batch():
    """Of the camp's photos, train and test folder together; the train folder's are split 0.8 : 0.2."""
    for name, train, test in (("mission2", 33_600, 4200), ("mission3", 14_115, 1764)):
        study = load_study(name)
        per_class = study.budgets["smoke"].settings["data"]["per_class"]
        learned = per_class * study.reported.classes * 0.8 * train / (train + test)
        assert learned > 128
