"""
Loads a translator's folder with transformers and says how far its logits are from given ones.

    python scripts/check-translator.py runs/de-en ours.json

ours.json holds one JSON object: source [B][S] and target [B][T] ids (padding as config.json says), logits [B][T][V].
Prints one JSON object. Exit 1 where weights are missing or a logit of a word is more than 1e-4 away.
"""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers

LIMIT = 1e-4

folder, file = sys.argv[1:]
transformers.utils.logging.disable_progress_bar()
model, info = transformers.MarianMTModel.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
problems = [f"{kind}: {sorted(map(str, info[kind]))}" for kind in ("missing_keys", "unexpected_keys", "mismatched_keys")
            if info.get(kind)]
tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
with open(file, encoding="utf-8") as opened:
    ours = json.load(opened)
source, target = torch.tensor(ours["source"]), torch.tensor(ours["target"])
padding = model.config.pad_token_id
with torch.no_grad():
    logits = model.eval()(input_ids=source, attention_mask=(source != padding).long(), decoder_input_ids=target).logits
words = target != padding
difference = (logits - torch.tensor(ours["logits"])).abs()[words].max().item()
decoded = tokenizer.decode(ours["source"][0], skip_special_tokens=True)
print(json.dumps(dict(difference=difference, problems=problems, decoded=decoded, transformers=transformers.__version__)))
sys.exit(1 if problems or difference > LIMIT else 0)
