"""Writes test/goldens/sacrebleu.json: scores, signatures and printed lines of sacrebleu on made-up sentences.

Needs Python with `sacrebleu`:
    python scripts/goldens/sacrebleu.py            the golden file
    python scripts/goldens/sacrebleu.py --check    compares instead of writing
"""

import json
import random
import sys
from pathlib import Path

# This file is called what the package is called: look for the package elsewhere.
sys.path = [folder for folder in sys.path if Path(folder).resolve() != Path(__file__).resolve().parent]

import sacrebleu
from sacrebleu.metrics import BLEU, CHRF

PATH = Path(__file__).resolve().parents[2] / "test/goldens/sacrebleu.json"

ENGLISH = (
    [
        "The grey heron stands in the shallow water, waiting.",
        "Three boats left the harbour at 6.30 a.m. on the 1st of May!",
        "She didn't say \"yes\" - she said &quot;perhaps&quot; (twice).",
        "a well-known price: $1,299.99, i.e. 20% less",
        "Nobody came",
    ],
    [
        "A grey heron is standing in shallow water and waits.",
        "Three boats left the port at 6:30 on 1 May.",
        "She did not say \"yes\"; she said \"perhaps\" twice.",
        "a well known price: $1,299.99, that is 20 % less.",
        "Nobody came.",
    ],
    [
        "The grey heron waits in the shallow water.",
        "On the first of May three boats left the harbour at 6.30 a.m.!",
        "She didn't say 'yes' - she said 'perhaps' (two times).",
        "A well-known price: 1,299.99 dollars, 20% less",
        "No one came",
    ],
)
GERMAN = (
    ["Zwei Männer tragen ein grünes Boot über die Straße.", "ÄRGER im Café: 3,5 Stunden Wartezeit", "Das Mädchen läuft."],
    ["Zwei Männer tragen ein rotes Boot über eine Straße.", "Ärger im Café - 3,5 Stunden Wartezeit.", "Ein Mädchen rennt weg."],
    ["Ein grünes Boot wird von zwei Männern über die Straße getragen.", "Im Café: Ärger, 3.5 Stunden!", "Das Mädchen läuft weg."],
)
CHINESE = (
    ["今天天气很好，我们去公园散步吧。", "他花了1,299.99元买了一台iPhone 15（二手）！", "“你好——世界”……", "𠀀𠀁是很少见的字"],
    ["今天的天气真好，我们一起去公园走走。", "他用1,299.99元买了台二手的iPhone 15！", "“你好，世界”……", "𠀀𠀁是罕见的字"],
    ["天气很好，去公园散步吧！", "他花1299.99元买了二手iPhone 15。", "你好——世界", "很少见的字：𠀀𠀁"],
)
EDGES = {
    "an empty hypothesis": ([""], [["a reference"]]),
    "an empty hypothesis among others": (["", "the cat sat on the mat"], [["it is", "the cat sat on a mat"]]),
    "an empty reference": (["words"], [[""]]),
    "both empty": ([""], [[""]]),
    "one token": (["cat"], [["cat"]]),
    "one token that differs": (["cat"], [["dog"]]),
    "three tokens": (["a b c"], [["a b d"]]),
    "punctuation only": (["... !? --"], [[".. !? -"]]),
    "digits": (["1.5 2,000 3-4 .5 5. a.5 7,"], [["1.5 2,000 3 - 4 0.5 5 . a . 5 7 ,"]]),
    "entities": (["&lt;b&gt; &amp;amp; &quot;x&quot; <skipped>y"], [["<b> &amp; \"x\" y"]]),
    "white space of all kinds": (["a\u00a0b\u3000c\u2003d\x1ce\x85f \ufeffg\t"], [[" a b c d e f \ufeffg"]]),
    "line breaks": (["a well-\nknown\nfact, it seems"], [["a wellknown fact , it seems"]]),
    "mixed scripts": (["我在Berlin看了3部film。Привет, 世界 한국어 カタカナ"], [["我在柏林看了3部电影。Привет, мир 한국어 カタカナ"]]),
    "emoji and signs": (["good 🙂👍🏽 — “fine” € ½ ① ★"], [["good 🙂👍 – \"fine\" € ½ ① ☆"]]),
    "half of the even digit": (["a b c d e f g h i j k l m n o p"], [["a b c d e q r s t u v w x y z !"]]),
    "a missing reference": (["the cat sat down here", "a dog ran away"], [["the cat sat down there", "a dog ran off"], ["the cat lay down", None]]),
    "lengths equally near": (["a b c d e"], [["a b c d"], ["a b c d e f"]]),
    "capital sharp s and final sigma": (["STRASSE ΟΔΟΣ İstanbul"], [["straße οδος i̇stanbul"]]),
}


