"""The Mersenne Twister MT19937: 32-bit words, 624 at a time.

NumPy has one too, but importing numpy.random takes longer than a whole short session.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Words = np.ndarray[Any, Any]  # of uint32

LENGTH = 624
_FAR = 397
_UPPER, _LOWER = np.uint32(0x80000000), np.uint32(0x7FFFFFFF)
_MATRIX = np.uint32(0x9908B0DF)


class Mersenne:
    """A stream of words. `used` counts those drawn from the 624 words that `state` stands for.

    A freshly seeded state stands for none: `used` is 0, and the first draw makes the next state.
    """

    __slots__ = ("state", "used")

    def __init__(self, state: Words, used: int) -> None:
        self.state = state
        self.used = used

    def words(self, count: int) -> Words:
        """The next `count` words."""
        left = LENGTH - self.used if self.used else 0
        taken = min(count, left)
        parts = [self.state[self.used : self.used + taken]]
        self.used += taken
        missing = count - taken
        while missing > 0:
            self.state = _next(self.state)
            self.used = min(missing, LENGTH)
            parts.append(self.state[: self.used])
            missing -= self.used
        return _temper(np.concatenate(parts))


def seeded(seed: int) -> Mersenne:
    """The stream of a 32-bit seed."""
    word = seed & 0xFFFFFFFF
    state = [word]
    for index in range(1, LENGTH):
        word = (1812433253 * (word ^ (word >> 30)) + index) & 0xFFFFFFFF
        state.append(word)
    return Mersenne(np.array(state, np.uint32), 0)


def _next(state: Words) -> Words:
    new = np.empty_like(state)
    near = LENGTH - _FAR
    mixed = _mixed(state[:-1], state[1:])
    np.bitwise_xor(state[_FAR:], mixed[:near], out=new[:near])
    np.bitwise_xor(new[:near], mixed[near : 2 * near], out=new[near : 2 * near])
    np.bitwise_xor(new[near : _FAR - 1], mixed[2 * near :], out=new[2 * near : -1])
    new[-1:] = new[_FAR - 1 : _FAR] ^ _mixed(state[-1:], new[:1])
    return new


def _mixed(words: Words, after: Words) -> Words:
    both = (words & _UPPER) | (after & _LOWER)
    return (both >> 1) ^ ((after & 1) * _MATRIX)


def _temper(words: Words) -> Words:
    words = words ^ (words >> 11)
    words ^= (words << 7) & np.uint32(0x9D2C5680)
    words ^= (words << 15) & np.uint32(0xEFC60000)
    words ^= words >> 18
    return words
