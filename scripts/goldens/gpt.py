"""
Makes test/goldens/gpt.json: what transformers' OpenAIGPTLMHeadModel computes for a tiny configuration.

    python scripts/goldens/gpt.py            # writes test/goldens/gpt.json
    python scripts/goldens/gpt.py --check    # compares with the file instead, exit 1 where they differ

Parameters are made by their names in transformers, tokens and targets likewise, as gpt2.py says. Everything is computed
in float64 from the float32 weights. Losses of a run are those before each of its ten updates, always on the same batch.
"""

import torch
import torch.nn.functional as F
import transformers

from gpt2 import FILE, integers, main, rounded, values

FILE = FILE.with_name("gpt.json")
SIZE = dict(vocab_size=53, n_positions=14, n_embd=24, n_layer=2, n_head=3)
BATCH, STEPS = 3, 10
ADAMW = dict(learningRate=1e-3, betas=[0.9, 0.999], epsilon=1e-8, weightDecay=0.01, clip=1.0)


def offset_and_scale(name):
    if ".ln_" in name:
        return (1.0, 0.2) if name.endswith("weight") else (0.0, 0.2)
    return (0.0, 0.4) if name.endswith("weight") else (0.0, 0.2)


def build():
    config = transformers.OpenAIGPTConfig(**SIZE, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)
    model = transformers.OpenAIGPTLMHeadModel(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():  # lm_head.weight is tokens_embed.weight: it comes once
            offset, scale = offset_and_scale(name)
            parameter.copy_(values(name, parameter.shape, scale, offset))
    return model.double()


def batch():
    tokens, vocabulary = SIZE["n_positions"], SIZE["vocab_size"]
    ids = (integers("tokens", BATCH * (tokens + 1)) % vocabulary).reshape(BATCH, tokens + 1)
    return ids[:, :-1], ids[:, 1:]


def loss_of(model):
    ids, targets = batch()
    logits = model(ids).logits
    return logits, F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def golden():
    model = build()
    logits, loss = loss_of(model)
    loss.backward()
    parameters = {}
    for name, t in model.named_parameters():
        offset, scale = offset_and_scale(name)
        parameters[name] = dict(shape=list(t.shape), offset=offset, scale=scale, gradientNorm=t.grad.norm(),
                                gradientFirst=t.grad.flatten()[:4])
    trained, losses = build(), []
    groups = [dict(params=[p for p in trained.parameters() if p.dim() >= 2], weight_decay=ADAMW["weightDecay"]),
              dict(params=[p for p in trained.parameters() if p.dim() < 2], weight_decay=0.0)]
    optimizer = torch.optim.AdamW(groups, lr=ADAMW["learningRate"], betas=ADAMW["betas"], eps=ADAMW["epsilon"])
    for _ in range(STEPS):
        now = loss_of(trained)[1]
        optimizer.zero_grad()
        now.backward()
        torch.nn.utils.clip_grad_norm_(trained.parameters(), ADAMW["clip"])
        losses.append(now.item())
        optimizer.step()
    ids, targets = batch()
    return rounded(dict(madeBy="scripts/goldens/gpt.py",
                        versions=dict(torch=torch.__version__, transformers=transformers.__version__),
                        size=SIZE, ids=ids, targets=targets, parameters=parameters, logits=logits.detach(),
                        loss=loss.detach(), adamw=ADAMW, losses=losses))


if __name__ == "__main__":
    main(FILE, golden, "GPT")
