"""Writes test/goldens/tfidf.json: scikit-learn's TF-IDF vectors and logistic regression on made-up documents.

Needs Python with `scikit-learn`:
    python scripts/goldens/tfidf.py            the golden file
    python scripts/goldens/tfidf.py --check    compares instead of writing
"""

import json
import sys
from pathlib import Path

import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

PATH = Path(__file__).resolve().parents[2] / "test/goldens/tfidf.json"

# Words are separated by spaces, so that both sides cut alike.
DOCUMENTS = {
    "English": [
        "the heron stands in the shallow water and the water is still",
        "a boat crosses the water",
        "the boat carries rice and tea",
        "tea with rice is a meal",
        "Heron and boat , heron and boat",
        "",
        "nothing in common",
    ],
    "Chinese": ["白鹭 站 在 水 里 水 很 静", "小船 过 河", "小船 运 米 和 茶", "茶 和 米 是 一顿 饭", "白鹭 和 小船 白鹭"],
}
LABELS = {"English": [0, 1, 1, 2, 0, 2, 2], "Chinese": [0, 1, 1, 2, 0]}
QUERIES = {"English": "the heron and an unknown boat", "Chinese": "河 里 的 白鹭"}
SETTINGS = [
    {"frequency": "count", "idf": "smooth", "normalize": True, "ngrams": 1},
    {"frequency": "sublinear", "idf": "smooth", "normalize": True, "ngrams": 2},
    {"frequency": "binary", "idf": "smooth", "normalize": False, "ngrams": 1},
    {"frequency": "count", "idf": "none", "normalize": False, "ngrams": 3},
    {"frequency": "sublinear", "idf": "none", "normalize": True, "ngrams": 1},
]


def vectorizer(settings):
    return TfidfVectorizer(
        tokenizer=str.split,
        token_pattern=None,
        ngram_range=(1, settings["ngrams"]),
        sublinear_tf=settings["frequency"] == "sublinear",
        binary=settings["frequency"] == "binary",
        use_idf=settings["idf"] == "smooth",
        norm="l2" if settings["normalize"] else None,
    )


def vectors(fitted, texts):
    names = fitted.get_feature_names_out()
    rows = fitted.transform(texts)
    return [{names[j]: float(row[0, j]) for j in sorted(row.indices)} for row in (rows[i] for i in range(len(texts)))]


def main():
    cases = []
    for language, documents in DOCUMENTS.items():
        for settings in SETTINGS:
            fitted = vectorizer(settings).fit(documents)
            cases.append(
                {
                    "language": language,
                    "settings": settings,
                    "vectors": vectors(fitted, documents),
                    "query": vectors(fitted, [QUERIES[language]])[0],
                }
            )
    regressions = []
    for language, documents in DOCUMENTS.items():
        fitted = vectorizer(SETTINGS[0]).fit(documents)
        x = fitted.transform(documents)
        l2 = 0.05
        model = LogisticRegression(C=1 / (l2 * len(documents)), tol=1e-10, max_iter=10000).fit(x, LABELS[language])
        probabilities = model.predict_proba(fitted.transform(documents + [QUERIES[language]]))
        regressions.append({"language": language, "l2": l2, "probabilities": probabilities.tolist()})
    golden = {
        "version": sklearn.__version__,
        "documents": DOCUMENTS,
        "labels": LABELS,
        "queries": QUERIES,
        "cases": cases,
        "regressions": regressions,
    }
    text = json.dumps(golden, ensure_ascii=False, indent=1) + "\n"
    if "--check" in sys.argv:
        if text != PATH.read_text():
            sys.exit(f"{PATH} differs")
        print("equal")
    else:
        PATH.write_text(text)


main()
