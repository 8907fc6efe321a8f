"""Golden numbers of word vectors, by gensim: files, neighbours, analogies, correlations. Needs gensim (4.4) and scipy.

python scripts/goldens/word2vec.py [--check]
"""

import base64
import json
import math
import sys
import tempfile
from pathlib import Path

import numpy
from gensim.models import KeyedVectors

target = Path(__file__).parent.parent.parent / "test/goldens/word2vec.json"


def vectors(words, channels):
    made = KeyedVectors(channels)
    made.add_vectors(words, [[math.sin(i * 37.7 + j * 1.3 + i * j) for j in range(channels)] for i in range(len(words))])
    return made


def file_of(made, binary):
    with tempfile.NamedTemporaryFile() as file:
        made.save_word2vec_format(file.name, binary=binary)
        return base64.b64encode(Path(file.name).read_bytes()).decode()


def multiplied(made, a, b, c):
    """3CosMul with the paper's epsilon, 0.001; gensim's most_similar_cosmul has 0.000001."""
    to = (1 + made.get_normed_vectors() @ made.get_normed_vectors()[[a, b, c]].T.astype(numpy.float64)) / 2
    scores = to[:, 1] * to[:, 2] / (to[:, 0] + 0.001)
    return [[made.index_to_key[i], scores[i]] for i in numpy.argsort(-scores) if i not in (a, b, c)][:5]


small = vectors(["the", "whale", "宝玉", "new_york"], 3)
words = [f"w{i}" for i in range(300)]
large = vectors(words, 8)
questions = [[words[(7 * i + k * k * 11) % 300] for k in range(4)] for i in range(60)]
# Answers that are right, so that something is counted.
for question in questions[:25]:
    a, b, c, _ = question
    if len({a, b, c}) == 3:
        question[3] = large.most_similar(positive=[b, c], negative=[a], topn=1)[0][0]
with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
    file.write(": all\n" + "".join(" ".join(question) + "\n" for question in questions))
    file.flush()
    _, sections = large.evaluate_word_analogies(file.name, case_insensitive=False)
pairs = [[words[i], words[(i * 13 + 5) % 300], round(5 + 5 * math.sin(i), 0)] for i in range(100)]
with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
    file.write("".join(f"{a}\t{b}\t{score}\n" for a, b, score in pairs))
    file.flush()
    _, spearman, _ = large.evaluate_word_pairs(file.name, case_insensitive=False)
result = {
    "text": file_of(small, False),
    "binary": file_of(small, True),
    "neighbours": large.most_similar("w17", topn=5),
    "add": large.most_similar(positive=["w2", "w3"], negative=["w1"], topn=5),
    "multiply": multiplied(large, 1, 2, 3),
    "questions": questions,
    "correct": len(sections[-1]["correct"]),
    "answered": len(sections[-1]["correct"]) + len(sections[-1]["incorrect"]),
    "pairs": pairs,
    "spearman": float(spearman[0]),
}
text = json.dumps(result, ensure_ascii=False, indent=1) + "\n"
if "--check" in sys.argv:
    sys.exit(target.read_text() != text)
target.write_text(text)
