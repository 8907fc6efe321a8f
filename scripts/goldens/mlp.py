"""
Makes test/goldens/mlp.json: what PyTorch computes for a small multi-layer perceptron, with each activation.

    python scripts/goldens/mlp.py            # writes test/goldens/mlp.json
    python scripts/goldens/mlp.py --check    # compares with the file instead, exit 1 where they differ

Weights and inputs are made from their names by integers alone, as scripts/goldens/gpt2.py says; offset is 0 and scale 0.8
for weights, 0.4 for biases, 2 for the inputs. A weight is [inputs, outputs], the transpose of torch.nn.Linear's. Labels:
element i of "labels" is u mod 5. Everything is computed in float64 from the float32 values. Losses of a run are those
before each of its ten updates, always on the same batch.
"""

import math
import pathlib
import sys

import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from gpt2 import integers, main, rounded, values  # noqa: E402

FILE = pathlib.Path(__file__).resolve().parents[2] / "test" / "goldens" / "mlp.json"
WIDTHS, BATCH, STEPS = [12, 16, 8, 5], 7, 10
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
OPTIMIZERS = {
    "sgd": dict(learningRate=0.1, momentum=0.9),
    "adamw": dict(learningRate=1e-2, betas=[0.9, 0.999], epsilon=1e-8, weightDecay=0.01),
}


def parameters():
    made = {}
    for i, (inputs, outputs) in enumerate(zip(WIDTHS, WIDTHS[1:])):
        for end, shape, scale in (("weight", [inputs, outputs], 0.8), ("bias", [outputs], 0.4)):
            name = f"layers.{i}.{end}"
            made[name] = values(name, shape, scale).double().requires_grad_()
    return made


def logits_of(parameters, x, activation):
    for i in range(len(WIDTHS) - 1):
        x = F.linear(x, parameters[f"layers.{i}.weight"].t(), parameters[f"layers.{i}.bias"])
        if i < len(WIDTHS) - 2:
            x = activation(x)
    return x


def run(kind, x, labels, activation):
    o, made = OPTIMIZERS[kind], parameters()
    if kind == "sgd":
        optimizer = torch.optim.SGD(made.values(), lr=o["learningRate"], momentum=o["momentum"])
    else:  # biases do not decay
        groups = [dict(params=[p for p in made.values() if p.dim() > 1], weight_decay=o["weightDecay"]),
                  dict(params=[p for p in made.values() if p.dim() == 1], weight_decay=0.0)]
        optimizer = torch.optim.AdamW(groups, lr=o["learningRate"], betas=o["betas"], eps=o["epsilon"])
    losses = []
    for _ in range(STEPS):
        loss = F.cross_entropy(logits_of(made, x, activation), labels)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    with torch.no_grad():
        final = F.cross_entropy(logits_of(made, x, activation), labels).item()
    return dict(losses=losses, finalLoss=final, finalNorms={name: p.detach().norm() for name, p in made.items()})


def golden():
    x = values("x", [BATCH, WIDTHS[0]], 2.0).double()
    labels = integers("labels", BATCH) % WIDTHS[-1]
    result = dict(madeBy="scripts/goldens/mlp.py", versions=dict(torch=torch.__version__), widths=WIDTHS, batch=BATCH,
                  labels=labels, optimizers=OPTIMIZERS)
    for name, activation in ACTIVATIONS.items():
        made = parameters()
        logits = logits_of(made, x, activation)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        result[name] = dict(logits=logits, loss=loss, gradients={key: p.grad.flatten() for key, p in made.items()},
                            **{kind: run(kind, x, labels, activation) for kind in OPTIMIZERS})
    return rounded(result)


if __name__ == "__main__":
    main(FILE, golden, "the multi-layer perceptron")
