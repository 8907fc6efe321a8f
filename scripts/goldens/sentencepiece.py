"""
Makes test/goldens/sentencepiece.json: what Hugging Face tokenizers make of texts with BPE that falls back to bytes.

    NACRE_DATA_MIRROR=... python scripts/goldens/sentencepiece.py

Three tokenizers: that of llama2.c's stories260K (tok512.bin), made into a tokenizer.json here as Llama's own is; and one
trained on English and Chinese, once with Llama's normalizer, once with a Metaspace that looks at the beginning only. The
golden holds hashes of ids and of decoded texts, never the texts. Odd text is that of tokenization.py.
For the English documents, the ids of stories260K are also held against llama2.c's way to encode: again and again the
neighbours whose union has the highest score become one.
"""

import json
import os
import struct
from pathlib import Path

from tokenization import digest, odd_text, text_digest

import tokenizers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
CONTROLS = ["<unk>", "<s>", "</s>"]
DOCUMENTS = {
    "tinyshakespeare/input.txt": 300_000, "chinese_novels/hongloumeng.txt": 150_000, "cmn_eng/cmn.txt": 150_000,
    "noto_emoji/captions.tsv": 150_000,
}  # the first characters of each


def read_tok512(path):
    """Pieces and scores, as llama2.c's tokenizer.py writes them."""
    data = path.read_bytes()
    longest, at, pieces = struct.unpack_from("<i", data)[0], 4, []
    while at < len(data):
        score, length = struct.unpack_from("<fi", data, at)
        assert 0 <= length <= longest
        pieces.append((data[at + 8 : at + 8 + length].decode(), score))
        at += 8 + length
    return pieces


def llama2c_encode(text, pieces):
    """As llama2.c encodes: characters or bytes, then the best neighbours by score. Without the first token."""
    ids = {piece: i for i, (piece, _) in enumerate(pieces)}
    tokens = [ids[" "]] if text else []
    for character in text:
        tokens += [ids[character]] if character in ids else [byte + 3 for byte in character.encode()]
    while True:
        best, place = -1e10, None
        for i in range(len(tokens) - 1):
            union = ids.get(pieces[tokens[i]][0] + pieces[tokens[i + 1]][0])
            if union is not None and pieces[union][1] > best:
                best, place = pieces[union][1], (i, union)
        if place is None:
            return tokens
        tokens[place[0] : place[0] + 2] = [place[1]]


def merges_of(pieces):
    """Every way to make a piece of two others, the piece of the highest score first."""
    names = [name.replace(" ", "▁") for name, _ in pieces]
    ids = {name: i for i, name in enumerate(names) if i >= 3 and name not in BYTES}
    found = []
    for name, merged in ids.items():
        for cut in range(1, len(name)):
            left, right = ids.get(name[:cut]), ids.get(name[cut:])
            if left is not None and right is not None:
                found.append((-pieces[merged][1], left, right, [name[:cut], name[cut:]]))
    return [merge for *_, merge in sorted(found)]


def tokenizer_json(vocabulary, merges, newer=False):
    added = [dict(id=i, content=name, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
             for i, name in enumerate(CONTROLS)]
    begin = dict(SpecialToken=dict(id="<s>", type_id=0))
    replace = lambda a, b: dict(type="Replace", pattern=dict(String=a), content=b)
    return dict(
        version="1.0", truncation=None, padding=None, added_tokens=added,
        normalizer=None if newer else dict(
            type="Sequence", normalizers=[dict(type="Prepend", prepend="▁"), replace(" ", "▁")]),
        pre_tokenizer=dict(type="Metaspace", replacement="▁", prepend_scheme="first", split=False) if newer else None,
        post_processor=dict(
            type="TemplateProcessing", single=[begin, dict(Sequence=dict(id="A", type_id=0))],
            pair=[begin, dict(Sequence=dict(id="A", type_id=0)), dict(Sequence=dict(id="B", type_id=1))],
            special_tokens={"<s>": dict(id="<s>", ids=[1], tokens=["<s>"])}),
        decoder=dict(type="Sequence", decoders=[replace("▁", " "), dict(type="ByteFallback"), dict(type="Fuse"),
                                                dict(type="Strip", content=" ", start=1, stop=0)]),
        model=dict(type="BPE", dropout=None, unk_token="<unk>", continuing_subword_prefix=None, end_of_word_suffix=None,
                   fuse_unk=True, byte_fallback=True, ignore_merges=False, vocab=vocabulary, merges=merges))


def train(texts, size):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(split=True)
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=CONTROLS + BYTES, limit_alphabet=300, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], model["merges"]


