"""
Makes test/goldens/gpt2.json: what transformers' GPT2LMHeadModel computes for a tiny configuration.

    python scripts/goldens/gpt2.py            # writes test/goldens/gpt2.json
    python scripts/goldens/gpt2.py --check    # compares with the file instead, exit 1 where they differ

Weights are not stored. Element i (row-major) of the parameter called `name` is made by integers alone:

    h = FNV-1a, 32 bits, over the UTF-8 bytes of the name
    u = (i * 2654435761 + h) mod 2^32
    u ^= u >> 16;  u = u * 0x85ebca6b mod 2^32;  u ^= u >> 13;  u = u * 0xc2b2ae35 mod 2^32;  u ^= u >> 16
    value = offset + (u / 2^32 - 0.5) * scale       in float64, then rounded once to float32

in which offset and scale depend on the end of the name (see `offset_and_scale`; the file records them per parameter).
Tokens: element i of "tokens" [B, T + 1] is u mod V; inputs are its first T columns, targets its last T.
A target is -1, left out of the mean, where u of "ignored" [B, T] is below 2^32 / 5.

Everything is computed in float64 from the float32 weights, so that the numbers are the exact answer to which any
float32 engine comes close; `float32` records how far PyTorch's own float32 is from them.
Losses of a run are those before each of its ten updates, always on the same batch.
"""

import argparse
import json
import math
import pathlib
import sys

import torch
import torch.nn.functional as F
import transformers

FILE = pathlib.Path(__file__).resolve().parents[2] / "test" / "goldens" / "gpt2.json"
CONFIGURATION = dict(vocab_size=61, n_positions=16, n_embd=32, n_layer=2, n_head=2, activation_function="gelu_new",
                     resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, layer_norm_epsilon=1e-5)
BATCH, STEPS = 3, 10
OPTIMIZERS = {
    "adamw": dict(learningRate=1e-3, betas=[0.9, 0.95], epsilon=1e-8, weightDecay=0.1, clip=1.0),
    "adam": dict(learningRate=1e-3, betas=[0.9, 0.95], epsilon=1e-8, weightDecay=0.0, clip=None),
    "muon": dict(learningRate=1e-3, betas=[0.9, 0.95], epsilon=1e-8, weightDecay=0.1, momentum=0.95, clip=1.0),
    "sgd": dict(learningRate=0.1, momentum=0.9, weightDecay=0.0, clip=None),
}


def fnv1a(name):
    h = 0x811C9DC5
    for byte in name.encode():
        h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
    return h


def integers(name, count):
    """The `count` 32-bit integers u of the name, as int64."""
    mask = 0xFFFFFFFF
    h = fnv1a(name)
    out = []
    for i in range(count):
        u = (i * 2654435761 + h) & mask
        u ^= u >> 16
        u = (u * 0x85EBCA6B) & mask
        u ^= u >> 13
        u = (u * 0xC2B2AE35) & mask
        out.append(u ^ (u >> 16))
    return torch.tensor(out, dtype=torch.int64)


def values(name, shape, scale=1.0, offset=0.0):
    """Float32 values of the name, uniform in offset ± scale / 2."""
    u = integers(name, math.prod(shape)).double()
    return (offset + (u / 2**32 - 0.5) * scale).float().reshape(shape)


def offset_and_scale(name):
    if ".ln_" in name:
        return (1.0, 0.2) if name.endswith("weight") else (0.0, 0.2)
    return (0.0, 0.4) if name.endswith("weight") else (0.0, 0.2)


def build(dtype):
    config = transformers.GPT2Config(**CONFIGURATION, attn_implementation="eager", bos_token_id=None, eos_token_id=None)
    model = transformers.GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():  # lm_head.weight is transformer.wte.weight: it comes once
            offset, scale = offset_and_scale(name)
            parameter.copy_(values(name, parameter.shape, scale, offset))
    return model.to(dtype)


def batch():
    T, V = CONFIGURATION["n_positions"], CONFIGURATION["vocab_size"]
    tokens = (integers("tokens", BATCH * (T + 1)) % V).reshape(BATCH, T + 1)
    ignored = integers("ignored", BATCH * T).reshape(BATCH, T) < 2**32 / 5
    return tokens[:, :-1], tokens[:, 1:].masked_fill(ignored, -1)


def loss_of(logits, targets, **options):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1, **options)


class Both:
    """Two optimizers as one; Muon's iteration in the element type of its weights, not in bfloat16."""

    def __init__(self, *optimizers):
        self.optimizers = optimizers

    def zero_grad(self):
        for optimizer in self.optimizers:
            optimizer.zero_grad()

    def step(self):
        rounding, torch.Tensor.bfloat16 = torch.Tensor.bfloat16, lambda tensor: tensor
        try:
            for optimizer in self.optimizers:
                optimizer.step()
        finally:
            torch.Tensor.bfloat16 = rounding


def optimizer_for(kind, model):
    o = OPTIMIZERS[kind]
    parameters = list(model.parameters())
    if kind == "sgd":
        return torch.optim.SGD(parameters, lr=o["learningRate"], momentum=o["momentum"])
    if kind == "muon":
        hidden = [p for name, p in model.named_parameters() if p.dim() == 2 and ".h." in name]
        return Both(torch.optim.Muon(hidden, lr=o["learningRate"], weight_decay=o["weightDecay"],
                                     momentum=o["momentum"], adjust_lr_fn="match_rms_adamw"),
                    torch.optim.AdamW(
                        [dict(params=[p for name, p in model.named_parameters() if p.dim() == 2 and ".h." not in name],
                              weight_decay=o["weightDecay"]),
                         dict(params=[p for p in parameters if p.dim() < 2], weight_decay=0.0)],
                        lr=o["learningRate"], betas=o["betas"], eps=o["epsilon"]))
    groups = [dict(params=[p for p in parameters if p.dim() >= 2], weight_decay=o["weightDecay"]),
              dict(params=[p for p in parameters if p.dim() < 2], weight_decay=0.0)]
    make = torch.optim.AdamW if kind == "adamw" else torch.optim.Adam
    return make(groups, lr=o["learningRate"], betas=o["betas"], eps=o["epsilon"])


