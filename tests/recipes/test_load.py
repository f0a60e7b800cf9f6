"""Recipes are found, extended, overridden and checked; what is wrong is said with the nearest match."""

from pathlib import Path

import pytest

from kfood.errors import KfoodError
from kfood.recipes.load import find_recipe, load_recipe, read_toml, shipped_recipes


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Return a function that writes a recipe in the current folder and returns its path as text."""
    monkeypatch.chdir(tmp_path)

    def write_recipe(name: str, text: str) -> str:
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
        return f"{name}.toml"

    return write_recipe


def error_of(*args, **kwargs) -> str:
    with pytest.raises(KfoodError) as caught:
        load_recipe(*args, **kwargs)
    return str(caught.value)


def test_name_is_the_files_and_may_be_written(write):
    assert load_recipe(write("mine", "")).name == "mine"
    assert load_recipe(write("renamed", 'name = "other"')).name == "other"


def test_extends_changes_what_is_said_and_keeps_the_rest(write):
    write("base", '[training]\nepochs = 7\nbatch_size = 8\n[optimizer]\nname = "sgd"\nbetas = [0.5, 0.5]')
    recipe = load_recipe(write("child", 'extends = "base"\n[training]\nepochs = 3\n[optimizer]\nbetas = [0.1, 0.2]'))
    assert (recipe.training.epochs, recipe.training.batch_size) == (3, 8)
    assert recipe.optimizer.name == "sgd"
    assert recipe.optimizer.betas == (0.1, 0.2)  # a list is replaced, not merged


def test_extends_reaches_over_several_files_and_folders(write, tmp_path):
    (tmp_path / "deep").mkdir()
    write("base", "[training]\nepochs = 7")
    write("deep/middle", 'extends = "../base.toml"\n[data]\nsize = 96')
    recipe = load_recipe(write("child", 'extends = "deep/middle.toml"\n[training]\nbatch_size = 4'))
    assert (recipe.training.epochs, recipe.data.size, recipe.training.batch_size) == (7, 96, 4)


def test_a_sibling_comes_before_a_shipped_recipe_of_the_same_name(write):
    child = write("child", 'extends = "mission1"')
    assert load_recipe(child).model.arch == "resnet18"
    write("mission1", '[model]\narch = "resnet50"')
    assert load_recipe(child).model.arch == "resnet50"
    assert load_recipe("mission1").model.arch == "resnet18"  # a name on the command line is a shipped recipe


def test_a_child_may_complete_what_its_base_allows(write):
    write("base", '[optimizer]\nname = "sgd"\nmomentum = 0.9')
    assert load_recipe(write("child", 'extends = "base"\n[optimizer]\nnesterov = true')).optimizer.nesterov


@pytest.mark.parametrize(
    ("files", "chain"),
    [
        ({"a": "a"}, "(a -> a)"),
        ({"a": "b", "b": "c", "c": "a"}, "(a -> b -> c -> a)"),
        ({"a": "b", "b": "c", "c": "b"}, "(b -> c -> b)"),
    ],
)
def test_a_circle_is_told(write, files, chain):
    for name, base in files.items():
        write(name, f'extends = "{base}"')
    assert chain in error_of("a.toml")


def test_a_fault_is_told_of_the_file_that_has_it(write):
    write("base", "[data]\nsise = 64")
    message = error_of(write("child", 'extends = "base"'))
    assert "base.toml: there is no key data.sise." in message
    assert 'Did you mean "size"?' in message


def test_merged_tables_keep_class_weights_of_both(write):
    write("base", '[loss.class_weights]\n"갈비찜" = 2.0\n"김밥" = 0.5')
    recipe = load_recipe(write("child", 'extends = "base"\n[loss.class_weights]\n"갈비찜" = 3.0'))
    assert recipe.loss.class_weights == {"갈비찜": 3.0, "김밥": 0.5}


@pytest.mark.parametrize(
    ("setting", "section", "key", "value"),
    [
        ("training.epochs=5", "training", "epochs", 5),
        ("training.epochs = 5 ", "training", "epochs", 5),
        ("optimizer.lr=3e-4", "optimizer", "lr", 3e-4),
        ("optimizer.betas=0.9,0.95", "optimizer", "betas", (0.9, 0.95)),
        ("optimizer.betas=[0.9, 0.95]", "optimizer", "betas", (0.9, 0.95)),
        ("training.restore_best=false", "training", "restore_best", False),
        ("model.arch=resnet50", "model", "arch", "resnet50"),
        ('model.arch="resnet50"', "model", "arch", "resnet50"),
        ("model.start_from=", "model", "start_from", ""),
        ('model.start_from=""', "model", "start_from", ""),
        ("model.start_from=runs/a=b", "model", "start_from", "runs/a=b"),
        ("data.classes=김밥, 라면", "data", "classes", ("김밥", "라면")),
        ('data.classes=["김밥"]', "data", "classes", ("김밥",)),
        ("data.classes=", "data", "classes", ()),
        ("augment.transforms=zoom,shear", "augment", "transforms", ("zoom", "shear")),
        ("loss.class_weights.돼지갈비찜=2", "loss", "class_weights", {"돼지갈비찜": 2.0}),
    ],
)
def test_set_changes_a_value(setting, section, key, value):
    assert getattr(getattr(load_recipe("mission1", [setting]), section), key) == value


def test_the_later_set_wins_and_comes_after_the_demo_table():
    recipe = load_recipe("mission1", ["training.epochs=5", "data.size=40", "training.epochs=6"], "demo")
    assert (recipe.training.epochs, recipe.data.size, recipe.training.batch_size) == (6, 40, 32)


@pytest.mark.parametrize("setting", ["training.epochs", "epochs=5", "=5", ".=5", "training.=5", ""])
def test_set_of_another_form_is_told(setting):
    assert f'--set "{setting}" is not of the form section.key=value' in error_of("mission1", [setting])


def test_demo_table_applies_to_the_demo_alone(write, monkeypatch):
    mine = write("mine", "[training]\nepochs = 9\nbatch_size = 8\n[demo.training]\nepochs = 2")
    assert load_recipe(mine).training.epochs == 2
    assert load_recipe(mine, data="demo").training.epochs == 2
    assert load_recipe(mine, ["data.root=demo"]).training.epochs == 2
    assert load_recipe(mine, data="photos").training.epochs == 9
    assert load_recipe(mine, ["data.root=photos"]).training.epochs == 9
    monkeypatch.setenv("KFOOD_DATA", "photos")
    assert load_recipe(mine).training.epochs == 9
    assert load_recipe(mine, data="demo").training.epochs == 2
    assert load_recipe(mine, data="demo").training.batch_size == 8


def test_demo_table_of_the_base_can_be_changed(write):
    write("base", "[demo.training]\nepochs = 2\nbatch_size = 4")
    recipe = load_recipe(write("child", 'extends = "base"\n[demo.training]\nepochs = 3'))
    assert (recipe.training.epochs, recipe.training.batch_size) == (3, 4)


@pytest.mark.parametrize("text", ["demo = 3", "[demo.training]\nepoch = 1", '[demo]\nextends = "mission1"'])
def test_a_faulty_demo_table_is_told_whatever_the_data(write, text):
    mine = write("mine", text)
    assert "demo" in error_of(mine, data="photos")
    assert error_of(mine, data="photos") == error_of(mine, data="demo")


def test_a_fault_behind_the_demo_table_is_told_whatever_the_data(write):
    mine = write("mine", '[training]\nbatch_size = "many"\n[demo.training]\nbatch_size = 16')
    assert "training.batch_size" in error_of(mine, data="demo")


def test_data_on_the_command_line_comes_first_then_the_recipe_then_the_variable_then_the_demo(
    write, tmp_path, monkeypatch
):
    def root_of(*args) -> str:
        """The end of data.root, which is made absolute."""
        return str(Path(load_recipe(*args).data.root).relative_to(tmp_path))

    with_root = write("with_root", '[data]\nroot = "recipe"')
    without = write("without", "")
    assert load_recipe(without).data.root == "demo"
    monkeypatch.setenv("KFOOD_DATA", "variable")
    assert root_of(without) == "variable"
    assert root_of(with_root) == "recipe"
    assert root_of(with_root, ["data.root=set"]) == "set"
    assert root_of(with_root, ["data.root=set"], "line") == "line"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[trainin]\nepochs = 1", 'there is no key trainin. Did you mean "training"?'),
        ("[training]\nepoch = 1", 'there is no key training.epoch. Did you mean "epochs"?'),
        ("[data]\nepochs = 1", "there is no key data.epochs. Did you mean training.epochs?"),
        ("[sampling]\nzzz = 1", "there is no key sampling.zzz. The keys there are method."),
        ('extand = "mission1"', 'there is no key extand. Did you mean "extends"?'),
        ('[optimizer]\nname = "adamm"', 'optimizer.name = "adamm" is not one of sgd, rmsprop, adam, adamw, nadam.'),
        ('[optimizer]\nname = "adamm"', 'Did you mean "adam"?'),
        ('[augment]\ntransforms = ["rotate"]', 'Did you mean "rotation"?'),
        (
            "[training]\nepochs = -1",
            "training.epochs = -1 is not possible: input should be greater than",
        ),
        ("[training]\nepochs = 0", "training.epochs is 0 and there is no probe (probe.epochs)"),
        ('[training]\nepochs = "ten"', "training.epochs = 'ten' is not possible"),
        ('[loss.class_weights]\n"갈비찜" = -1', "loss.class_weights.갈비찜 = -1 is not possible"),
        ("[optimizer]\nlr = nan", "optimizer.lr = nan is not possible"),
        ("data = 3", "data = 3 is not possible"),
        ("extends = 3", "extends must name one recipe, in quotes."),
        ('extends = "misson1"', 'extends = "misson1" cannot be followed. There is no recipe "misson1".'),
        ('extends = "misson1"', 'Did you mean "mission1"?'),
        ('extends = "base.toml"', "There is no recipe file"),
        ("[training\nepochs = 1", "is not a TOML file"),
        (f"[training]\nseed = {'9' * 5000}", "is not a TOML file: Exceeds the limit"),
        (f"[training]\nepochs = -0x{'f' * 5000}", "is not a TOML file"),
        (
            f"[training]\nbatch_size = 1{'0' * 19}\nseed = 0x{'f' * 5000}",
            "training.seed = a number of thousands of digits",
        ),
        (f"[data]\nclasses = {'[' * 5000}{']' * 5000}", "is not a TOML file"),
        (f"[{'a.' * 20}a]", "tables and lists stand within each other deeper than in any recipe."),
        (f'[optimizer]\nname = "{"x" * 5000}"', f'optimizer.name = "{"x" * 119}… is not one of'),
        ('[data]\nroot = "a\\u0000b"', r'data.root = "a\x00b": must not hold a NUL'),
        ('name = "a\\nb"', r"must not hold control characters or be longer than 200 bytes"),
        ('[data]\ngroup = "(a{99999999999999})"', "is not a regular expression (the repetition number is too large)"),
        (f'extends = "{"x" * 300}"', "cannot be followed. There is no recipe"),
        ("[training]\nepochs = = 2", "at line 2"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(write, text, words):
    message = error_of(write("mine", text), data="photos")
    assert message.count("mine.toml") == 1
    assert words in message


def test_a_file_that_is_not_utf8_is_named(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes("# 갈비찜".encode("cp949"))
    assert error_of(str(path)) == f"{path} is not in UTF-8: save it as UTF-8."


def test_a_home_that_nobody_has_is_a_folder_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_recipe("mission1", data="~nobody-of-this-name/x").data.root == f"{tmp_path}/~nobody-of-this-name/x"
    assert error_of("~nobody-of-this-name/x.toml") == "There is no recipe file ~nobody-of-this-name/x.toml."
    assert "There is no recipe file" in error_of("x" * 300 + ".toml")


def test_a_byte_order_mark_is_no_fault(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[training]\nepochs = 4", encoding="utf-8-sig")
    assert read_toml(path) == {"training": {"epochs": 4}}


def test_find_recipe_by_name_and_by_path(write, tmp_path):
    assert find_recipe("mission1") == shipped_recipes()["mission1"]
    (tmp_path / "deep").mkdir()
    write("deep/mine", "")
    assert find_recipe("deep/mine.toml").samefile(tmp_path / "deep" / "mine.toml")
    with pytest.raises(KfoodError, match=r"There is no recipe file missing\.toml"):
        find_recipe("missing.toml")
    with pytest.raises(KfoodError, match='There is no recipe "mision3".* Did you mean "mission3"'):
        find_recipe("mision3")


@pytest.mark.parametrize("demo", ["", "demo."])
def test_a_fault_in_a_step_of_the_ladder_names_the_file(tmp_path, demo):
    file = tmp_path / "mine.toml"
    file.write_text(f"[[{demo}ladder]]\ndata.size = 64\n[[{demo}ladder]]\ntraining.epochs = nan\n")
    with pytest.raises(KfoodError, match=r"mine\.toml.*, step 2 of its ladder: training\.epochs = nan is not possible"):
        load_recipe(str(file))
