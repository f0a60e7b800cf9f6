"""How many labels of a pair are flipped: two classes' scores as a mixture, with intervals by profile likelihood.

Of the photos labelled A a share `a` truly shows B, of those labelled B a share `b` truly shows A. A model that has not
seen a photo gives it a score; the scores of the true As have one shape, those of the true Bs another, whatever their
labels say, and both rates follow from how much of B's shape is found under A's label. G. J. McLachlan and D. Peel,
"Finite Mixture Models" (2000), on the mixture and its likelihood intervals.

What it assumes: labels are flipped by chance, not because a photo looks like the other dish. Where photos that are hard
to tell are the ones with the wrong label, the rate comes out too low.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.stats import chi2

_MOST = 0.5  # of a class's labels may be wrong; beyond, the names are exchanged
_LEVEL = 0.95
_TOLD_APART = 2.0  # widths; below, the rates can hardly be told
# How far from normal (skew, tails) and how much wider than the other a class's scores are thought to be: standard
# deviations of normal priors. They hold the shapes back where few photos say little of them.
_SKEW, _TAIL, _WIDTHS = 0.3, 0.15, 0.5
_BOUNDS = [(-np.inf, np.inf), (-4, 2), (-1.5, 1.5), (-1, 1)] * 2
_STEPS = np.array([0, 0.25, 0.5, 1, 1.5, 2, 3, 4, 5, 6.5, 8, 10, 12, 15, 18, 22, 26, 30, 35, 40, 45, 50]) / 100

_VALUES = {  # what is held fast, from both rates and the labels' shares
    "first": lambda rates, shares: rates[0],
    "second": lambda rates, shares: rates[1],
    "both": lambda rates, shares: rates @ shares,
}


@dataclass(frozen=True)
class Rate:
    """A share of wrong labels with its 95 % interval, each 0 to 0.5, among `n` photos."""

    rate: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class NoiseRates:
    """The rates under the first label, under the second, and of both together; and how far the classes lie apart.

    `apart` is the distance of the two shapes in their mean width.
    `wrong` is for each photo the probability that its label is flipped.
    """

    first: Rate
    second: Rate
    both: Rate
    apart: float
    wrong: np.ndarray

    @property
    def caution(self) -> str:
        """What to bear in mind of these rates, in a sentence; '' where they can be told well."""
        if self.apart >= _TOLD_APART:
            return ""
        apart = f"{self.apart:.1f}"
        return f"The two dishes' scores lie only {apart} widths apart: of these rates, trust the upper ends alone."

    def table(self, pair: tuple[str, str]) -> pd.DataFrame:
        """Return a row for each label and one for both: `photos` (in words), `n`, `flipped labels`, `low`, `high`."""
        rates = {f"labelled {pair[0]}": self.first, f"labelled {pair[1]}": self.second, "both": self.both}
        rows = [(name, each.n, each.rate, each.low, each.high) for name, each in rates.items()]
        return pd.DataFrame(rows, columns=["photos", "n", "flipped labels", "low", "high"])


def noise_rates(scores: np.ndarray, second: np.ndarray) -> NoiseRates:
    """Estimate the rates of flipped labels.

    Args:
        scores: n, by models that have not seen the photo, the higher the more like the second class.
        second: n, whether the label is the second class.
    """
    centred = (scores - np.median(scores)) / (scores.std() + 1e-12)
    order = np.argsort(second, kind="stable")  # the photos labelled A first
    scores, n_first = centred[order], int((~second.astype(bool)).sum())
    shares = np.array([n_first, len(scores) - n_first]) / len(scores)
    fit = partial(_fit, scores, n_first, shares)
    best, found = fit()
    intervals = {kind: _interval(fit, kind, shares, best, found) for kind in _VALUES}
    wrong = np.empty(len(scores))
    wrong[order] = _wrong(scores, n_first, found)
    counts = {"first": n_first, "second": len(scores) - n_first, "both": len(scores)}
    rates = [Rate(*intervals[kind], counts[kind]) for kind in _VALUES]
    width = np.exp((found[1] + found[1 + PARAMETERS]) / 2)
    of_first, of_second, of_both = rates
    return NoiseRates(of_first, of_second, of_both, abs(found[PARAMETERS] - found[0]) / width, wrong)


def _fit(
    scores: np.ndarray,
    n_first: int,
    shares: np.ndarray,
    held: str = "",
    value: float = 0.0,
    start: np.ndarray | None = None,
) -> tuple[float, np.ndarray]:
    """Return the least penalised negative log-likelihood and its parameters: two shapes, then both rates."""
    shapes = 2 * PARAMETERS
    bounds = [*_BOUNDS, (0, _MOST), (0, _MOST)]
    if held == "both":
        most = min(_MOST, value / shares[0])
        least = min(max(0, (value - shares[1] * _MOST) / shares[0]), most)  # rounding may bring it above
        bounds = [*_BOUNDS, (least, most)]
    elif held:
        bounds = [*_BOUNDS, (0, _MOST)]

    def whole(free: np.ndarray) -> np.ndarray:
        if not held:
            return free
        rate = free[-1]
        if held == "both":
            rates = [rate, np.clip((value - shares[0] * rate) / shares[1], 0, _MOST)]
        else:
            rates = [value, rate] if held == "first" else [rate, value]
        return np.r_[free[:shapes], rates]

    def cost(free: np.ndarray) -> tuple[float, np.ndarray]:
        total, gradient = _cost(whole(free), scores, n_first)
        by_first, by_second = gradient[shapes:]
        own = {"": [by_first, by_second], "first": [by_second], "second": [by_first]}
        by_rates = own.get(held) or [by_first - by_second * shares[0] / shares[1]]
        return total, np.r_[gradient[:shapes], by_rates]

    plain = np.r_[_start(scores, n_first), [value if held else 0.1] * 2]
    best = (np.inf, plain)
    for begin in (plain, start):
        if begin is None:
            continue
        free = np.clip(np.r_[begin[:shapes], _free_rates(begin[shapes:], held)], *np.transpose(bounds))
        found = minimize(cost, free, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300})
        if found.fun < best[0]:
            best = (found.fun, whole(found.x))
    return best


def _cost(parameters: np.ndarray, scores: np.ndarray, n_first: int) -> tuple[float, np.ndarray]:
    """Return the penalised negative log-likelihood and its gradient."""
    mixing, (of_a, of_b), (by_a, by_b), top = _mixture(parameters, scores, n_first)
    both = mixing * of_a + (1 - mixing) * of_b + 1e-300
    total = -(np.log(both) + top).sum()
    from_a = mixing * of_a / both
    gradient = -np.r_[by_a @ from_a, by_b @ (1 - from_a)]
    by_mixing = (of_a - of_b) / both
    gradient = np.r_[gradient, by_mixing[:n_first].sum(), -by_mixing[n_first:].sum()]
    for place, spread in ((2, _SKEW), (3, _TAIL)):
        for each in (place, place + PARAMETERS):
            total += 0.5 * (parameters[each] / spread) ** 2
            gradient[each] += parameters[each] / spread**2
    apart = parameters[1] - parameters[1 + PARAMETERS]
    gradient[[1, 1 + PARAMETERS]] += np.array([apart, -apart]) / _WIDTHS**2
    return total + 0.5 * (apart / _WIDTHS) ** 2, gradient


def _mixture(
    parameters: np.ndarray, scores: np.ndarray, n_first: int
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Return the share of true As at each photo, both densities (scaled by exp(top)) and their gradients."""
    a, by_a = log_density(scores, parameters[:PARAMETERS])
    b, by_b = log_density(scores, parameters[PARAMETERS : 2 * PARAMETERS])
    first, second = parameters[2 * PARAMETERS :]
    mixing = np.where(np.arange(len(scores)) < n_first, 1 - first, second)
    top = np.maximum(a, b)
    return mixing, (np.exp(a - top), np.exp(b - top)), (by_a, by_b), top