def train(kind, dtype):
    model, (inputs, targets) = build(dtype), batch()
    optimizer = optimizer_for(kind, model)
    losses, norms = [], []
    for _ in range(STEPS):
        loss = loss_of(model(inputs).logits, targets)
        optimizer.zero_grad()
        loss.backward()
        clip = OPTIMIZERS[kind]["clip"]
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), math.inf if clip is None else clip).item())
        losses.append(loss.item())
        optimizer.step()
    with torch.no_grad():
        final = loss_of(model(inputs).logits, targets).item()
    parameters = {name: p.detach().norm().item() for name, p in model.named_parameters()}
    return dict(losses=losses, finalLoss=final, gradientNorms=norms, finalParameterNorms=parameters)


def forward(dtype):
    model, (inputs, targets) = build(dtype), batch()
    logits = model(inputs).logits
    loss = loss_of(logits, targets)
    loss.backward()
    return model, logits.detach(), loss.item()


def rounded(x):
    """Seven significant digits, everywhere."""
    if isinstance(x, torch.Tensor):
        return rounded(x.detach().tolist())
    if isinstance(x, dict):
        return {key: rounded(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [rounded(value) for value in x]
    return float(f"{x:.7g}") if isinstance(x, float) else x


def golden():
    inputs, targets = batch()
    model, logits, loss = forward(torch.float64)
    _, logits32, loss32 = forward(torch.float32)
    smooth_logits = logits.clone().requires_grad_()
    smooth = loss_of(smooth_logits, targets, label_smoothing=0.1)
    smooth.backward()
    runs = {kind: train(kind, torch.float64) for kind in OPTIMIZERS}
    runs32 = {kind: train(kind, torch.float32) for kind in OPTIMIZERS}
    parameters = {}
    for name, p in model.named_parameters():
        offset, scale = offset_and_scale(name)
        parameters[name] = dict(shape=list(p.shape), offset=offset, scale=scale, norm=p.detach().norm(),
                                first=p.detach().flatten()[:4], gradientNorm=p.grad.norm(),
                                gradientFirst=p.grad.flatten()[:4])
    return rounded(dict(
        madeBy="scripts/goldens/gpt2.py",
        versions=dict(torch=torch.__version__, transformers=transformers.__version__),
        configuration=CONFIGURATION,
        inputs=inputs,
        targets=targets,
        parameters=parameters,
        logits=logits,
        loss=loss,
        labelSmoothing=dict(smoothing=0.1, mean=smooth,
                            sum=loss_of(logits, targets, label_smoothing=0.1, reduction="sum"),
                            logitsGradientNorm=smooth_logits.grad.norm(),
                            logitsGradientFirst=smooth_logits.grad.flatten()[:4]),
        optimizers=OPTIMIZERS,
        **runs,
        float32=dict(
            logits=(logits32.double() - logits).abs().max(),
            loss=abs(loss32 - loss),
            **{kind: max(abs(a - b) for a, b in zip(runs32[kind]["losses"], runs[kind]["losses"])) for kind in runs},
        ),
    ))


def differences(ours, theirs, path=""):
    """Paths at which two goldens differ by more than one part in a million."""
    if isinstance(ours, dict) and isinstance(theirs, dict) and ours.keys() == theirs.keys():
        return [d for key in ours for d in differences(ours[key], theirs[key], f"{path}.{key}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [d for i, (a, b) in enumerate(zip(ours, theirs)) for d in differences(a, b, f"{path}[{i}]")]
    if isinstance(ours, float) and isinstance(theirs, float):
        return [] if math.isclose(ours, theirs, rel_tol=1e-6, abs_tol=1e-9) else [path]
    return [] if ours == theirs else [path]


def text_of(golden):
    """JSON with one line per field, and per field of a top-level table, so that a change shows in a diff."""
    compact = lambda value: json.dumps(value, separators=(",", ":"))
    join = lambda lines, indent: "{\n" + ",\n".join(indent + line for line in lines) + "\n" + indent[1:] + "}"
    field = lambda key, value: f"{compact(key)}:{value}"
    table = lambda value: isinstance(value, dict) and all(isinstance(v, dict) for v in value.values())
    nested = lambda value: join([field(k, compact(v)) for k, v in value.items()], "  ")
    return join([field(k, nested(v) if table(v) else compact(v)) for k, v in golden.items()], " ") + "\n"


def main(file, golden, what):
    """The command line of every such script: writes the file, or with --check compares with it."""
    arguments = argparse.ArgumentParser(description=f"Golden numbers of {what}.")
    arguments.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    check = arguments.parse_args().check
    torch.set_num_threads(1)
    result = golden()
    if check:
        stored = json.loads(file.read_text())
        for ignored in ("versions", "float32"):
            result.pop(ignored, None), stored.pop(ignored, None)
        found = differences(result, stored)
        print("\n".join(found) or "equal")
        sys.exit(1 if found else 0)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text_of(result))
    print(f"{file.name}: {file.stat().st_size} bytes")


if __name__ == "__main__":
    main(FILE, golden, "GPT-2")
