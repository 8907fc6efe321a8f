"""Writes test/goldens/tokenizers.json: what Hugging Face tokenizers and tiktoken make of real and of odd text.

Needs Python with `tokenizers` and `tiktoken`, and the data at hand:
    NACRE_DATA_MIRROR=... python scripts/goldens/tokenization.py            the golden file
    python scripts/goldens/tokenization.py --classes                       the runs of src/tokenizers/unicode-classes.ts
The golden holds hashes of ids, never the texts. Odd text comes from a seeded generator that the tests repeat.
"""

import base64
import hashlib
import json
import os
import struct
import sys
from pathlib import Path

# This file is called what the package is called: look for the package elsewhere.
sys.path = [folder for folder in sys.path if Path(folder).resolve() != Path(__file__).resolve().parent]

import tiktoken
import tokenizers
from tiktoken.load import data_gym_to_mergeable_bpe_ranks
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

R50K = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""
CL100K = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"""
    r"""|\s++$|\s*[\r\n]|\s+(?!\S)|\s"""
)
LLAMA3 = (
    r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"""
    r"""|\s*[\r\n]+|\s+(?!\S)|\s+"""
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
PHRASES = "|".join(
    [
        r"[\p{Lu}\p{Lt}]\p{Ll}*",
        r"[\p{Lm}\p{Lo}]+",
        r" ?\p{Ll}+(?: \p{Ll}+)*(?: (?=[\p{Lu}\p{Lt}]))?",
        r"\p{N}+",
        r"[^\s\p{L}\p{N}]+ ?",
        r"\s+",
    ]
)
O200K = "|".join(
    [
        r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
        r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
        r"""\p{N}{1,3}""",
        r""" ?[^\s\p{L}\p{N}]+[\r\n/]*""",
        r"""\s*[\r\n]+""",
        r"""\s+(?!\S)""",
        r"""\s+""",
    ]
)

DOCUMENTS = [
    "tinyshakespeare/input.txt",
    "english_corpora/wikitext2/wiki.test.tokens",
    "english_corpora/enwiki_articles.txt",
    "english_corpora/gutenberg/alice_in_wonderland.txt",
    "chinese_novels/hongloumeng.txt",
    "cmn_eng/cmn.txt",
    "noto_emoji/captions.tsv",
    "sft_misc/glaive_toolcall_zh_demo.json",
    "self_instruct/user_oriented_instructions.jsonl",
]

# Stretches and ranges of code points that tokenizers stumble over.
ATOMS = [
    " ", "  ", "\t", "\n", "\r\n", "\r", "\n\n", "\x0b", "\x0c", "\x00", "\x01", "\x1b", "\x7f", "\x85", "\xa0", "\xad",
    "\u1680", "\u2003", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\u180e", "\u200b", "\u200c", "\u200d", "\u2060",
    "\ufeff", "\ufffd", "\uffff", "\ue000", "\U0010ffff", "'", "'s", "'S", "'T", "'ll", "'LL", "'Re", "'ve", "'d", "'m",
    "'\u017f", "\u2019s", "'a", "''s", "I'm", "we'll", "the", " the", "The", "HTTPServer", "camelCase", "don't", "\u00dcber",
    "na\u00efve", "e\u0301", "o\u0308\u0301", "\u0915\u094d\u0937", "\u0e01\u0e33", "\u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd", "\ud55c\uad6d\uc5b4", "\u1112\u1161\u11ab", "\u65e5\u672c\u8a9e\u3002",
    "\u4f60\u597d\uff0c\u4e16\u754c\uff01", "\u3072\u3089\u304c\u306a", "\U0002000b", "\U0001f600",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", "\U0001f1e8\U0001f1f3", "\u2764\ufe0f", "1\ufe0f\u20e3",
    "\U0001f44d\U0001f3fd", "1", "12", "123", "1234", "3.14", "1,000", "\u00bd", "\u2167", "\u0664\u0662", "\U0001d7d8", "_",
    "__init__", "def f(x):\n    return x ** 2\n", "if (a && b) { c[i++] = 0; }\n", "\t\tfor (;;)\n", "// ---- //\n", "<p>&nbsp;</p>",
    "C:\\path\\file", "https://example.org/a?b=c#d", "x\u2212y", "\u221e", "a/b/\n/c", "!!!\n\n", "...\r\n /", "<|endoftext|>",
    "aaaaaaaaaaaaaaaa", "= = = = =", "\u01c5", "\u02b0", "\U00010400\U00010428", "\U00016e40", "\u1e9e", "\u0130", "\u212a",
]  # fmt: skip
RANGES = [
    [0x00, 0x7F], [0x80, 0xFF], [0x100, 0x24F], [0x250, 0x36F], [0x370, 0x5FF], [0x600, 0x8FF], [0x900, 0xDFF],
    [0xE00, 0x11FF], [0x1E00, 0x206F], [0x2070, 0x2BFF], [0x3000, 0x30FF], [0x4E00, 0x9FFF], [0xA000, 0xABFF],
    [0xAC00, 0xD7A3], [0xE000, 0xF8FF], [0xF900, 0xFFFF], [0x10000, 0x10FFF], [0x11000, 0x13FFF], [0x16000, 0x18FFF],
    [0x1D000, 0x1DFFF], [0x1E000, 0x1F0FF], [0x1F100, 0x1FAFF], [0x20000, 0x323AF], [0x32400, 0x10FFFF],
]  # fmt: skip