def _wrong(scores: np.ndarray, n_first: int, parameters: np.ndarray) -> np.ndarray:
    mixing, (of_a, of_b), _, _ = _mixture(parameters, scores, n_first)
    is_a = mixing * of_a / (mixing * of_a + (1 - mixing) * of_b + 1e-300)
    return np.where(np.arange(len(scores)) < n_first, 1 - is_a, is_a)


def _interval(
    fit: Callable[..., Any], kind: str, shares: np.ndarray, best: float, found: np.ndarray
) -> tuple[float, float, float]:
    """Return the rate and where twice the log-likelihood has fallen by the quantile of chi-squared, to both sides."""
    value = float(_VALUES[kind](found[2 * PARAMETERS :], shares))
    enough = np.sqrt(chi2.ppf(_LEVEL, 1))

    def edge(steps: np.ndarray) -> float:
        last, before, fallen_before = found, value, 0.0
        for step in steps:
            cost, last = fit(kind, step, last)
            fallen = np.sqrt(max(0.0, 2 * (cost - best)))
            if fallen > enough:
                return before + (step - before) * (enough - fallen_before) / (fallen - fallen_before)
            before, fallen_before = step, fallen
        return float(before)

    return value, edge(_STEPS[value > _STEPS][::-1]), edge(_STEPS[value < _STEPS])


def _start(scores: np.ndarray, n_first: int) -> np.ndarray:
    return np.concatenate([[part.mean(), np.log(part.std() + 1e-6), 0, 0] for part in np.split(scores, [n_first])])


def _free_rates(rates: np.ndarray, held: str) -> np.ndarray:
    return rates if not held else rates[1:] if held == "first" else rates[:1]


_HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)
PARAMETERS = 4  # place, log of width, skew, log of tail weight


def log_density(scores: np.ndarray, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sinh-arcsinh distribution's log density, n, and its gradient by the four parameters, 4 x n.

    M. C. Jones and A. Pewsey, "Sinh-arcsinh distributions", Biometrika 96 (2009). With skew 0 and tail weight 1 it is
    the normal distribution.
    """
    place, log_width, skew, log_tail = parameters
    width, tail = np.exp(log_width), np.exp(log_tail)
    z = (scores - place) / width
    stretch, angle = 1 + z * z, np.arcsinh(z)
    bent = np.clip(tail * angle - skew, -40, 40)
    sinh, cosh = np.sinh(bent), np.cosh(bent)
    found = log_tail - log_width + np.log(cosh) - 0.5 * np.log(stretch) - 0.5 * sinh**2 - _HALF_LOG_2PI
    by_bent = np.tanh(bent) - sinh * cosh
    by_z = by_bent * tail / np.sqrt(stretch) - z / stretch
    return found, np.stack([-by_z / width, -1 - z * by_z, -by_bent, 1 + by_bent * tail * angle])
