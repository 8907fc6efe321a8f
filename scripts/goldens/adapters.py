"""
Makes test/goldens/adapters.json: what PEFT computes with adapters (LoRA) on tiny models of transformers, and the names,
shapes and settings with which it writes them.

    python scripts/goldens/adapters.py            # writes test/goldens/adapters.json; needs transformers and peft
    python scripts/goldens/adapters.py --check    # compares with the file instead, exit 1 where they differ

The bases are those of gpt2.py, llama.py, gpt.py and bert.py; the matrices of the adapters are made by their names, too.
Everything is computed in float64 from float32 weights. "plain" is what the base computes without the adapter, of one number.
"""

import json
import logging
import pathlib
import tempfile

logging.disable(logging.WARNING)

import torch
import transformers
from safetensors.torch import load_file

import bert
import gpt
import gpt2
import llama
from gpt2 import integers, main, rounded, values

import peft  # last: it takes the folder of this file from the path

FILE = pathlib.Path(__file__).resolve().parents[2] / "test" / "goldens" / "adapters.json"
ROWS, TOKENS = 2, 8
SCALE = 0.4
SETTINGS = ["peft_type", "task_type", "r", "lora_alpha", "target_modules", "modules_to_save", "fan_in_fan_out", "bias",
            "use_rslora", "use_dora", "alpha_pattern", "rank_pattern", "base_model_name_or_path"]


def bert_classifier():
    config = transformers.BertConfig(**bert.CONFIGURATION, hidden_act="gelu", type_vocab_size=2, layer_norm_eps=1e-12,
                                     num_labels=3, pad_token_id=None, attn_implementation="eager")
    model = transformers.BertForSequenceClassification(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            offset, scale = bert.offset_and_scale(name)
            parameter.copy_(values(name, parameter.shape, scale, offset))
    return model.double()


CASES = dict(
    gpt2=(lambda: gpt2.build(torch.float64), gpt2.offset_and_scale,
          dict(task_type="CAUSAL_LM", r=3, lora_alpha=6, target_modules=["c_attn", "c_proj", "mlp.c_fc"],
               alpha_pattern={"h.1.attn.c_attn": 9}, rank_pattern={"mlp.c_fc": 2})),
    llama=(lambda: llama.build(torch.float64), llama.offset_and_scale,
           dict(task_type="CAUSAL_LM", r=4, lora_alpha=6, use_rslora=True,
                target_modules=["q_proj", "v_proj", "down_proj"], modules_to_save=["lm_head"])),
    gpt=(gpt.build, gpt.offset_and_scale,
         dict(task_type="CAUSAL_LM", r=2, lora_alpha=4, target_modules=["c_attn"], layers_to_transform=[1], bias="lora_only")),
    bert=(bert_classifier, bert.offset_and_scale,
          dict(task_type="SEQ_CLS", r=2, lora_alpha=4, target_modules=["query", "value", "intermediate.dense", "word_embeddings"])),
)


def case(name):
    build, offset_and_scale, settings = CASES[name]
    model = build().double()
    base = {key: dict(zip(("shape", "offset", "scale"), (list(p.shape), *offset_and_scale(key))))
            for key, p in model.named_parameters()}
    ids = integers("adapted " + name, ROWS * TOKENS) % model.config.vocab_size
    ids = ids.reshape(ROWS, TOKENS)
    with torch.no_grad():
        plain = model(ids).logits.flatten()[0]
    adapted = peft.get_peft_model(model, peft.LoraConfig(**settings)).eval()
    written = {}
    with torch.no_grad():
        for key, parameter in adapted.named_parameters():
            if parameter.requires_grad:
                short = key.replace(".default", "").replace(".modules_to_save", "")
                written[short] = dict(shape=list(parameter.shape), offset=0.0, scale=SCALE)
                parameter.copy_(values(short, parameter.shape, SCALE, 0.0))
        logits = adapted(ids).logits
    with tempfile.TemporaryDirectory() as folder:
        adapted.save_pretrained(folder)
        config = json.loads((pathlib.Path(folder) / "adapter_config.json").read_text())
        stored = {key: list(t.shape) for key, t in load_file(f"{folder}/adapter_model.safetensors").items()}
    assert stored == {key: one["shape"] for key, one in written.items()}, (stored, written)
    config["target_modules"].sort()
    return dict(config={key: config[key] for key in SETTINGS}, base=base, adapter=written, ids=ids, plain=plain,
                logits=logits)


def golden():
    versions = dict(torch=torch.__version__, transformers=transformers.__version__, peft=peft.__version__)
    return rounded(dict(madeBy="scripts/goldens/adapters.py", versions=versions, cases={name: case(name) for name in CASES}))


if __name__ == "__main__":
    main(FILE, golden, "adapters of PEFT")
