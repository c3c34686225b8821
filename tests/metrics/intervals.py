"""Prints normal quantiles and Wilson intervals from scipy, for lines "k n level" of a file."""
import sys

from scipy import stats

for i, line in enumerate(open(sys.argv[1])):
    k, n, level = (float(x) for x in line.split())
    print(f"quantile.{i}", repr(float(stats.norm.ppf(0.5 + level / 2))))
    if n:
        ci = stats.binomtest(int(k), int(n)).proportion_ci(level, method="wilson")
        print(f"low.{i}", repr(float(ci.low)))
        print(f"high.{i}", repr(float(ci.high)))
