"""
Times a recurrent language model in PyTorch on the CPU: the peer beside which Nacre's own is measured.

Embedding, torch.nn.LSTM (or GRU, RNN), linear layer, cross-entropy; plain SGD, clipping at 5.0; the state is carried from
step to step. One step = forward, backward, clip, update, loss read. Tokens are random.

    python bench/peers/pytorch-recurrent.py --kind lstm --layers 2 --hidden 200 --embedding 200 --context 35 --batch 20
    python bench/peers/pytorch-recurrent.py ... --serve    # driven step by step, as pytorch-gpt.py says

Prints what pytorch-gpt.py prints.
"""

import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F

from steps import measure, serve, timed


def options():
    p = argparse.ArgumentParser(description="Times a recurrent language model in PyTorch on the CPU.")
    p.add_argument("--kind", choices=["rnn", "lstm", "gru"], default="lstm")
    for name, value in dict(layers=2, hidden=200, embedding=200, context=35, batch=20, vocabulary=10_000, steps=20,
                            warmup=5, threads=torch.get_num_threads()).items():
        p.add_argument(f"--{name}", type=int, default=value)
    p.add_argument("--serve", action="store_true")
    return p.parse_args()


class Model(nn.Module):
    def __init__(self, o):
        super().__init__()
        self.embedding = nn.Embedding(o.vocabulary, o.embedding)
        self.layers = getattr(nn, o.kind.upper())(o.embedding, o.hidden, o.layers)
        self.output = nn.Linear(o.hidden, o.vocabulary)

    def forward(self, ids, state):
        y, state = self.layers(self.embedding(ids), state)
        return self.output(y), state


def detached(state):
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


def main():
    o = options()
    torch.set_num_threads(o.threads)
    torch.manual_seed(1)
    model = Model(o)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    tokens = torch.randint(o.vocabulary, (o.batch, 10_000))
    state, position = None, 0

    def step():
        nonlocal state, position
        ids = tokens[:, position : position + o.context].t().contiguous()
        targets = tokens[:, position + 1 : position + 1 + o.context].t().contiguous()
        position = (position + o.context) % (10_000 - o.context - 1)
        logits, after = model(ids, state)
        state = detached(after)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss.item()

    facts = dict(peer="pytorch", torch=torch.__version__, threads=o.threads, kind=o.kind)
    timed(step, o.warmup)
    if o.serve:
        serve(step, facts)
    else:
        measure(step, facts, o.steps)


if __name__ == "__main__":
    main()
