"""
Times the pre-training step of transformers' BertForPreTraining on the CPU: the peer beside which bench/bert.ts is measured.

The model as transformers makes it, with its own attention (scaled_dot_product_attention) and its own loss: logits of every
token against labels that are -100 but for 15 %. AdamW (fused where it can be), gradients clipped at 1.

    python bench/peers/pytorch-bert.py --serve --layers 4 --heads 4 --channels 256 --context 128 --batch 16

Serves steps as pytorch-gpt.py does; without --serve it times 20 steps and prints one JSON line.
"""

import argparse
import math

import torch
import transformers

from steps import measure, serve, timed


def make_step(o, facts):
    config = transformers.BertConfig(
        vocab_size=o.vocabulary, hidden_size=o.channels, num_hidden_layers=o.layers, num_attention_heads=o.heads,
        intermediate_size=4 * o.channels, max_position_embeddings=512, hidden_dropout_prob=o.dropout,
        attention_probs_dropout_prob=o.dropout)
    model = transformers.BertForPreTraining(config).train()
    options = dict(lr=1e-4, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01)
    try:
        optimizer = torch.optim.AdamW(model.parameters(), fused=True, **options)
    except RuntimeError:
        optimizer = torch.optim.AdamW(model.parameters(), **options)
    facts["parameters"] = sum(p.numel() for p in model.parameters())
    forward = torch.compile(model) if o.compile else model
    generator = torch.Generator().manual_seed(1)
    asked = math.ceil(0.15 * o.context)

    def step():
        draw = lambda bound, *shape: torch.randint(0, bound, shape, generator=generator)
        places = torch.rand(o.batch, o.context, generator=generator).topk(asked, 1).indices
        labels = torch.full((o.batch, o.context), -100).scatter(1, places, draw(o.vocabulary, o.batch, asked))
        loss = forward(input_ids=draw(o.vocabulary, o.batch, o.context), token_type_ids=draw(2, o.batch, o.context),
                       attention_mask=torch.ones(o.batch, o.context, dtype=torch.long), labels=labels,
                       next_sentence_label=draw(2, o.batch)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss.item()

    return step


def main():
    p = argparse.ArgumentParser(description="Times BertForPreTraining of transformers on the CPU.")
    for name, default in dict(layers=4, heads=4, channels=256, context=128, batch=16, vocabulary=30522, threads=2).items():
        p.add_argument(f"--{name}", type=int, default=default)
    p.add_argument("--dropout", type=float, default=0.1)
    p.add_argument("--compile", action="store_true", help="through torch.compile")
    p.add_argument("--serve", action="store_true", help="warm up, then run as many steps as each line of stdin says")
    o = p.parse_args()
    torch.set_num_threads(o.threads)
    torch.manual_seed(1)
    facts = dict(peer="transformers", mode="compiled" if o.compile else "eager", torch=torch.__version__,
                 transformers=transformers.__version__)
    step = make_step(o, facts)
    timed(step, 4)
    if o.serve:
        serve(step, facts)
    else:
        measure(step, facts)


if __name__ == "__main__":
    main()
