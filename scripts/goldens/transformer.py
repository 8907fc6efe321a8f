"""
Makes test/goldens/transformer.json: what transformers' MarianMTModel computes for a tiny encoder-decoder.

    python scripts/goldens/transformer.py            # writes test/goldens/transformer.json
    python scripts/goldens/transformer.py --check    # compares with the file instead, exit 1 where they differ

Weights are made by names, as gpt2.py says. Tokens: element i of "source" [B, S] and of "target" [B, T + 1] is
3 + u mod (V - 3); row b ends b * 2 tokens early, after which there is padding (id 0), in the source and in the target.
Everything is computed in float64 from the float32 weights. Losses of the run are those before each of its ten updates.
"""

import pathlib

import torch
import torch.nn.functional as F
import transformers

from gpt2 import integers, main, rounded, values

FILE = pathlib.Path(__file__).resolve().parents[2] / "test" / "goldens" / "transformer.json"
CONFIGURATION = dict(vocab_size=61, d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
                     decoder_attention_heads=2, encoder_ffn_dim=48, decoder_ffn_dim=48, max_position_embeddings=16)
PADDING, BATCH, SOURCE, TARGET, STEPS = 0, 3, 11, 9, 10
ADAM = dict(learningRate=1e-3, betas=[0.9, 0.98], epsilon=1e-9)


def offset_and_scale(name):
    if "layer_norm" in name:
        return (1.0, 0.2) if name.endswith("weight") else (0.0, 0.2)
    if name == "model.shared.weight":
        return (0.0, 0.3)
    return (0.0, 0.5) if name.endswith("weight") else (0.0, 0.2)


def build(dtype):
    config = transformers.MarianConfig(
        **CONFIGURATION, activation_function="relu", scale_embedding=True, share_encoder_decoder_embeddings=True,
        tie_word_embeddings=True, dropout=0.0, attention_dropout=0.0, activation_dropout=0.0, pad_token_id=PADDING,
        bos_token_id=1, eos_token_id=2, decoder_start_token_id=1, forced_eos_token_id=2, attn_implementation="eager")
    model = transformers.MarianMTModel(config).eval()
    with torch.no_grad():
        for name, parameter in learned(model):
            offset, scale = offset_and_scale(name)
            parameter.copy_(values(name, parameter.shape, scale, offset))
    return model.to(dtype)


def learned(model):
    """Parameters by name; positions are none, and the shared embedding comes once."""
    return [(n, p) for n, p in model.named_parameters() if "embed_positions" not in n and p.requires_grad]


def tokens(name, length):
    ids = 3 + integers(name, BATCH * length) % (CONFIGURATION["vocab_size"] - 3)
    ids = ids.reshape(BATCH, length)
    for row in range(1, BATCH):
        ids[row, length - 2 * row:] = PADDING
    return ids


def batch():
    source, target = tokens("source", SOURCE), tokens("target", TARGET + 1)
    answers = target[:, 1:].masked_fill(target[:, 1:] == PADDING, -1)
    return source, target[:, :-1], answers


def forward(model):
    source, target, answers = batch()
    logits = model(input_ids=source, attention_mask=(source != PADDING).long(), decoder_input_ids=target).logits
    loss = F.cross_entropy(logits.flatten(0, 1), answers.flatten(), ignore_index=-1, label_smoothing=0.1)
    return logits, loss


def train(dtype):
    model = build(dtype)
    optimizer = torch.optim.Adam([p for _, p in learned(model)], lr=ADAM["learningRate"], betas=ADAM["betas"],
                                 eps=ADAM["epsilon"])
    losses = []
    for _ in range(STEPS):
        loss = forward(model)[1]
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    return losses


def golden():
    model = build(torch.float64)
    logits, loss = forward(model)
    loss.backward()
    parameters = {}
    for name, p in learned(model):
        offset, scale = offset_and_scale(name)
        parameters[name] = dict(shape=list(p.shape), offset=offset, scale=scale, gradientNorm=p.grad.norm(),
                                gradientFirst=p.grad.flatten()[:4])
    source, target, answers = batch()
    return rounded(dict(
        madeBy="scripts/goldens/transformer.py",
        versions=dict(torch=torch.__version__, transformers=transformers.__version__),
        configuration=CONFIGURATION,
        padding=PADDING,
        source=source,
        target=target,
        answers=answers,
        parameters=parameters,
        logits=logits,
        loss=loss,
        adam=ADAM,
        losses=train(torch.float64),
        float32=dict(losses=max(abs(a - b) for a, b in zip(train(torch.float32), train(torch.float64)))),
    ))


if __name__ == "__main__":
    main(FILE, golden, "the Transformer")
