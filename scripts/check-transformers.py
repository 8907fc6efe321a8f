"""
Loads a run's folder with transformers and says whether it computes what Nacre computes.

    npx nacre score runs/my "To be, or not to be" --json > ours.json
    python scripts/check-transformers.py runs/my --ours ours.json
    python scripts/check-transformers.py runs/my --text "To be"       # only prints what transformers computes

The file given by --ours holds one JSON object (or JSON lines, of which the last with `ids` counts):
    text               the text that was scored; --text, where given, must agree
    ids                its token ids, which must equal those of AutoTokenizer
    logits             [T][V], or
    logProbabilities   [T] or [T - 1], in nats: log P of each token given those before it;
                       with T of them the first, which has nothing before it, is not compared
Prints one JSON object. Exit 1 where ids differ, weights are missing or a number is more than 1e-4 away.
Nothing is looked up on a network.
"""

import argparse
import json
import math
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers

LIMIT = 1e-4


def read_ours(path):
    """The last JSON object with ids in a file of one object, or of one object per line."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        found = [o for o in map(json.loads, filter(str.strip, text.splitlines())) if "ids" in o]
        if not found:
            sys.exit(f"{path}: expected a JSON object with `ids`, found none")
        return found[-1]


def load(folder):
    """The model, its tokenizer, and what did not fit: a missing weight would silently be a random one."""
    transformers.utils.logging.disable_progress_bar()
    model, info = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True)
    kinds = ["missing_keys", "unexpected_keys", "mismatched_keys"]
    problems = [f"{kind}: {sorted(map(str, info[kind]))}" for kind in kinds if info.get(kind)]
    return model.eval(), transformers.AutoTokenizer.from_pretrained(folder), problems


def difference(ours, logits, log_probabilities):
    """Name of the compared quantity and the largest absolute difference, in float64."""
    if "logits" in ours:
        theirs, mine = logits, torch.tensor(ours["logits"], dtype=torch.float64)
        if mine.shape != theirs.shape:
            sys.exit(f"logits: expected shape {list(theirs.shape)}, received {list(mine.shape)}")
        return "logits", mine.sub(theirs).abs().max().item()
    mine = ours["logProbabilities"]
    if len(mine) == len(log_probabilities) + 1:  # the first token has nothing before it
        mine = mine[1:]
    if len(mine) != len(log_probabilities):
        sys.exit(f"logProbabilities: expected {len(log_probabilities)} or one more, received {len(mine)}")
    mine = torch.tensor([math.nan if value is None else value for value in mine], dtype=torch.float64)
    return "logProbabilities", mine.sub(log_probabilities).abs().max().item() if len(mine) else 0.0  # NaN stays NaN


def main():
    p = argparse.ArgumentParser(description="Compares a run's folder, as transformers loads it, with Nacre's numbers.")
    p.add_argument("folder")
    p.add_argument("--text", help="the text to score; --ours brings its own")
    p.add_argument("--ours", help="what `nacre score --json` printed")
    o = p.parse_args()
    ours = read_ours(o.ours) if o.ours else {}
    text = o.text if o.text is not None else ours.get("text")
    if text is None:
        p.error("give --text or --ours with a `text`")
    if ours.get("text", text) != text:
        p.error("--text differs from the text in --ours")
    torch.set_num_threads(1)
    model, tokenizer, problems = load(o.folder)
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    begins = tokenizer(text)["input_ids"]  # with the token that the model expects before a text, if it does
    if begins[1:] == ids and ours.get("ids", begins)[:1] == begins[:1]:
        ids = begins
    scored = ours.get("ids", ids)
    with torch.no_grad():
        logits = model(torch.tensor([scored])).logits[0].double()  # [T, V]
    following = torch.tensor(scored[1:], dtype=torch.int64)
    log_probabilities = logits[:-1].log_softmax(-1).gather(1, following[:, None]).squeeze(1)
    report = dict(
        versions=dict(torch=torch.__version__, transformers=transformers.__version__),
        model=type(model).__name__, tokenizer=type(tokenizer).__name__, problems=problems,
        text=text, ids=ids, decodesToText=tokenizer.decode(ids, clean_up_tokenization_spaces=False, skip_special_tokens=ids == begins) == text,
        logitsSummary=dict(shape=list(logits.shape), mean=logits.mean().item(), norm=logits.norm().item(),
                           first=logits[0, :4].tolist(), last=logits[-1, :4].tolist()),
        logProbabilities=log_probabilities.tolist(), logProbability=log_probabilities.sum().item(),
    )
    failed = bool(problems)
    if ours:
        quantity, largest = difference(ours, logits, log_probabilities)
        report["ours"] = dict(idsEqual=scored == ids, compared=quantity, maxAbsoluteDifference=largest, limit=LIMIT)
        failed = failed or scored != ids or not largest <= LIMIT  # NaN fails too
        report["equal"] = not failed
    print(json.dumps(report, ensure_ascii=False))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