def fuzz(seed):
    """Sentences of odd pieces, some shared between both sides."""
    draw = random.Random(seed)
    pieces = ["the", "cat", "Katze", "über", "3", "1,5", "2.", "-", "--", ",", ".", "...", "(", ")", "'s", "\"", "你", "好世界", "，", "。", "！",
              "—", "…", "“", "”", "x-y", "a.b", "&amp;", "&", "/", "[", "]", "~", "'", "€", "½", "𠀀", "🙂", "カ", "한", "№", "→", "∑", "\u2029"]
    joins = ["", " ", " ", " ", "  "]
    hypotheses, references = [], [[], []]
    for _ in range(draw.randint(1, 6)):
        words = [draw.choice(pieces) for _ in range(draw.randint(0, 12))]
        sides = [words]
        for _ in range(2):
            side = [draw.choice(pieces) if draw.random() < 0.3 else word for word in words if draw.random() < 0.9]
            sides.append(side)
        texts = ["".join(word + draw.choice(joins) for word in side) for side in sides]
        hypotheses.append(texts[0])
        references[0].append(texts[1])
        references[1].append(texts[2])
    return hypotheses, references


def score(metric, hypotheses, references):
    result = metric.corpus_score(hypotheses, references)
    signature = metric.get_signature().format()
    return {"score": result.score, "line": result.format(signature=signature)}


def bleu(hypotheses, references, **options):
    keys = {"tokenize": "tokenize", "lowercase": "lowercase", "smoothing": "smooth_method", "smoothingValue": "smooth_value", "effectiveOrder": "effective_order"}
    metric = BLEU(force=True, **{keys[name]: value for name, value in options.items()})
    return {"metric": "bleu", "options": options, **score(metric, hypotheses, references)}


def chrf(hypotheses, references, **options):
    keys = {"wordOrder": "word_order", "characterOrder": "char_order", "lowercase": "lowercase", "whitespace": "whitespace", "beta": "beta"}
    metric = CHRF(**{keys[name]: value for name, value in options.items()})
    return {"metric": "chrf", "options": options, **score(metric, hypotheses, references)}


def all_metrics(hypotheses, references):
    rows = [bleu(hypotheses, references, tokenize=tokenize) for tokenize in ["13a", "zh", "char", "none"]]
    rows += [bleu(hypotheses, references, lowercase=True), bleu(hypotheses, references, effectiveOrder=True)]
    rows += [bleu(hypotheses, references, smoothing=smoothing) for smoothing in ["floor", "add-k", "none"]]
    rows += [bleu(hypotheses, references, smoothing="floor", smoothingValue=0.01)]
    rows += [bleu(hypotheses, references, tokenize="zh", smoothing="add-k", smoothingValue=2, lowercase=True)]
    rows += [chrf(hypotheses, references), chrf(hypotheses, references, wordOrder=2)]
    rows += [chrf(hypotheses, references, wordOrder=2, lowercase=True), chrf(hypotheses, references, whitespace=True, beta=1)]
    rows += [chrf(hypotheses, references, characterOrder=3, wordOrder=1, beta=3)]
    return rows


def main():
    materials = {}
    for name, (hypotheses, *references) in {"English": ENGLISH, "German": GERMAN, "Chinese": CHINESE}.items():
        materials[f"{name}, one reference"] = (hypotheses, references[:1])
        materials[f"{name}, two references"] = (hypotheses, references)
    materials.update(EDGES)
    for seed in range(12):
        hypotheses, references = fuzz(seed)
        materials[f"odd pieces {seed}"] = (hypotheses, references if seed % 2 else references[:1])
    golden = {
        "version": sacrebleu.__version__,
        "materials": [
            {"name": name, "hypotheses": hypotheses, "references": references, "results": all_metrics(hypotheses, references)}
            for name, (hypotheses, references) in materials.items()
        ],
    }
    text = json.dumps(golden, ensure_ascii=False, indent=1) + "\n"
    if "--check" in sys.argv:
        if text != PATH.read_text():
            sys.exit(f"{PATH} differs")
        print("equal")
    else:
        PATH.write_text(text)


main()
