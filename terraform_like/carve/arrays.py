"""The kinds of arrays that a carve is made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Positions, narrow or wide.
Positions = NDArray[np.signedinteger]
Flags = NDArray[np.bool_]
