#!/usr/bin/python3
"""Reads lines "p TEXT" and prints the 16 digits of the double that TEXT is, or "inf"; for lines
"d DIGITS", the double of those bits, prints how many significant digits its shortest text has."""
import math
import struct
import sys
from decimal import Decimal

with open(sys.argv[1], encoding="ascii") as file:
    for line in file:
        kind, text = line.split()
        if kind == "p":
            x = float(text)
            print("inf" if math.isinf(x) else struct.pack(">d", x).hex())
        else:
            x, = struct.unpack(">d", bytes.fromhex(text))
            print(len(Decimal(repr(x)).normalize().as_tuple().digits))