def odd_text(seed, length):
    """A text of `length` pieces; the same as oddText in the tests."""
    state = seed

    def below(bound):
        nonlocal state
        state = (state * 1664525 + 1013904223) % 2**32
        return (state >> 8) % bound

    pieces = []
    for _ in range(length):
        kind = below(6)
        if kind < 3:
            pieces.append(ATOMS[below(len(ATOMS))])
        elif kind == 3:
            atom = ATOMS[below(len(ATOMS))]
            pieces.append(atom * (1 + below(5)))
        else:
            first, last = RANGES[below(len(RANGES))]
            pieces.append(chr(first + below(last - first + 1)))
    return "".join(pieces)


def digest(ids):
    return hashlib.sha256(struct.pack(f"<{len(ids)}i", *ids)).hexdigest()[:32]


def text_digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def code_points_matching(pattern):
    """The code points that a Hugging Face expression matches: its Unicode version, not Python's."""
    split = pre_tokenizers.Split(Regex(pattern), "removed")
    code_points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    matching = set(code_points)
    for i in range(0, len(code_points), 4096):
        for piece, _ in split.pre_tokenize_str("".join(map(chr, code_points[i : i + 4096]))):
            matching.difference_update(map(ord, piece))
    return matching


def character_classes():
    """For each code point the bit of its class, as in unicode-classes.ts."""
    patterns = {1: r"[\p{Lu}\p{Lt}]", 2: r"\p{Ll}", 4: r"[\p{Lm}\p{Lo}]", 8: r"\p{M}", 16: r"\p{N}", 32: r"\s"}
    classes = bytearray([64]) * 0x110000
    classes[0xD800:0xE000] = bytes([128]) * 0x800
    for bit, pattern in patterns.items():
        for code_point in code_points_matching(pattern):
            classes[code_point] = bit
    return bytes(classes)


def class_runs(classes):
    """Runs as a letter and a length in base 36; A is upper and lower in turn; surrogates count as other."""
    names = {1: "U", 2: "L", 4: "O", 8: "M", 16: "N", 32: "W", 64: "."}
    classes = classes.replace(bytes([128]), bytes([64]))
    runs, i = [], 0
    while i < len(classes):
        end = i
        while end < len(classes) and classes[end] == 1 + (end - i) % 2:
            end += 1
        name = "A"
        if end - i < 2:
            name, end = names[classes[i]], i
            while end < len(classes) and classes[end] == classes[i]:
                end += 1
            if name == "U" and end - i > 1 and end < len(classes) and classes[end] == 2:
                end -= 1
        runs.append(name + ("" if end - i == 1 else base36(end - i)))
        i = end
    return "".join(runs)


def base36(value):
    digits = ""
    while value:
        value, digit = divmod(value, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def byte_level(tokenizer):
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def phrase_ends(text):
    """Where the pre-tokens of our rule of phrases end, in code points."""
    split = pre_tokenizers.Split(Regex(PHRASES), "isolated")
    return [end for _, (_, end) in split.pre_tokenize_str(text)]


def train(texts, size):
    tokenizer = byte_level(Tokenizer(models.BPE()))
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, min_frequency=2, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def merges_digest(tokenizer):
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return {"mergeCount": len(merges), "merges": text_digest("\n".join(" ".join(merge) for merge in merges))}


def character_tokenizer(text):
    characters = sorted(set(text))
    model = models.WordLevel({character: i for i, character in enumerate(characters)}, unk_token="<unk>")
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r".|\n"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return tokenizer


def encodings(mirror):
    """The encodings of tiktoken, and GPT-2 of Hugging Face beside them."""
    folder = mirror / "tokenizers"

    def ranks(name):
        lines = (folder / "tiktoken" / name).read_text().splitlines()
        return {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines)}

    def encoding(name, pattern, ranks, special):
        return tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=ranks, special_tokens=special)

    files = [str(folder / "gpt2" / "encoder.json"), str(folder / "gpt2" / "vocab.bpe")]
    gpt2 = data_gym_to_mergeable_bpe_ranks(vocab_bpe_file=files[1], encoder_json_file=files[0])
    cl100k = ranks("cl100k_base.tiktoken")
    huggingface = byte_level(Tokenizer(models.BPE.from_file(*files)))
    huggingface.add_special_tokens([AddedToken("<|endoftext|>", special=True, normalized=False)])
    huggingface.encode_special_tokens = True
    return huggingface, {
        "gpt2": encoding("gpt2", R50K, gpt2, {"<|endoftext|>": 50256}),
        "cl100k": encoding("cl100k", CL100K, cl100k, {"<|endoftext|>": 100257}),
        "llama3": encoding("llama3", LLAMA3, cl100k, {"<|endoftext|>": 100257}),
        "qwen2": encoding("qwen2", QWEN2, cl100k, {"<|endoftext|>": 100257}),
        "o200k": encoding("o200k", O200K, ranks("o200k_base.tiktoken"), {"<|endoftext|>": 199999}),
    }


