"""The distribution of a class's scores: nearly normal, with some skew and some heavier or lighter tails."""

from __future__ import annotations

import numpy as np

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
