"""
Makes test/goldens/seq2seq.json: a tiny sequence to sequence model built of torch.nn.LSTM and torch.nn.GRU.

    python scripts/goldens/seq2seq.py            # writes test/goldens/seq2seq.json
    python scripts/goldens/seq2seq.py --check    # compares with the file instead, exit 1 where they differ

Four cases: each cell with and without attention, the GRU with two layers of encoder. The encoder reads packed sequences,
so that padding is never computed. Parameters have Nacre's names and shapes and are made by names, as gpt2.py says; they
are put into torch's layout inside of the computation, and gradients come back in Nacre's. Tokens are those of
transformer.py. Everything is computed in float64 from the float32 weights; losses are those before each of ten updates.
"""

import torch
import torch.nn.functional as F
from torch.func import functional_call
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from gpt2 import FILE, integers, main, rounded, values

FILE = FILE.with_name("seq2seq.json")
VOCABULARY, CHANNELS, PADDING, BATCH, SOURCE, TARGET, STEPS = 41, 16, 0, 3, 9, 7, 10
ADAM = dict(learningRate=1e-3, betas=[0.9, 0.98], epsilon=1e-9)
GATES = dict(lstm=4, gru=3)


def shapes(cell, attention, layers):
    """Nacre's parameters in their order."""
    c, h, gates = CHANNELS, CHANNELS // 2, GATES[cell]
    found = {"embedding.weight": [VOCABULARY, c]}

    def recurrent(name, inputs, units):
        found[f"{name}.input"] = [inputs, gates * units]
        found[f"{name}.recurrent"] = [units, gates * units]
        found[f"{name}.bias"] = [gates * units]
        if cell == "gru":
            found[f"{name}.recurrentBias"] = [units]

    def linear(name, inputs, outputs, bias=True):
        found[f"{name}.weight"] = [inputs, outputs]
        if bias:
            found[f"{name}.bias"] = [outputs]

    for layer in range(layers):
        recurrent(f"encoder.{layer}.forward", c, h)
        recurrent(f"encoder.{layer}.backward", c, h)
    linear("summary", c, c)
    linear("first", c, (4 if cell == "lstm" else 2) * c)
    recurrent("decoder.0", c, c)
    recurrent("decoder.1", 2 * c, c)
    if attention:
        linear("attention.keys", c, c)
        linear("attention.query", c, c, bias=False)
        found["attention.score"] = [c, 1]
    linear("readout", 3 * c, c)
    return found


