"""
Makes test/goldens/gpt3.json: what transformers' GPTNeoForCausalLM, whose layers are global and local by turns, computes for
a tiny configuration.

    python scripts/goldens/gpt3.py            # writes test/goldens/gpt3.json
    python scripts/goldens/gpt3.py --check    # compares with the file instead, exit 1 where they differ

Weights and tokens are made by names, as gpt2.py says. Everything is computed in float64 from the float32 weights, but for
the scores of the attention, which transformers computes in float32. They are not divided by the root of a head's channels
there; Adam learns otherwise where that root is in the weights, so the losses are of a model whose queries are weights times the
root, divided by it. Losses of a run are those before each of its ten updates. "packed" are the logits of a row that holds
two documents, each as if it were alone.
"""

import math

import torch
import torch.nn.functional as F
import transformers

from gpt2 import FILE, integers, main, rounded, values

FILE = FILE.with_name("gpt3.json")
CONFIGURATION = dict(vocab_size=61, max_position_embeddings=20, hidden_size=36, num_layers=3, num_heads=3, window_size=5,
                     attention_types=[[["global", "local"], 1], [["global"], 1]])
BATCH, TOKENS, STEPS = 3, 16, 10
CUT = 7  # tokens of the first of two packed documents
ADAMW = dict(learningRate=1e-3, betas=[0.9, 0.95], epsilon=1e-8, weightDecay=0.1, clip=1.0)


def offset_and_scale(name):
    if ".ln_" in name:
        return (1.0, 0.2) if name.endswith("weight") else (0.0, 0.2)
    return (0.0, 0.4) if name.endswith("weight") else (0.0, 0.2)


def build():
    config = transformers.GPTNeoConfig(**CONFIGURATION, attn_implementation="eager", bos_token_id=None, eos_token_id=None)
    model = transformers.GPTNeoForCausalLM(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():  # lm_head.weight is wte.weight: it comes once
            offset, scale = offset_and_scale(name)
            parameter.copy_(values(name, parameter.shape, scale, offset))
    return model.double()


def divide_scores(model):
    """The same model, whose queries are divided by the root and whose weights are larger by it."""
    root = math.sqrt(CONFIGURATION["hidden_size"] // CONFIGURATION["num_heads"])
    for block in model.transformer.h:
        query = block.attn.attention.q_proj
        with torch.no_grad():
            query.weight.mul_(root)
        query.register_forward_hook(lambda module, inputs, output: output / root)
    return model


def batch():
    tokens = (integers("tokens", BATCH * (TOKENS + 1)) % CONFIGURATION["vocab_size"]).reshape(BATCH, TOKENS + 1)
    return tokens[:, :-1], tokens[:, 1:]


def loss_of(model):
    inputs, targets = batch()
    logits = model(inputs).logits
    return logits, F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def train():
    model = divide_scores(build())
    parameters = list(model.parameters())
    groups = [dict(params=[p for p in parameters if p.dim() >= 2], weight_decay=ADAMW["weightDecay"]),
              dict(params=[p for p in parameters if p.dim() < 2], weight_decay=0.0)]
    optimizer = torch.optim.AdamW(groups, lr=ADAMW["learningRate"], betas=ADAMW["betas"], eps=ADAMW["epsilon"])
    losses = []
    for _ in range(STEPS):
        loss = loss_of(model)[1]
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, ADAMW["clip"])
        losses.append(loss.item())
        optimizer.step()
    return losses


def golden():
    model = build()
    logits, loss = loss_of(model)
    loss.backward()
    parameters = {}
    for name, p in model.named_parameters():
        offset, scale = offset_and_scale(name)
        parameters[name] = dict(shape=list(p.shape), offset=offset, scale=scale, gradientNorm=p.grad.norm(),
                                gradientFirst=p.grad.flatten()[:4])
    inputs, targets = batch()
    with torch.no_grad():
        packed = torch.cat([model(inputs[:, :CUT]).logits, model(inputs[:, CUT:]).logits], 1)
        dense = build()
        for block in dense.transformer.h:
            block.attn.attention.bias = torch.tril(torch.ones_like(block.attn.attention.bias))
        difference = (dense(inputs).logits - logits).abs().max()
    return rounded(dict(madeBy="scripts/goldens/gpt3.py",
                        versions=dict(torch=torch.__version__, transformers=transformers.__version__),
                        configuration=CONFIGURATION, inputs=inputs, targets=targets, parameters=parameters,
                        logits=logits.detach(), loss=loss.detach(), cut=CUT, packed=packed, withoutBand=difference,
                        adamw=ADAMW, losses=train()))


if __name__ == "__main__":
    main(FILE, golden, "GPT-3")
