"""Settings that make a recipe's training take a second."""

SMALL = (
    "model.arch=test_resnet",
    "data.size=32",
    "training.epochs=2",
    "training.batch_size=8",
    "training.workers=0",
    "schedule.name=cosine",
)
