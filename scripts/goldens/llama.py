"""
Makes test/goldens/llama.json: what transformers' LlamaForCausalLM computes for a tiny configuration with grouped queries.

    python scripts/goldens/llama.py            # writes test/goldens/llama.json
    python scripts/goldens/llama.py --check    # compares with the file instead, exit 1 where they differ

Weights and tokens are made by names, as gpt2.py says. Everything is computed in float64 from the float32 weights; the
angles of the rotation too, which transformers computes in float32. Losses of a run are those before each of its ten
updates. "packed" are the logits of a row that holds two documents, each as if it were alone. "slowed" are logits of a
model whose heads have a size of their own, and whose rotation is slowed as Llama 3.1's; there the frequencies are
transformers' own, in float32. "qwen2" and "qwen3" are models of those classes, with all gradients.
"""

import pathlib

import torch
import torch.nn.functional as F
import transformers

from gpt2 import integers, main, rounded, values

FILE = pathlib.Path(__file__).resolve().parents[2] / "test" / "goldens" / "llama.json"
CONFIGURATION = dict(vocab_size=61, max_position_embeddings=24, hidden_size=32, intermediate_size=40, num_hidden_layers=2,
                     num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-5, hidden_act="silu",
                     tie_word_embeddings=False)
ROTARY_BASE = 100.0  # short wavelengths, so that a wrong angle shows in few tokens
BATCH, TOKENS, STEPS = 3, 16, 10
SLOWED = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64)
HEAD_SIZE = 12  # of the slowed one: not hidden_size / num_attention_heads
CUT = 6  # tokens of the first of two packed documents
ADAMW = dict(learningRate=1e-3, betas=[0.9, 0.95], epsilon=1e-8, weightDecay=0.1, clip=1.0)


def offset_and_scale(name):
    return (1.0, 0.2) if "norm" in name else (0.0, 0.4)


def build(dtype, rotation=dict(rope_type="default"), family="Llama", **changes):
    configuration = {**CONFIGURATION, **changes}
    make = getattr(transformers, f"{family}Config")
    config = make(**configuration, attn_implementation="eager", bos_token_id=None, eos_token_id=None,
                  rope_parameters=dict(rope_theta=ROTARY_BASE, **rotation))
    model = getattr(transformers, f"{family}ForCausalLM")(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            offset, scale = offset_and_scale(name)
            parameter.copy_(values(name, parameter.shape, scale, offset))
    frequencies = model.model.rotary_emb.inv_freq.double()
    if rotation["rope_type"] == "default":
        half = len(frequencies)
        frequencies = ROTARY_BASE ** (-torch.arange(half, dtype=torch.float64) / half)
    model = model.to(dtype)
    if dtype == torch.float64:
        model.model.rotary_emb.forward = exact_rotation(frequencies)
    return model


def exact_rotation(frequencies):
    def forward(x, position_ids):
        angles = position_ids[..., None].double() * frequencies
        angles = torch.cat([angles, angles], -1)
        return angles.cos(), angles.sin()

    return forward


def batch():
    tokens = (integers("tokens", BATCH * (TOKENS + 1)) % CONFIGURATION["vocab_size"]).reshape(BATCH, TOKENS + 1)
    ignored = integers("ignored", BATCH * TOKENS).reshape(BATCH, TOKENS) < 2**32 / 5
    return tokens[:, :-1], tokens[:, 1:].masked_fill(ignored, -1)


def loss_of(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1)


def train(dtype):
    model, (inputs, targets) = build(dtype), batch()
    parameters = list(model.parameters())
    groups = [dict(params=[p for p in parameters if p.dim() >= 2], weight_decay=ADAMW["weightDecay"]),
              dict(params=[p for p in parameters if p.dim() < 2], weight_decay=0.0)]
    optimizer = torch.optim.AdamW(groups, lr=ADAMW["learningRate"], betas=ADAMW["betas"], eps=ADAMW["epsilon"])
    losses = []
    for _ in range(STEPS):
        loss = loss_of(model(inputs).logits, targets)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, ADAMW["clip"])
        losses.append(loss.item())
        optimizer.step()
    return losses


def forward_and_backward(model):
    inputs, targets = batch()
    logits = model(inputs).logits
    loss = loss_of(logits, targets)
    loss.backward()
    parameters = {}
    for name, p in model.named_parameters():
        offset, scale = offset_and_scale(name)
        parameters[name] = dict(shape=list(p.shape), offset=offset, scale=scale, gradientNorm=p.grad.norm(),
                                gradientFirst=p.grad.flatten()[:4])
    return dict(parameters=parameters, logits=logits, loss=loss)


def relative(family, **changes):
    """What a class that is nearly Llama's computes, and the config.json that it writes."""
    model = build(torch.float64, family=family, tie_word_embeddings=True, **changes)
    config = {field: value for field, value in model.config.to_diff_dict().items() if field != "transformers_version"}
    return dict(config={**config, "use_sliding_window": False}, **forward_and_backward(model))


def golden():
    inputs, targets = batch()
    model = build(torch.float64)
    whole = forward_and_backward(model)
    logits = whole["logits"]
    with torch.no_grad():
        packed = torch.cat([model(inputs[:, :CUT]).logits, model(inputs[:, CUT:]).logits], 1)
        slowed = build(torch.float64, SLOWED, head_dim=HEAD_SIZE, max_position_embeddings=128)(inputs).logits
        float32 = build(torch.float32)(inputs).logits.double()
    return rounded(dict(
        madeBy="scripts/goldens/llama.py",
        versions=dict(torch=torch.__version__, transformers=transformers.__version__),
        configuration=CONFIGURATION,
        rotaryBase=ROTARY_BASE,
        inputs=inputs,
        targets=targets,
        **whole,
        cut=CUT,
        packed=packed,
        qwen2=relative("Qwen2"),
        qwen3=relative("Qwen3", head_dim=HEAD_SIZE),
        slowed=dict(rotation=SLOWED, headSize=HEAD_SIZE, logits=slowed),
        adamw=ADAMW,
        losses=train(torch.float64),
        float32=dict(logits=(float32 - logits).abs().max()),
    ))


if __name__ == "__main__":
    main(FILE, golden, "Llama")
