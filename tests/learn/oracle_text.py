#!/usr/bin/python3
"""What scikit-learn makes of the texts and categories of sample_typed: prints oracle_text.h.

The analyzer below is written anew from learn/terms.h's words; hashes are libxxhash's own XXH64; the
counts then go through scikit-learn's TfidfTransformer, categories through its OneHotEncoder, and
LogisticRegression fits them beside standardised numbers.
"""
import ctypes
import math
import re
import warnings

import numpy
import scipy.sparse
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from oracle_logistic import Generator, numbers

XXH = ctypes.CDLL("libxxhash.so.0")
XXH.XXH64.restype = ctypes.c_uint64
XXH.XXH64.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
BITS = 18
ROWS = 400
WORDS = ["Offer", "MEETING", "тест", "Ünïcode", "ΑΒΓ", "free", "Free!", "money-back", "invoice",
         "at", "9", "a", "lunch?", "ŽIŽEK", "日本語", "win"]
VALUES = ["de", "fr", "en", "it", "es", "pt"]


def terms(text):
    words = re.findall(r"\w+", "".join(c.lower() if len(c.lower()) == 1 else c for c in text))
    found = [(word, 1) for word in words]
    found += [(f"{a} {b}", 1) for a, b in zip(words, words[1:])]
    for word in words:
        word = f" {word} "
        found += [(word[i:i + n], 2) for n in (3, 4, 5) for i in range(len(word) - n + 1)]
    return found


def bucket(term, seed):
    data = term.encode()
    return XXH.XXH64(data, len(data), seed) & ((1 << BITS) - 1)


def sample_typed():
    generator, numbers_, categories, texts, labels = Generator(), [], [], [], []
    for _ in range(ROWS):
        number = generator.unit() - 0.5
        if generator.next() % 9 == 0:
            number = numpy.nan
        value = generator.next() % 8
        value = min(value, generator.next() % 8)
        text = " ".join(WORDS[generator.next() % 16] for _ in range(1 + generator.next() % 8))
        spam = ("free" in text.lower()) + (value == 1) + generator.unit()
        numbers_.append(number)
        categories.append(VALUES[value] if value < 6 else None)
        texts.append(text)
        labels.append(int(spam > 1))
    return numpy.array(numbers_), categories, texts, numpy.array(labels)


def tfidf(texts):
    rows, columns = [], []
    for i, text in enumerate(texts):
        for term in terms(text):
            rows.append(i)
            columns.append(bucket(*term))
    counts = scipy.sparse.coo_matrix(
        (numpy.ones(len(rows)), (rows, columns)), shape=(len(texts), 1 << BITS)).tocsr()
    counts.sum_duplicates()
    kept = numpy.flatnonzero(numpy.bincount(counts.nonzero()[1], minlength=1 << BITS) >= 2)
    counts = counts[:, kept]
    return kept, TfidfTransformer(sublinear_tf=True).fit(counts), counts


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    x, categories, texts, y = sample_typed()
    kept, transformer, counts = tfidf(texts)
    text = transformer.transform(counts)
    column = numpy.array([c or "" for c in categories], dtype=object).reshape(-1, 1)
    # The three most frequent values, then one for all others, missing ones among them.
    frequent = sorted(sorted(set(categories) - {None}, key=lambda v: (-categories.count(v), v))[:3])
    known = numpy.array([[c if c in frequent else "~"] for c in categories], dtype=object)
    hot = OneHotEncoder(categories=[frequent + ["~"]]).fit_transform(known)
    dense = SimpleImputer(add_indicator=True).fit_transform(x.reshape(-1, 1))
    dense = StandardScaler().fit_transform(dense)
    every = scipy.sparse.hstack([scipy.sparse.csr_matrix(dense), hot, text]).tocsr()
    fit = LogisticRegression(solver="newton-cg", tol=1e-10, max_iter=10000).fit(every, y)
    print("/* Printed by oracle_text.py. */")
    print(f"enum {{ typed_terms = {len(kept)} }};")
    numbers("typed_buckets", kept[:50])
    numbers("typed_idf", transformer.idf_[:50])
    first = text[:5].toarray()
    numbers("typed_first_sums", first.sum(axis=1))
    numbers("typed_first_greatest", first.max(axis=1))
    numbers("typed_first_places", first.argmax(axis=1))
    print("static const char *const typed_frequent[] = {")
    for value in frequent:
        print(f'\t"{value}",')
    print("};")
    numbers("typed_coefficients", fit.coef_[0][:6])
    numbers("typed_text_coefficients", fit.coef_[0][6::max(1, len(kept) // 40)][:40])
    numbers("typed_step", [max(1, len(kept) // 40)])
    numbers("typed_intercept", fit.intercept_)
    numbers("typed_probabilities", fit.predict_proba(every[:30]))
