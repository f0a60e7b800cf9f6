"""Fine-tuning: take another model's weights, and say which were taken and which are new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from kfood.errors import KfoodError
from kfood.model.build import Classifier


@dataclass(frozen=True)
class LoadReport:
    """The account of a transfer: tensors taken from the other model, tensors that start at random."""

    taken: tuple[str, ...]
    new: tuple[str, ...]
    numbers_taken: int
    numbers_new: int

    def __str__(self) -> str:
        """One line for a person."""
        body = sum(name.startswith("body.") for name in self.taken)
        new = f"new are {', '.join(self.new)} ({self.numbers_new:,} numbers)" if self.new else "nothing is new"
        head = len(self.taken) - body
        return (
            f"taken are all {body} tensors of the body{f' and {head} of the head' if head else ''} "
            f"({self.numbers_taken:,} numbers); {new}."
        )


def take_weights(model: Classifier, theirs: Mapping[str, Tensor], same_classes: bool, source: str) -> LoadReport:
    """Load the body's weights whole; the head's too where it has the same classes and shapes.

    Args:
        model: is changed.
        theirs: the other model's state_dict.
        same_classes: whether the other model knows the same classes in the same order.
        source: names the other model in messages.

    Raises:
        KfoodError: the bodies differ in any tensor; nothing is changed then.
    """
    ours = model.state_dict()
    body = [name for name in ours if name.startswith("body.")]
    their_body = [name for name in theirs if name.startswith("body.")]
    if set(body) != set(their_body) or any(ours[name].shape != theirs[name].shape for name in body):
        raise KfoodError(f"{source} has another body than this recipe: its weights cannot be taken.")
    head = [name for name in ours if name.startswith("head.")]
    fits = same_classes and set(head) == {name for name in theirs if name.startswith("head.")}
    fits = fits and all(ours[name].shape == theirs[name].shape for name in head)
    taken = [*body, *(head if fits else [])]
    model.load_state_dict({name: theirs[name] for name in taken}, strict=False)
    new = [] if fits else head
    return LoadReport(tuple(taken), tuple(new), sum(ours[n].numel() for n in taken), sum(ours[n].numel() for n in new))
