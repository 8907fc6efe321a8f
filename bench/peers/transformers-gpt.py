"""
Times transformers' OpenAIGPTLMHeadModel, GPT2LMHeadModel or LlamaForCausalLM on the CPU: the peer beside which
bench/step.ts is measured.

Attention by scaled_dot_product_attention (GPT's in steps of its own: transformers has no other for it); AdamW (fused
where it can be), clipping at 1.0. One step = forward, backward, clip, update, loss read; with --micro-batches the batch is
computed in parts. Tokens are random. Units of Llama's feed-forward layers as Nacre has them. --recompute checkpoints
every block, as transformers does it.

    python bench/peers/transformers-gpt.py --model llama --serve --layers 6 --heads 6 --key-value-heads 2 --channels 384 ...

Serves steps as pytorch-gpt.py does; without --serve it times 20 steps and prints one JSON line.
"""

import argparse
import math

import torch
import transformers

from steps import measure, serve, timed


def make_model(o):
    if o.model == "gpt":
        config = transformers.OpenAIGPTConfig(
            vocab_size=o.vocabulary, n_positions=o.context, n_embd=o.channels, n_layer=o.layers, n_head=o.heads,
            resid_pdrop=o.dropout, embd_pdrop=o.dropout, attn_pdrop=o.dropout)
        return transformers.OpenAIGPTLMHeadModel(config)
    if o.model == "gpt2":
        config = transformers.GPT2Config(
            vocab_size=o.vocabulary, n_positions=o.context, n_embd=o.channels, n_layer=o.layers, n_head=o.heads,
            resid_pdrop=o.dropout, embd_pdrop=o.dropout, attn_pdrop=o.dropout, use_cache=False,
            attn_implementation="sdpa", bos_token_id=None, eos_token_id=None)
        return transformers.GPT2LMHeadModel(config)
    multiple = 32 if o.channels < 1024 else 256
    config = transformers.LlamaConfig(
        vocab_size=o.vocabulary, max_position_embeddings=o.context, hidden_size=o.channels, num_hidden_layers=o.layers,
        intermediate_size=multiple * math.ceil(8 * o.channels / 3 / multiple), num_attention_heads=o.heads,
        num_key_value_heads=o.key_value_heads, rms_norm_eps=1e-5, tie_word_embeddings=False, use_cache=False,
        attn_implementation="sdpa", bos_token_id=None, eos_token_id=None)
    return transformers.LlamaForCausalLM(config)


def make_step(o, facts):
    model = make_model(o).train()
    if o.recompute:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=dict(use_reentrant=False))
    parameters = list(model.parameters())
    groups = [dict(params=[p for p in parameters if p.dim() >= 2], weight_decay=0.1),
              dict(params=[p for p in parameters if p.dim() < 2], weight_decay=0.0)]
    options = dict(lr=1e-3, betas=(0.9, 0.99), eps=1e-8)
    try:
        optimizer, facts["fused"] = torch.optim.AdamW(groups, fused=True, **options), True
    except RuntimeError:
        optimizer, facts["fused"] = torch.optim.AdamW(groups, **options), False
    facts["parameters"] = sum(p.numel() for p in parameters)
    forward = torch.compile(model) if o.compile else model
    generator = torch.Generator().manual_seed(1)

    def step():
        tokens = torch.randint(o.vocabulary, (o.batch, o.context + 1), generator=generator)
        total = 0.0
        for part in tokens.chunk(o.micro_batches):
            logits = forward(input_ids=part[:, :-1].contiguous()).logits
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), part[:, 1:].flatten()) / o.micro_batches
            loss.backward()
            total += loss.item()
            del logits, loss
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return total

    return step


def main():
    p = argparse.ArgumentParser(description="Times a language model of transformers on the CPU.")
    for name, default in {"layers": 6, "heads": 6, "key-value-heads": 2, "channels": 384, "context": 256, "batch": 16,
                          "vocabulary": 65, "threads": 2, "micro-batches": 1, "warm-up": 3}.items():
        p.add_argument(f"--{name}", type=int, default=default)
    p.add_argument("--model", choices=["gpt", "gpt2", "llama"], default="llama")
    p.add_argument("--dropout", type=float, default=0.0, help="of GPT and GPT-2, everywhere they have it")
    p.add_argument("--recompute", action="store_true", help="compute each block again for the backward pass")
    p.add_argument("--compile", action="store_true", help="through torch.compile")
    p.add_argument("--serve", action="store_true", help="warm up, then run as many steps as each line of stdin says")
    o = p.parse_args()
    torch.set_num_threads(o.threads)
    torch.manual_seed(1)
    facts = dict(peer="transformers", mode="compiled" if o.compile else "eager", torch=torch.__version__,
                 transformers=transformers.__version__)
    step = make_step(o, facts)
    timed(step, o.warm_up)
    if o.serve:
        serve(step, facts)
    else:
        measure(step, facts)


if __name__ == "__main__":
    main()
