"""
Makes test/goldens/recurrent.json: torch.nn.RNN, LSTM and GRU forward and backward.

    python scripts/goldens/recurrent.py            # writes test/goldens/recurrent.json
    python scripts/goldens/recurrent.py --check    # compares with the file instead, exit 1 where they differ

One and two layers, one and two directions. Inputs are not stored: each is made by the integer hash of gpt2.py from the
name "<case>.<tensor>", with scale 2 for x and the first states and 1 for parameters, offset 0. The loss is
L = sum(y * weight) + sum(state * weight) with weights of scale 2 and the names "<case>.y.weight", "<case>.h.weight" and
"<case>.c.weight". All is computed in float64 from float32 inputs.

Fields of a case: `options`, `y` [T, B, D H], `h` and `c` [L D, B, H], `gradients` {tensor: flat, row-major}.
"""

import torch

from gpt2 import FILE, main, rounded, values

FILE = FILE.with_name("recurrent.json")
STEPS, BATCH, INPUTS, UNITS = 5, 2, 3, 4


def run(kind, layers, bidirectional):
    name = f"{kind}-{layers}" + ("-bidirectional" if bidirectional else "")
    module = getattr(torch.nn, kind.upper())(INPUTS, UNITS, layers, bidirectional=bidirectional).double()
    with torch.no_grad():
        for key, parameter in module.named_parameters():
            parameter.copy_(values(f"{name}.{key}", list(parameter.shape), 1.0).double())
    rows = layers * (2 if bidirectional else 1)
    leaf = lambda key, shape: values(f"{name}.{key}", shape, 2.0).double().requires_grad_()
    given = dict(x=leaf("x", [STEPS, BATCH, INPUTS]), h0=leaf("h0", [rows, BATCH, UNITS]))
    if kind == "lstm":
        given["c0"] = leaf("c0", [rows, BATCH, UNITS])
    first = (given["h0"], given["c0"]) if kind == "lstm" else given["h0"]
    y, last = module(given["x"], first)
    results = dict(y=y, h=last[0], c=last[1]) if kind == "lstm" else dict(y=y, h=last)
    loss = sum((tensor * values(f"{name}.{key}.weight", list(tensor.shape), 2.0).double()).sum()
               for key, tensor in results.items())
    loss.backward()
    gradients = {key: tensor.grad.flatten() for key, tensor in (given | dict(module.named_parameters())).items()}
    options = dict(kind=kind, layers=layers, bidirectional=bidirectional)
    return name, dict(options=options, gradients=gradients, **{key: t.detach().flatten() for key, t in results.items()})


def golden():
    cases = [run(kind, layers, both) for kind in ["rnn", "lstm", "gru"] for layers in [1, 2] for both in [False, True]]
    size = dict(steps=STEPS, batch=BATCH, inputs=INPUTS, units=UNITS)
    return rounded(dict(madeBy="scripts/goldens/recurrent.py", versions=dict(torch=torch.__version__), size=size,
                        cases=dict(cases)))


if __name__ == "__main__":
    main(FILE, golden, "recurrent layers")
