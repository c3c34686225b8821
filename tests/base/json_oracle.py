#!/usr/bin/python3
"""Reads texts (a line of hexadecimal digits each) as strict JSON, with Python's own parser.

Prints a line for each: "-" when it is not JSON by our rules, else its tree: n and 16 digits for a
double, s and k with hexadecimal UTF-8 for strings and keys, t, f, z, and brackets.
"""
import json
import struct
import sys

DEPTH = 64


def refuse(text):
    raise ValueError(text)


class Pairs(list):
    pass


def pairs(items):
    keys = [key for key, _ in items]
    if len(set(keys)) != len(keys):
        raise ValueError("the same key twice")
    return Pairs(items)


def text(value):
    if "\0" in value:
        raise ValueError("NUL")
    return value.encode("utf-8", "strict").hex()


def tree(value, depth):
    if isinstance(value, list) and depth == DEPTH:
        raise ValueError("too deep")
    if isinstance(value, Pairs):
        return "{" + "".join("k" + text(k) + tree(v, depth + 1) for k, v in value) + "}"
    if isinstance(value, list):
        return "[" + "".join(tree(v, depth + 1) for v in value) + "]"
    if isinstance(value, str):
        return "s" + text(value)
    if isinstance(value, float):
        return "n" + struct.pack(">d", value).hex()
    return {True: "t", False: "f", None: "z"}[value]


def read(data):
    try:
        value = json.loads(data.decode("utf-8", "strict"), parse_int=float,
                           parse_constant=refuse, object_pairs_hook=pairs)
        return tree(value, 0)
    except (ValueError, RecursionError):
        return "-"


with open(sys.argv[1], encoding="ascii") as file:
    for line in file:
        print(read(bytes.fromhex(line)))