def main():
    mirror = Path(os.environ["NACRE_DATA_MIRROR"])
    texts = {path: (mirror / path).read_bytes().decode()[:length] for path, length in DOCUMENTS.items()}
    pieces = read_tok512(mirror / "weights" / "stories260K" / "tok512.bin")
    names = {0: "<unk>", 1: "<s>", 2: "</s>"}
    vocabulary = {names.get(i, name.replace(" ", "▁")): i for i, (name, _) in enumerate(pieces)}
    trained = train([line for text in texts.values() for line in text.split("\n")], 1000)
    files = {
        "stories260k": tokenizer_json(vocabulary, merges_of(pieces)),
        "normalizer": tokenizer_json(*trained),
        "metaspace": tokenizer_json(*trained, newer=True),
    }
    cases, decoded = [], []
    sources = [dict(path=path, length=length) for path, length in DOCUMENTS.items()]
    sources += [dict(seed=seed, length=600) for seed in range(1, 31)] + [dict(text=t) for t in
                ["", " ", "  ", "a", " a", "a ", "  a  b", "\n", "\n a", "▁", "▁a", "你好 world", "\U0001f600", "é\u0301", "\x00", "<s>a"]]
    results = {}
    for name, file in files.items():
        tokenizer = Tokenizer.from_str(json.dumps(file))
        tokenizer.encode_special_tokens = True
        for source in sources:
            text = (texts[source["path"]] if "path" in source
                    else odd_text(source["seed"], source["length"]) if "seed" in source else source["text"])
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            key = json.dumps(source)
            results.setdefault(key, dict(source, ids={}, texts={}))
            results[key]["ids"][name] = [len(ids), digest(ids)]
            results[key]["texts"][name] = text_digest(tokenizer.decode(ids, skip_special_tokens=False))
        for seed in range(20):  # any ids, bytes that are no characters among them
            state, ids = seed, []
            for _ in range(40):
                state = (state * 1664525 + 1013904223) % 2**32
                ids.append((state >> 8) % (259 if seed % 2 else len(file["model"]["vocab"])))
            decoded.append(dict(name=name, ids=ids, text=tokenizer.decode(ids, skip_special_tokens=False)))
        tokenizer.encode_special_tokens = False
        special = "Hello<s> world</s>  <s>a"
        decoded.append(dict(name=name, special=special, ids=tokenizer.encode(special, add_special_tokens=False).ids))
    cases = list(results.values())
    stories = Tokenizer.from_str(json.dumps(files["stories260k"]))
    for line in texts["tinyshakespeare/input.txt"][:20_000].split("\n") + texts["chinese_novels/hongloumeng.txt"][:2000].split("\n"):
        assert stories.encode(line, add_special_tokens=False).ids == llama2c_encode(line, pieces), line
    golden = dict(
        writtenBy=f"scripts/goldens/sentencepiece.py with tokenizers {tokenizers.__version__}", cases=cases, decoded=decoded,
        stories260kMerges=text_digest("\n".join(" ".join(merge) for merge in files["stories260k"]["model"]["merges"])),
        files={name: file for name, file in files.items() if name != "stories260k"})
    target = Path(__file__).parents[2] / "test" / "goldens" / "sentencepiece.json"
    target.write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")).replace('},{"', '},\n{"') + "\n")
    print(f"{target.name}: {len(cases)} texts, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
