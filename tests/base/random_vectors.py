#!/usr/bin/python3
"""Prints test_random.c's tables: xoshiro256** seeded by splitmix64, written from the paper."""
MASK = 2**64 - 1


def rotate(x, bits):
    return (x << bits | x >> (64 - bits)) & MASK


def splitmix(seed):
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        z = ((seed ^ seed >> 30) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
        yield z ^ z >> 31


def xoshiro(state):
    s0, s1, s2, s3 = state
    while True:
        yield rotate(s1 * 5 & MASK, 7) * 9 & MASK
        t = s1 << 17 & MASK
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= t
        s3 = rotate(s3, 45)


def row(numbers, n=6):
    print("\t{ " + ", ".join(f"0x{next(numbers):016x}" for _ in range(n)) + " },")


row(xoshiro([1, 2, 3, 4]))
for seed in [0, 1, 2**64 - 1]:
    mixed = splitmix(seed)
    row(xoshiro([next(mixed) for _ in range(4)]))
