"""
Loads a folder of a BERT with transformers and says whether it fills in words as Nacre does.

    npx nacre fill runs/bert "The [MASK] sat on the mat" --json > ours.json
    python scripts/check-bert.py runs/bert --ours ours.json

Prints one JSON object. Exit 1 where ids differ, weights are missing or a probability is more than 1e-4 away.
Nothing is looked up on a network.
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
    arguments = argparse.ArgumentParser(description="Compares the fillings of a BERT with those of transformers.")
    arguments.add_argument("folder")
    arguments.add_argument("--ours", required=True, help="what nacre fill --json printed")
    options = arguments.parse_args()
    with open(options.ours, encoding="utf-8") as file:
        ours = json.load(file)
    transformers.utils.logging.disable_progress_bar()
    architecture = json.load(open(os.path.join(options.folder, "config.json"), encoding="utf-8"))["architectures"][0]
    model, info = getattr(transformers, architecture).from_pretrained(
        options.folder, dtype=torch.float32, output_loading_info=True)
    problems = [f"{kind}: {sorted(map(str, info[kind]))}" for kind in ("missing_keys", "unexpected_keys", "mismatched_keys")
                if info.get(kind)]
    tokenizer = transformers.AutoTokenizer.from_pretrained(options.folder)
    encoded = tokenizer(ours["text"], return_tensors="pt")
    ids = encoded["input_ids"][0].tolist()
    if ids != ours["ids"]:
        problems.append(f"ids: transformers {ids}, ours {ours['ids']}")
        sys.exit(json.dumps(dict(problems=problems)))
    with torch.no_grad():
        output = model.eval()(**encoded)
    logits = output.prediction_logits if hasattr(output, "prediction_logits") else output.logits
    probabilities = logits[0].double().softmax(-1)[encoded["input_ids"][0] == tokenizer.mask_token_id]
    largest, compared = 0.0, 0
    for theirs, mask in zip(probabilities, ours["masks"], strict=True):
        best = theirs.topk(len(mask["fillings"]))
        for place, filling in enumerate(mask["fillings"]):
            largest = max(largest, abs(theirs[filling["id"]].item() - filling["probability"]))
            largest = max(largest, abs(best.values[place].item() - filling["probability"]))
            if tokenizer.convert_ids_to_tokens(filling["id"]) != filling["token"]:
                problems.append(f"token {filling['id']}: {filling['token']}")
            compared += 1
    if largest > LIMIT:
        problems.append(f"a probability is {largest} away")
    print(json.dumps(dict(architecture=architecture, tokens=len(ids), compared=compared, largestDifference=largest,
                          problems=problems)))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
