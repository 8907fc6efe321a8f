"""word2vec by gensim on a file of words between spaces: prints JSON with words per second and analogy accuracy.

python bench/peers/gensim-word2vec.py CORPUS --architecture skip-gram --objective negative-sampling --threads 1 --epochs 5
"""

import argparse
import json
import time

import gensim
from gensim.models import Word2Vec

parser = argparse.ArgumentParser()
parser.add_argument("corpus")
parser.add_argument("--architecture", choices=["skip-gram", "cbow"], default="skip-gram")
parser.add_argument("--objective", choices=["negative-sampling", "hierarchical-softmax"], default="negative-sampling")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--sample", type=float, default=1e-3)
parser.add_argument("--words", type=int, help="only so many words from the beginning")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--out", help="writes the vectors here, in binary")
parser.add_argument("--questions", help="a file of analogies")
options = parser.parse_args()

words = open(options.corpus).read().split()[: options.words]
# A thousand words are a sentence, as the published program cuts a text without line breaks.
sentences = [words[i : i + 1000] for i in range(0, len(words), 1000)]
skip_gram, tree = options.architecture == "skip-gram", options.objective == "hierarchical-softmax"
model = Word2Vec(
    vector_size=100,
    window=5,
    min_count=5,
    negative=0 if tree else 5,
    hs=int(tree),
    sg=int(skip_gram),
    sample=options.sample,
    alpha=0.025 if skip_gram else 0.05,
    workers=options.threads,
    seed=options.seed,
)
model.build_vocab(sentences)
start = time.perf_counter()
model.train(sentences, total_examples=len(sentences), epochs=options.epochs)
seconds = time.perf_counter() - start
result = {
    "peer": f"gensim {gensim.__version__}",
    "vocabulary": len(model.wv),
    "wordsPerSecond": round(len(words) * options.epochs / seconds),
    "seconds": round(seconds, 2),
}
if options.out:
    model.wv.save_word2vec_format(options.out, binary=True)
if options.questions:
    accuracy, sections = model.wv.evaluate_word_analogies(options.questions, restrict_vocab=30000)
    result["accuracy"] = accuracy
    result["correct"] = len(sections[-1]["correct"])
    result["covered"] = len(sections[-1]["correct"]) + len(sections[-1]["incorrect"])
print(json.dumps(result))
