"""
Times the Transformer of 2017 in PyTorch on the CPU: the peer beside which bench/transformer.ts is measured.

torch.nn.Transformer's own layers, post-norm, without the norms that it adds behind the stacks; shared embeddings, scaled;
sinusoids; label smoothing 0.1; a padding mask on the source as training has one; Adam (fused where it can be), no clipping.
Its dropout also falls on attention weights and inside of the feed-forward network, where the paper's does not: two runs,
with --dropout 0 and 0.1, bracket the difference.

    python bench/peers/pytorch-transformer.py --serve --layers 3 --heads 4 --channels 256 --hidden 1024 --batch 64

Serves steps as pytorch-gpt.py does; without --serve it times 20 steps and prints one JSON line.
"""

import argparse
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from steps import measure, serve, timed


class Translator(nn.Module):
    def __init__(self, o):
        super().__init__()
        self.tokens = nn.Embedding(o.vocabulary, o.channels)
        nn.init.normal_(self.tokens.weight, std=o.channels**-0.5)
        layer = dict(d_model=o.channels, nhead=o.heads, dim_feedforward=o.hidden, dropout=o.dropout, batch_first=True)
        encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(**layer), o.layers, enable_nested_tensor=False)
        decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(**layer), o.layers)
        self.transformer = nn.Transformer(d_model=o.channels, nhead=o.heads, batch_first=True, custom_encoder=encoder,
                                          custom_decoder=decoder)
        self.dropout, self.scale = nn.Dropout(o.dropout), math.sqrt(o.channels)
        angles = torch.arange(512)[:, None] / 10000 ** (torch.arange(0, o.channels, 2) / o.channels)
        self.register_buffer("positions", torch.cat([angles.sin(), angles.cos()], 1))

    def embed(self, ids):
        return self.dropout(self.tokens(ids) * self.scale + self.positions[: ids.shape[1]])

    def forward(self, source, target, answers):
        padding = source == 0
        causal = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        y = self.transformer(self.embed(source), self.embed(target), tgt_mask=causal, src_key_padding_mask=padding,
                             memory_key_padding_mask=padding, tgt_is_causal=True)
        return F.cross_entropy((y @ self.tokens.weight.T).flatten(0, 1), answers.flatten(), label_smoothing=0.1)


def make_step(o, facts):
    model = Translator(o).train()
    options = dict(lr=1e-4, betas=(0.9, 0.98), eps=1e-9)
    try:
        optimizer = torch.optim.Adam(model.parameters(), fused=True, **options)
    except RuntimeError:
        optimizer = torch.optim.Adam(model.parameters(), **options)
    facts["parameters"] = sum(p.numel() for p in model.parameters())
    forward = torch.compile(model) if o.compile else model
    generator = torch.Generator().manual_seed(1)

    def step():
        ids = lambda length: torch.randint(1, o.vocabulary, (o.batch, length), generator=generator)
        loss = forward(ids(o.source), ids(o.target), ids(o.target))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss.item()

    return step


def main():
    p = argparse.ArgumentParser(description="Times the Transformer in PyTorch on the CPU.")
    for name, default in dict(layers=3, heads=4, channels=256, hidden=1024, source=24, target=24, batch=64,
                              vocabulary=4000, threads=2).items():
        p.add_argument(f"--{name}", type=int, default=default)
    p.add_argument("--dropout", type=float, default=0.1)
    p.add_argument("--compile", action="store_true", help="through torch.compile")
    p.add_argument("--serve", action="store_true", help="warm up, then run as many steps as each line of stdin says")
    o = p.parse_args()
    torch.set_num_threads(o.threads)
    torch.manual_seed(1)
    facts = dict(peer="pytorch", mode="compiled" if o.compile else "eager", torch=torch.__version__)
    step = make_step(o, facts)
    timed(step, 4)
    if o.serve:
        serve(step, facts)
    else:
        measure(step, facts)


if __name__ == "__main__":
    main()
