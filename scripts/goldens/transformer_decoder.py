"""
Makes test/goldens/transformer-decoder.json: the Transformer's decoder alone, of torch.nn.TransformerEncoderLayer.

    python scripts/goldens/transformer_decoder.py            # writes test/goldens/transformer-decoder.json
    python scripts/goldens/transformer_decoder.py --check    # compares with the file instead, exit 1 where they differ

A layer that attends to itself under a causal mask, normalizes after each sub-layer and has rectified units is torch's
encoder layer. Parameters have Nacre's names and shapes and are made by names, as gpt2.py says; gradients come back in
Nacre's layout. Tokens are those of gpt2.py. Everything is computed in float64 from the float32 weights.
"""

import torch
import torch.nn.functional as F
from torch.func import functional_call

from gpt2 import FILE, integers, main, rounded, values

FILE = FILE.with_name("transformer-decoder.json")
SIZE = dict(vocabulary=41, context=16, channels=24, layers=2, heads=3, hidden=40)
BATCH, TOKENS, STEPS = 3, 11, 10
ADAM = dict(learningRate=1e-3, betas=[0.9, 0.98], epsilon=1e-9)


def shapes():
    c, h = SIZE["channels"], SIZE["hidden"]
    found = {"embedding.weight": [SIZE["vocabulary"], c]}
    for i in range(SIZE["layers"]):
        block = {"attention.project.weight": [c, 3 * c], "attention.output.weight": [c, c],
                 "attentionNormalization.weight": [c], "attentionNormalization.bias": [c],
                 "feedForward.expand.weight": [c, h], "feedForward.expand.bias": [h],
                 "feedForward.contract.weight": [h, c], "feedForward.contract.bias": [c],
                 "feedForwardNormalization.weight": [c], "feedForwardNormalization.bias": [c]}
        found |= {f"blocks.{i}.{name}": shape for name, shape in block.items()}
    return found


def offset_and_scale(name):
    if "Normalization" in name:
        return (1.0, 0.2) if name.endswith("weight") else (0.0, 0.2)
    return (0.0, 0.6) if name.endswith("weight") else (0.0, 0.2)


def sinusoids(tokens, channels):
    angles = torch.arange(tokens).double()[:, None] / 10_000 ** (torch.arange(0, channels, 2).double() / channels)
    return torch.cat([angles.sin(), angles.cos()], 1)


def logits(p, ids):
    c, tokens = SIZE["channels"], ids.shape[1]
    x = F.embedding(ids, p["embedding.weight"]) * c**0.5 + sinusoids(tokens, c)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(tokens, dtype=torch.float64)
    for i in range(SIZE["layers"]):
        own = lambda name: p[f"blocks.{i}.{name}"]
        layer = torch.nn.TransformerEncoderLayer(c, SIZE["heads"], SIZE["hidden"], dropout=0.0, batch_first=True).double()
        inside = {"self_attn.in_proj_weight": own("attention.project.weight").T,
                  "self_attn.in_proj_bias": torch.zeros(3 * c).double(),
                  "self_attn.out_proj.weight": own("attention.output.weight").T,
                  "self_attn.out_proj.bias": torch.zeros(c).double(),
                  "linear1.weight": own("feedForward.expand.weight").T, "linear1.bias": own("feedForward.expand.bias"),
                  "linear2.weight": own("feedForward.contract.weight").T,
                  "linear2.bias": own("feedForward.contract.bias"),
                  "norm1.weight": own("attentionNormalization.weight"),
                  "norm1.bias": own("attentionNormalization.bias"),
                  "norm2.weight": own("feedForwardNormalization.weight"),
                  "norm2.bias": own("feedForwardNormalization.bias")}
        x = functional_call(layer, inside, (x,), dict(src_mask=mask, is_causal=True))
    return x @ p["embedding.weight"].T


def batch():
    tokens = (integers("tokens", BATCH * (TOKENS + 1)) % SIZE["vocabulary"]).reshape(BATCH, TOKENS + 1)
    return tokens[:, :-1], tokens[:, 1:]


def make():
    p = {}
    for name, shape in shapes().items():
        offset, scale = offset_and_scale(name)
        p[name] = values(name, shape, scale, offset).double().requires_grad_()
    return p


def loss_of(p):
    ids, targets = batch()
    result = logits(p, ids)
    return result, F.cross_entropy(result.flatten(0, 1), targets.flatten())


def golden():
    p = make()
    result, loss = loss_of(p)
    loss.backward()
    parameters = {}
    for name, t in p.items():
        offset, scale = offset_and_scale(name)
        parameters[name] = dict(shape=list(t.shape), offset=offset, scale=scale, gradientNorm=t.grad.norm(),
                                gradientFirst=t.grad.flatten()[:4])
    trained, losses = make(), []
    optimizer = torch.optim.Adam(trained.values(), lr=ADAM["learningRate"], betas=ADAM["betas"], eps=ADAM["epsilon"])
    for _ in range(STEPS):
        now = loss_of(trained)[1]
        optimizer.zero_grad()
        now.backward()
        losses.append(now.item())
        optimizer.step()
    ids, targets = batch()
    return rounded(dict(madeBy="scripts/goldens/transformer_decoder.py", versions=dict(torch=torch.__version__), size=SIZE,
                        ids=ids, targets=targets, parameters=parameters, logits=result.detach(), loss=loss.detach(),
                        adam=ADAM, losses=losses))


if __name__ == "__main__":
    main(FILE, golden, "the Transformer's decoder alone")
