"""
Times a GPT in PyTorch on the CPU: the peer beside which Nacre's own step is measured.

A GPT as nanoGPT trains it: fused query-key-value projection, scaled_dot_product_attention, GELU, layer
normalization before each sub-block, tied head, no dropout; AdamW (fused where it can be), clipping at 1.0.
One step = forward, backward, clip, update, loss read. Tokens are random.

    python bench/peers/pytorch-gpt.py --layers 4 --heads 4 --channels 128 --context 64 --batch 12 --vocabulary 65
    python bench/peers/pytorch-gpt.py ... --compile     # the same through torch.compile
    python bench/peers/pytorch-gpt.py ... --serve       # a peer to be driven step by step, see below
    python bench/peers/pytorch-gpt.py --matmul          # times torch.matmul of two [2048, 2048] instead

Prints one JSON line. With --serve it warms up, prints "ready", then answers every line `N` on its standard
input with N steps and one JSON line {"milliseconds": [...], "loss": ...}; when the input ends it prints what it
is and its peak memory, and exits. So a driver can take turns between two engines on a machine that others use
too, both warm and one of them always idle (an idle peer does not spin).
"""

import argparse
import math


import torch
import torch.nn as nn
import torch.nn.functional as F

from steps import measure, serve, timed


class Block(nn.Module):
    def __init__(self, o):
        super().__init__()
        C = o.channels
        self.heads, self.gelu = o.heads, o.gelu
        self.norm1 = nn.LayerNorm(C, bias=o.bias)
        self.qkv = nn.Linear(C, 3 * C, bias=o.bias)
        self.projection = nn.Linear(C, C, bias=o.bias)
        self.norm2 = nn.LayerNorm(C, bias=o.bias)
        self.up = nn.Linear(C, 4 * C, bias=o.bias)
        self.down = nn.Linear(4 * C, C, bias=o.bias)

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = (t.view(B, T, self.heads, -1).transpose(1, 2) for t in self.qkv(self.norm1(x)).split(C, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(B, T, C)
        x = x + self.projection(y)
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate=self.gelu))


class GPT(nn.Module):
    def __init__(self, o):
        super().__init__()
        self.tokens = nn.Embedding(o.vocabulary, o.channels)
        self.positions = nn.Embedding(o.context, o.channels)
        self.blocks = nn.ModuleList(Block(o) for _ in range(o.layers))
        self.norm = nn.LayerNorm(o.channels, bias=o.bias)
        self.head = nn.Linear(o.channels, o.vocabulary, bias=False)
        self.head.weight = self.tokens.weight
        for name, p in self.named_parameters():
            if p.dim() >= 2:
                residual = "projection" in name or "down" in name
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * o.layers) if residual else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, ids, targets):
        x = self.tokens(ids) + self.positions(torch.arange(ids.shape[1]))
        for block in self.blocks:
            x = block(x)
        return F.cross_entropy(self.head(self.norm(x)).flatten(0, 1), targets.flatten())


def make_optimizer(model):
    parameters = list(model.parameters())
    groups = [dict(params=[p for p in parameters if p.dim() >= 2], weight_decay=0.1),
              dict(params=[p for p in parameters if p.dim() < 2], weight_decay=0.0)]
    options = dict(lr=1e-3, betas=(0.9, 0.99), eps=1e-8)
    try:
        return torch.optim.AdamW(groups, fused=True, **options), True
    except RuntimeError:
        return torch.optim.AdamW(groups, **options), False


def gpt_step(o, facts):
    """A function that does one training step and returns its loss."""
    model = GPT(o)
    optimizer, facts["fused"] = make_optimizer(model)
    facts["parameters"] = sum(p.numel() for p in model.parameters())
    forward = torch.compile(model) if o.compile else model
    generator = torch.Generator().manual_seed(1)

    def step():
        tokens = torch.randint(o.vocabulary, (o.batch, o.context + 1), generator=generator)
        loss = forward(tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss.item()

    return step


def matmul_step(size):
    a, b, out = torch.randn(size, size), torch.randn(size, size), torch.empty(size, size)

    def step():
        torch.matmul(a, b, out=out)
        return None

    return step


def options():
    p = argparse.ArgumentParser(description="Times a GPT in PyTorch on the CPU.")
    p.add_argument("--layers", type=int, default=4)
    p.add_argument("--heads", type=int, default=4)
    p.add_argument("--channels", type=int, default=128)
    p.add_argument("--context", type=int, default=64)
    p.add_argument("--batch", type=int, default=12)
    p.add_argument("--vocabulary", type=int, default=65)
    p.add_argument("--bias", action=argparse.BooleanOptionalAction, default=True,
                   help="biases in linear layers and norms")
    p.add_argument("--gelu", choices=["none", "tanh"], default="none", help="exact GELU (nanoGPT) or GPT-2's tanh form")
    p.add_argument("--steps", type=int, default=20)
    p.add_argument("--warmup", type=int, default=5)
    p.add_argument("--threads", type=int, default=torch.get_num_threads())
    p.add_argument("--compile", action="store_true", help="through torch.compile")
    p.add_argument("--serve", action="store_true", help="warm up, then run as many steps as each line of stdin says")
    p.add_argument("--matmul", action="store_true", help="time torch.matmul instead of a GPT")
    p.add_argument("--size", type=int, default=2048, help="rows and columns for --matmul")
    return p.parse_args()


def main():
    o = options()
    torch.set_num_threads(o.threads)
    torch.manual_seed(1)
    facts = dict(peer="torch.matmul" if o.matmul else "pytorch", mode="compiled" if o.compile else "eager",
                 torch=torch.__version__, capability=torch.backends.cpu.get_cpu_capability(), threads=o.threads)
    if o.matmul:
        facts["size"] = o.size
    else:
        facts |= {key: getattr(o, key) for key in
                  ["layers", "heads", "channels", "context", "batch", "vocabulary", "bias", "gelu"]}
    step = matmul_step(o.size) if o.matmul else gpt_step(o, facts)
    warmup, _ = timed(step, o.warmup)
    facts["warmupMs"] = round(sum(warmup), 1)
    if o.serve:
        serve(step, facts)
    else:
        measure(step, facts, o.steps, flops=2 * o.size**3 if o.matmul else None)


if __name__ == "__main__":
    main()