def torch_layer(p, name, cell, suffix):
    """Parameters of one layer and direction as torch.nn names and lays them out."""
    weights = [p[f"{name}.input"].T, p[f"{name}.recurrent"].T]
    bias = p[f"{name}.bias"]
    if cell == "lstm":  # ours: input, forget, output, candidate; torch's: input, forget, candidate, output
        order = lambda x: torch.cat([x.chunk(4)[i] for i in (0, 1, 3, 2)])
        weights, bias = [order(w) for w in weights], order(bias)
        other = torch.zeros_like(bias)
    else:
        other = torch.cat([torch.zeros_like(bias[: 2 * len(bias) // 3]), p[f"{name}.recurrentBias"]])
    return {f"weight_ih_{suffix}": weights[0], f"weight_hh_{suffix}": weights[1],
            f"bias_ih_{suffix}": bias, f"bias_hh_{suffix}": other}


def logits(p, source, target, cell, attention, layers):
    kind, lstm = (torch.nn.LSTM, True) if cell == "lstm" else (torch.nn.GRU, False)
    c = CHANNELS
    embed = lambda ids: F.embedding(ids, p["embedding.weight"]) * c**0.5
    linear = lambda name, x: x @ p[f"{name}.weight"] + p.get(f"{name}.bias", 0)
    lengths = (source != PADDING).sum(1)
    encoder = kind(c, c // 2, layers, batch_first=True, bidirectional=True).double()
    inside = {}
    for layer in range(layers):
        inside |= torch_layer(p, f"encoder.{layer}.forward", cell, f"l{layer}")
        inside |= torch_layer(p, f"encoder.{layer}.backward", cell, f"l{layer}_reverse")
    packed = pack_padded_sequence(embed(source), lengths, batch_first=True, enforce_sorted=False)
    outputs, last = functional_call(encoder, inside, (packed,))
    encoded = pad_packed_sequence(outputs, batch_first=True, total_length=source.shape[1])[0]  # [B, S, C]
    hidden = last[0] if lstm else last
    z = torch.tanh(linear("summary", torch.cat([hidden[-2], hidden[-1]], 1)))
    states = torch.tanh(linear("first", z)).split(c, 1)
    state = lambda layer: tuple(s[None] for s in states[2 * layer: 2 * layer + 2]) if lstm else states[layer][None]
    decode = lambda layer, inputs, x: functional_call(
        kind(inputs, c, batch_first=True).double(), torch_layer(p, f"decoder.{layer}", cell, "l0"), (x, state(layer)))[0]
    words = embed(target)
    asked = decode(0, c, words)  # [B, T, C]
    if attention:
        keys = linear("attention.keys", encoded)
        energy = torch.tanh(linear("attention.query", asked)[:, :, None] + keys[:, None]) @ p["attention.score"]
        energy = energy[..., 0].masked_fill((source == PADDING)[:, None], -torch.inf)  # [B, T, S]
        context = energy.softmax(-1) @ encoded
    else:
        context = z[:, None].expand(-1, target.shape[1], -1)
    written = decode(1, 2 * c, torch.cat([asked, context], 2))
    read = torch.tanh(linear("readout", torch.cat([written, context, words], 2)))
    return read @ p["embedding.weight"].T


def tokens(name, length):
    ids = (3 + integers(name, BATCH * length) % (VOCABULARY - 3)).reshape(BATCH, length)
    for row in range(1, BATCH):
        ids[row, length - 2 * row:] = PADDING
    return ids


def batch():
    source, target = tokens("source", SOURCE), tokens("target", TARGET + 1)
    return source, target[:, :-1], target[:, 1:].masked_fill(target[:, 1:] == PADDING, -1)


def scale(name):
    return 0.6 if name.startswith("embedding") else 1.0


def loss_of(p, case):
    source, target, answers = batch()
    result = logits(p, source, target, **case)
    return result, F.cross_entropy(result.flatten(0, 1), answers.flatten(), ignore_index=-1, label_smoothing=0.1)


def run(cell, attention, layers):
    case = dict(cell=cell, attention=attention, layers=layers)
    make = lambda: {name: values(name, shape, scale(name)).double().requires_grad_()
                    for name, shape in shapes(**case).items()}
    p = make()
    result, loss = loss_of(p, case)
    loss.backward()
    parameters = {name: dict(shape=list(t.shape), offset=0.0, scale=scale(name), gradientNorm=t.grad.norm(),
                             gradientFirst=t.grad.flatten()[:4]) for name, t in p.items()}
    trained = make()
    optimizer = torch.optim.Adam(trained.values(), lr=ADAM["learningRate"], betas=ADAM["betas"], eps=ADAM["epsilon"])
    losses = []
    for _ in range(STEPS):
        now = loss_of(trained, case)[1]
        optimizer.zero_grad()
        now.backward()
        losses.append(now.item())
        optimizer.step()
    name = f"{cell}, {'with' if attention else 'without'} attention"
    return name, dict(**case, parameters=parameters, logits=result.detach(), loss=loss.detach(), losses=losses)


def golden():
    source, target, answers = batch()
    cases = [run(cell, attention, 1 if cell == "lstm" else 2) for cell in GATES for attention in (True, False)]
    return rounded(dict(madeBy="scripts/goldens/seq2seq.py", versions=dict(torch=torch.__version__),
                        vocabulary=VOCABULARY, channels=CHANNELS, padding=PADDING, source=source, target=target,
                        answers=answers, adam=ADAM, cases=dict(cases)))


if __name__ == "__main__":
    main(FILE, golden, "sequence to sequence")
