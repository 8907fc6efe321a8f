"""Writes test/goldens/word-piece.json: what Hugging Face tokenizers and transformers make of text with BERT's vocabularies.

Needs Python with `tokenizers`, `tiktoken` and `transformers`, and the data at hand:
    NACRE_DATA_MIRROR=... python scripts/goldens/word_piece.py            the golden file
    python scripts/goldens/word_piece.py --classes                       the runs of src/tokenizers/bert-characters.ts
The golden holds hashes of ids, never the texts. Odd text is that of tokenization.py.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from tokenization import ATOMS, base36, digest, odd_text

import tokenizers
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
DOCUMENTS = [
    "tinyshakespeare/input.txt",
    "english_corpora/wikitext2/wiki.test.tokens",
    "chinese_novels/xiyouji.txt",
    "cmn_eng/cmn.txt",
    "noto_emoji/captions.tsv",
    "self_instruct/user_oriented_instructions.jsonl",
]
MIXED = [
    "H\u00e9llo, w\u00f6rld! \u00dcber na\u00efve caf\u00e9s.",
    "BERT\u6a21\u578b\u57282018\u5e74\u63d0\u51fa\uff0c\u7528\u4e86Transformer\u3002",
    "I'm \U0001f600 happy \u2764\ufe0f today",
    "unaffable antidisestablishmentarianism " + "x" * 101,
    "\u0130stanbul \u03a3\u0391\u03a3 \u1e9e \ud55c\uad6d\uc5b4 \u304b\u3099",
    "[MASK] is not [CLS]",
]


def bert(lowercase):
    return normalizers.BertNormalizer(lowercase=lowercase)


def character_classes():
    """The letter of each code point's class, as in bert-characters.ts."""
    only = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    clean, chinese, accents = (normalizers.BertNormalizer(**(only | {name: True}))
                               for name in ("clean_text", "handle_chinese_chars", "strip_accents"))
    split = pre_tokenizers.BertPreTokenizer()
    letters = []
    for code_point in range(0x110000):
        if 0xD800 <= code_point < 0xE000:
            letters.append("R")  # a lone surrogate is read as U+FFFD, which is removed
            continue
        text = f"a{chr(code_point)}b"
        cleaned = clean.normalize_str(text)
        pieces = [piece for piece, _ in split.pre_tokenize_str(text)]
        if cleaned == "ab":
            letters.append("R")
        elif len(pieces) == 2:
            letters.append("W")
        elif chinese.normalize_str(text) != text:
            letters.append("C")
        elif accents.normalize_str(text) == "ab":
            letters.append("M")
        else:
            letters.append("P" if len(pieces) == 3 else ".")
    return letters


def class_runs(letters):
    runs, start = [], 0
    for i in range(1, len(letters) + 1):
        if i == len(letters) or letters[i] != letters[start]:
            runs.append(letters[start] + ("" if i - start == 1 else base36(i - start)))
            start = i
    return "".join(runs)


def word_piece(vocabulary, lowercase):
    tokenizer = Tokenizer(models.WordPiece(vocab=vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer, tokenizer.pre_tokenizer = bert(lowercase), pre_tokenizers.BertPreTokenizer()
    return tokenizer


def train(text, size, alphabet):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = bert(True), pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=size, min_frequency=2, limit_alphabet=alphabet,
                                        special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator([text], trainer)
    return sorted(tokenizer.get_vocab())


def main():
    letters = character_classes()
    if "--classes" in sys.argv:
        print(class_runs(letters))
        return
    mirror = Path(os.environ["NACRE_DATA_MIRROR"])
    read = lambda path: (mirror / path).read_bytes().decode()
    files = {"uncased": "bert-base-uncased-vocab.txt", "chinese": "bert-base-chinese-vocab.txt"}
    vocabularies = {name: {token: i for i, token in enumerate(read(f"tokenizers/bert/{file}").rstrip("\n").split("\n"))}
                    for name, file in files.items()}
    plain = {f"{name}{'' if lowercase else '-cased'}": word_piece(vocabulary, lowercase)
             for name, vocabulary in vocabularies.items() for lowercase in (True, False)}
    whole = {name: transformers.BertTokenizer(vocab=str(mirror / "tokenizers/bert" / file)) for name, file in files.items()}
    cases = []
    sources = [({"path": path}, read(path)) for path in DOCUMENTS]
    sources += [({"seed": seed, "length": 3000}, odd_text(seed, 3000)) for seed in range(201, 213)]
    for source, text in sources:
        ids = {name: tokenizer.encode(text).ids for name, tokenizer in plain.items()}
        cases.append({**source, "ids": {name: [len(own), digest(own)] for name, own in ids.items()}})
    pair = ["The [MASK] sat on the mat.", "\u5b83\u7761\u7740\u4e86\uff0c\u5f88\u9999\u3002"]
    alphabet = "|".join(chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000)
    text_digest = lambda text: hashlib.sha256(text.encode()).hexdigest()[:32]
    text = read("tinyshakespeare/input.txt")
    golden = {
        "writtenBy": f"scripts/goldens/word_piece.py with tokenizers {tokenizers.__version__}, transformers {transformers.__version__}",
        "classes": hashlib.sha256("".join(letters).encode()).hexdigest(),
        "normalized": {"lowercase": text_digest(bert(True).normalize_str(alphabet)),
                       "cased": text_digest(bert(False).normalize_str(alphabet))},
        "cases": cases,
        "texts": [[text, {name: tokenizer.encode(text).ids for name, tokenizer in plain.items()}]
                  for text in MIXED + [atom for atom in ATOMS if atom != "<|endoftext|>"]],
        "pair": {"texts": pair, **{name: {"ids": t(*pair)["input_ids"], "segments": t(*pair)["token_type_ids"],
                                          "single": t(pair[0])["input_ids"]} for name, t in whole.items()}},
        "training": {"path": "tinyshakespeare/input.txt", "vocabularySize": 2000, "alphabetSize": 1000,
                     "tokens": train(text, 2000, 1000)},
        "small": json.loads(word_piece({t: i for i, t in enumerate([*SPECIAL, "a", "##b", "\u597d"])}, True).to_str()),
    }
    saved = Path("/tmp") / "nacre-word-piece"
    whole["uncased"].save_pretrained(saved)
    published = json.loads((saved / "tokenizer.json").read_text())
    golden["published"] = {name: published[name] for name in ("added_tokens", "normalizer", "pre_tokenizer", "post_processor",
                                                              "decoder")}
    target = Path(__file__).parents[2] / "test" / "goldens" / "word-piece.json"
    target.write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")).replace('],["', '],\n["') + "\n")
    print(f"{target}: {len(cases)} documents")


if __name__ == "__main__":
    main()