def main():
    classes = character_classes()
    if "--classes" in sys.argv:
        print(class_runs(classes))
        return
    mirror = Path(os.environ["NACRE_DATA_MIRROR"])
    huggingface, tiktokens = encodings(mirror)
    cases = []

    def case(source, text, full):
        texts = {"qwen2": normalizers.NFC().normalize_str(text)}
        ids = {
            name: encoding.encode_ordinary(texts.get(name, text))
            for name, encoding in tiktokens.items()
            if full or name == "gpt2"
        }
        assert ids["gpt2"] == huggingface.encode(text).ids, source
        hashes = {name: [len(own), digest(own)] for name, own in ids.items()}
        cases.append({**source, "bytes": len(text.encode()), "ids": hashes})

    for path in DOCUMENTS:
        case({"path": path}, (mirror / path).read_bytes().decode(), len(cases) < 1 or "captions" in path or "cmn" in path)
    for seed in range(1, 41):
        case({"seed": seed, "length": 6000}, odd_text(seed, 6000), True)
    whole_atoms = [atom for atom in ATOMS if atom != "<|endoftext|>"]
    huggingface.encode_special_tokens = False
    special = "Hello<|endoftext|> world<|endoftext|><|endoftext|>\n"
    special_ids = huggingface.encode(special).ids
    assert special_ids == tiktokens["gpt2"].encode(special, allowed_special="all")

    sample = "Hello,\r\n\tworld! \u4f60\u597d 12 \U0001f468\u200d\U0001f469 e\u0301 \u2028\x00\x85\ufeff"
    odd_training = [odd_text(seed, 4000) for seed in range(101, 106)]
    odd_held_out = odd_text(106, 4000)
    odd = train(odd_training, 1000)
    small = train([sample * 3], 270)
    small.add_special_tokens([AddedToken("<|endoftext|>", special=True, normalized=False)])
    corpora = ["tinyshakespeare/input.txt", "chinese_novels/xiyouji.txt"]
    golden = {
        "writtenBy": f"scripts/goldens/tokenization.py with tokenizers {tokenizers.__version__}, tiktoken {tiktoken.__version__}",
        "classes": hashlib.sha256(classes).hexdigest(),
        "atoms": ATOMS,
        "ranges": RANGES,
        "cases": cases,
        "atomIds": [[atom, tiktokens["gpt2"].encode_ordinary(atom)] for atom in whole_atoms],
        "special": {"text": special, "ids": special_ids},
        "training": {
            "odd": {
                "seeds": [101, 102, 103, 104, 105],
                "length": 4000,
                "vocabularySize": 1000,
                **merges_digest(odd),
                "heldOutSeed": 106,
                "ids": digest(odd.encode(odd_held_out).ids),
            },
            "corpora": [
                {"path": path, "vocabularySize": 4096, **merges_digest(train([(mirror / path).read_bytes().decode()], 4096))}
                for path in corpora
            ],
        },
        "phrases": [[seed, 3000, digest(phrase_ends(odd_text(seed, 3000)))] for seed in range(201, 221)],
        "sample": sample,
        "byteLevelJSON": json.loads(small.to_str()),
        "charactersJSON": json.loads(character_tokenizer(sample).to_str()),
        "characterIds": character_tokenizer(sample).encode(sample).ids,
    }
    assert character_tokenizer(sample).decode(golden["characterIds"]) == sample
    target = Path(__file__).parents[2] / "test" / "goldens" / "tokenizers.json"
    text = json.dumps(golden, ensure_ascii=True, indent=1)
    target.write_text(text + "\n")
    print(f"{target}: {len(cases)} documents, {sum(case['bytes'] for case in cases)} bytes")


if __name__ == "__main__":
    main()
