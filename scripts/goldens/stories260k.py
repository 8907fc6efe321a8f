"""
Makes test/goldens/stories260k.json: the tokens that llama2.c's stories260K tells at temperature 0, by transformers.

    python scripts/goldens/stories260k.py DIR            # DIR holds stories260K.bin and tok512.bin
    python scripts/goldens/stories260k.py DIR --check    # compares with the file instead, exit 1 where they differ

The checkpoint is read with numpy and put into transformers' LlamaForCausalLM, computed in float64. llama2.c turns
neighbouring channels, transformers the two halves of a head: rows of queries and keys are put in that order. Prompts are
encoded as llama2.c does. "gap" is the least difference between the likeliest logit and the next one.
"""

import sys
from pathlib import Path

import numpy as np
import torch
import transformers

from gpt2 import FILE, main, rounded
from sentencepiece import llama2c_encode, read_tok512

FILE = FILE.with_name("stories260k.json")
FOLDER = Path(sys.argv.pop(1))
PROMPTS = ["", "Once upon a time", "Lily wanted to", "Tom saw a cat. 你好"]
TOKENS = 250


def load():
    data = (FOLDER / "stories260K.bin").read_bytes()
    dim, hidden, layers, heads, kv_heads, vocabulary, context = np.frombuffer(data, "<i4", 7).tolist()
    numbers, at = np.frombuffer(data, "<f4", offset=28), 0

    def take(*shape):
        nonlocal at
        at += int(np.prod(shape))
        return torch.tensor(numbers[at - int(np.prod(shape)) : at].reshape(shape))

    kv_dim, size = dim // heads * kv_heads, dim // heads
    halves = lambda w, n: w.reshape(n, size // 2, 2, dim).transpose(1, 2).reshape(-1, dim)
    tensors = {"model.embed_tokens.weight": take(vocabulary, dim)}
    kinds = [("input_layernorm", [dim]), ("self_attn.q_proj", [dim, dim]), ("self_attn.k_proj", [kv_dim, dim]),
             ("self_attn.v_proj", [kv_dim, dim]), ("self_attn.o_proj", [dim, dim]), ("post_attention_layernorm", [dim]),
             ("mlp.gate_proj", [hidden, dim]), ("mlp.down_proj", [dim, hidden]), ("mlp.up_proj", [hidden, dim])]
    for name, shape in kinds:
        for layer, values in enumerate(take(layers, *shape)):
            turned = name.endswith(("q_proj", "k_proj"))
            tensors[f"model.layers.{layer}.{name}.weight"] = halves(values, shape[0] // size) if turned else values
    tensors["model.norm.weight"] = take(dim)
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"]
    assert vocabulary > 0 and len(numbers) == at + 2 * context * size // 2
    config = transformers.LlamaConfig(
        vocab_size=vocabulary, max_position_embeddings=context, hidden_size=dim, intermediate_size=hidden,
        num_hidden_layers=layers, num_attention_heads=heads, num_key_value_heads=kv_heads, rms_norm_eps=1e-5,
        tie_word_embeddings=True, bos_token_id=1, eos_token_id=2, attn_implementation="eager")
    model = transformers.LlamaForCausalLM(config).eval()
    missing = model.load_state_dict(tensors, strict=False)
    assert not missing.missing_keys and not missing.unexpected_keys
    return model.double()


@torch.no_grad()
def tell(model, ids):
    gap, start = float("inf"), len(ids)
    for _ in range(TOKENS):
        logits = model(torch.tensor([ids])).logits[0, -1]
        first, second = logits.topk(2).values.tolist()
        gap = min(gap, first - second)
        ids.append(int(logits.argmax()))
    return dict(tokens=ids[start:], gap=gap)


def golden():
    model, pieces = load(), read_tok512(FOLDER / "tok512.bin")
    stories = []
    for prompt in PROMPTS:
        ids = [1, *llama2c_encode(prompt, pieces)]
        stories.append(dict(prompt=prompt, ids=list(ids), **tell(model, ids)))
    with torch.no_grad():
        logits = model(torch.tensor([stories[1]["ids"]])).logits[0, -1]
    return rounded(dict(madeBy="scripts/goldens/stories260k.py", versions=dict(torch=torch.__version__,
                        transformers=transformers.__version__), logits=logits, stories=stories))


if __name__ == "__main__":
    main(FILE, golden, "stories260K")
