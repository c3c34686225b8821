#!/usr/bin/python3
"""Prints test_hash.c's table: SipHash-1-3 of the bytes 0, 1, 2, ... of growing size.

Written from the paper, apart from lib/base; checked against CPython's own siphash13, which
hash() is when PYTHONHASHSEED is 0 (its key is then 0).
"""
import os
import subprocess
import sys

MASK = 2**64 - 1


def rotate(x, bits):
    return (x << bits | x >> (64 - bits)) & MASK


def sip_round(a, b, c, d):
    a = (a + b) & MASK
    b = rotate(b, 13) ^ a
    a = rotate(a, 32)
    c = (c + d) & MASK
    d = rotate(d, 16) ^ c
    a = (a + d) & MASK
    d = rotate(d, 21) ^ a
    c = (c + b) & MASK
    b = rotate(b, 17) ^ c
    c = rotate(c, 32)
    return a, b, c, d


def siphash13(k0, k1, data):
    state = (k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D,
             k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573)
    padded = data + b"\0" * (7 - len(data) % 8) + bytes([len(data) & 255])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at:at + 8], "little")
        a, b, c, d = state
        a, b, c, d = sip_round(a, b, c, d ^ word)
        state = a ^ word, b, c, d
    a, b, c, d = state
    state = a, b, c ^ 255, d
    for _ in range(3):
        state = sip_round(*state)
    a, b, c, d = state
    return a ^ b ^ c ^ d


def of_python(size):
    code = f"import sys; print(sys.hash_info.algorithm, hash(bytes(range({size}))) % 2**64)"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True,
                            text=True, env={**os.environ, "PYTHONHASHSEED": "0"}).stdout.split()
    return int(answer[1]) if answer[0] == "siphash13" else None


KEY = (0x0706050403020100, 0x0F0E0D0C0B0A0908)
for size in [0, 1, 7, 8, 9, 15, 16, 31, 63, 255]:
    data = bytes(range(size))
    zero = siphash13(0, 0, data)
    assert size == 0 or of_python(size) in (None, zero), size
    print(f"\t{{ {size}, 0x{zero:016x}, 0x{siphash13(*KEY, data):016x} }},")
