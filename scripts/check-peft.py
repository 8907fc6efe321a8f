"""
Loads the folder of an adapter with PEFT and says whether it computes what Nacre computes.

    python scripts/check-peft.py runs/my/adapter --ours ours.json

The file given by --ours holds one JSON object: `ids`, and `logits`, [T][V] of a language model or [K] of a classifier.
The base is the one that the adapter names; where the tokenizer in the adapter's folder has more tokens, the base is given
more rows first, as PEFT asks for. Prints one JSON object. Exit 1 where a number is more than 1e-4 away, or an adapter's
tensor finds no place. Nothing is looked up on a network.
"""

import argparse
import json
import os
import pathlib
import sys
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"

import peft
import torch
import transformers
from safetensors.torch import load_file

LIMIT = 1e-4


def load(folder):
    config = peft.PeftConfig.from_pretrained(folder)
    own = json.loads((pathlib.Path(folder) / "adapted_config.json").read_text())
    settings = dict(dtype=torch.float32)
    if config.task_type == "SEQ_CLS":
        auto = transformers.AutoModelForSequenceClassification
        settings.update(num_labels=len(own["id2label"]), pad_token_id=own.get("pad_token_id"))
    else:
        auto = transformers.AutoModelForCausalLM
    base = auto.from_pretrained(config.base_model_name_or_path, **settings)
    if own["vocab_size"] != base.config.vocab_size:
        base.resize_token_embeddings(own["vocab_size"])
    return peft.PeftModel.from_pretrained(base, folder).eval()


def unplaced(model, folder):
    """Tensors of the file whose values the model does not have."""
    present = peft.get_peft_model_state_dict(model, save_embedding_layers=True)
    present.update({f"base_model.model.{name}": t for name, t in model.base_model.model.state_dict().items()})
    stored = load_file(f"{folder}/adapter_model.safetensors")
    return sorted(name for name, t in stored.items() if name not in present or not torch.equal(present[name], t))


def brings_rows(folder):
    """Whether the base must be resized first, which transformers does not do by itself."""
    return any(".lora_" not in name for name in load_file(f"{folder}/adapter_model.safetensors"))


def main():
    p = argparse.ArgumentParser(description="Compares an adapter's folder, as PEFT loads it, with Nacre's numbers.")
    p.add_argument("folder")
    p.add_argument("--ours", required=True, help="a JSON object with ids and logits")
    o = p.parse_args()
    warnings.simplefilter("ignore")
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    ours = json.loads(pathlib.Path(o.ours).read_text())
    model = load(o.folder)
    with torch.no_grad():
        theirs = model(torch.tensor([ours["ids"]])).logits[0].double()
    mine = torch.tensor(ours["logits"], dtype=torch.float64)
    largest = (theirs - mine).abs().max().item() if theirs.shape == mine.shape else float("nan")
    missing = unplaced(model, o.folder)
    if model.peft_config["default"].task_type == "CAUSAL_LM" and not brings_rows(o.folder):
        with torch.no_grad():  # transformers finds the base of an adapter's folder, too
            own = transformers.AutoModelForCausalLM.from_pretrained(o.folder).eval()(torch.tensor([ours["ids"]])).logits[0]
        largest = max(largest, (theirs - own).abs().max().item())
    equal = largest <= LIMIT and not missing
    print(json.dumps(dict(versions=dict(peft=peft.__version__, transformers=transformers.__version__),
                          shape=list(theirs.shape), maxAbsoluteDifference=largest, limit=LIMIT, unplaced=missing, equal=equal)))
    sys.exit(0 if equal else 1)


if __name__ == "__main__":
    main()
