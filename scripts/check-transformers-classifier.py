"""
Loads a folder of BertForSequenceClassification with transformers and says whether it computes what Nacre computes.

    npx nacre classify runs/reviews "a fine film" --json > ours.jsonl
    python scripts/check-transformers-classifier.py runs/reviews --ours ours.jsonl

The file holds one JSON object a line, with `input`, a text or two with a tab between them, and `probabilities` by label.
Exit 1 where weights are missing or a probability is more than 1e-4 away. Nothing is looked up on a network.
"""

import argparse
import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers

LIMIT = 1e-4


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--ours", required=True)
    options = parser.parse_args()
    transformers.utils.logging.disable_progress_bar()
    model, info = transformers.AutoModelForSequenceClassification.from_pretrained(
        options.folder, dtype=torch.float32, output_loading_info=True)
    problems = [f"{kind}: {sorted(map(str, keys))}" for kind, keys in info.items() if keys]
    if type(model) is not transformers.BertForSequenceClassification:
        problems.append(f"architecture: {type(model).__name__}")
    tokenizer = transformers.AutoTokenizer.from_pretrained(options.folder)
    compared, furthest = 0, 0.0
    with open(options.ours, encoding="utf-8") as file:
        for line in filter(str.strip, file):
            ours = json.loads(line)
            with torch.no_grad():
                logits = model.eval()(**tokenizer(*ours["input"].split("\t"), truncation=True, return_tensors="pt")).logits
            theirs = dict(zip(model.config.id2label.values(), logits.double().softmax(-1)[0].tolist()))
            if list(theirs) != list(ours["probabilities"]):
                problems.append(f"labels: {list(theirs)}")
                break
            furthest = max([furthest, *(abs(theirs[label] - p) for label, p in ours["probabilities"].items())])
            compared += 1
    if compared == 0:
        problems.append("nothing was compared")
    print(json.dumps(dict(compared=compared, furthest=furthest, problems=problems)))
    sys.exit(1 if problems or furthest > LIMIT else 0)


main()
