"""Writes test/goldens/word-bpe.json: what transformers' OpenAIGPTTokenizer makes of real and of odd text with GPT-1's vocabulary.

Needs Python with `tokenizers`, `tiktoken` and `transformers`, and the data at hand:
    NACRE_DATA_MIRROR=... python scripts/goldens/word_bpe.py
With --check it compares instead of writing. The golden holds hashes of ids, never the texts. Odd text is that of tokenization.py.
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from word_piece import DOCUMENTS, MIXED, digest, odd_text

import tokenizers
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers


def train(text, size, alphabet):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.BpeTrainer(vocab_size=size, min_frequency=2, limit_alphabet=alphabet, special_tokens=["<unk>"],
                                  end_of_word_suffix="</w>", show_progress=False)
    tokenizer.train_from_iterator([text], trainer)
    return sorted(tokenizer.get_vocab())


def main():
    mirror = Path(os.environ["NACRE_DATA_MIRROR"])
    read = lambda path: (mirror / path).read_bytes().decode()
    vocabulary = json.loads(read("tokenizers/gpt1/encoder_bpe_40000.json"))
    lines = read("tokenizers/gpt1/vocab_40000.bpe").split("\n")[1:]
    merges = [tuple(line.split(" ")) for line in lines if line]
    gpt = transformers.OpenAIGPTTokenizer(vocab=vocabulary, merges=merges)
    encode = lambda text: gpt(text, add_special_tokens=False)["input_ids"]
    sources = [({"path": path}, read(path)) for path in DOCUMENTS]
    sources += [({"seed": seed, "length": 3000}, odd_text(seed, 3000)) for seed in range(301, 309)]
    cases = []
    for source, text in sources:
        ids = encode(text)
        cases.append({**source, "ids": [len(ids), digest(ids)]})
    text = read("tinyshakespeare/input.txt")
    golden = {
        "writtenBy": f"scripts/goldens/word_bpe.py with tokenizers {tokenizers.__version__}, transformers {transformers.__version__}",
        "cases": cases,
        "texts": [[text, encode(text)] for text in MIXED],
        "training": {"path": "tinyshakespeare/input.txt", "vocabularySize": 2000, "alphabetSize": 1000,
                     "tokens": train(text, 2000, 1000)},
    }
    small = transformers.OpenAIGPTTokenizer(vocab={"<unk>": 0, "a": 1, "b</w>": 2, "ab</w>": 3}, merges=[("a", "b</w>")])
    golden["small"] = json.loads(small.backend_tokenizer.to_str())
    written = json.dumps(golden, ensure_ascii=True, separators=(",", ":")).replace('],["', '],\n["') + "\n"
    target = Path(__file__).parents[2] / "test" / "goldens" / "word-bpe.json"
    if "--check" in sys.argv:
        known = json.loads(target.read_text())
        assert {**known, "writtenBy": ""} == {**golden, "writtenBy": ""}, f"{target} differs"
    else:
        target.write_text(written)
    print(f"{target}: {len(cases)} documents")


if __name__ == "__main__":
    main()
