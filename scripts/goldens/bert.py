"""
Makes test/goldens/bert.json: what transformers' BertForPreTraining computes for a tiny configuration.

    python scripts/goldens/bert.py            # writes test/goldens/bert.json
    python scripts/goldens/bert.py --check    # compares with the file instead, exit 1 where they differ

Weights are made by names, as gpt2.py says. Tokens: element i of "ids" [B, T] is u mod V, row b ends b * 4 tokens early
and is followed by id 0, which attention does not see; the second segment begins after half of a row's tokens. A token is
asked for where u of "masked" [B, T] is below 2^32 / 4 and the row has not ended; its label is u mod V of "labels".
The loss is the mean over those tokens plus the mean over the rows, whose labels "next" are given here.
Everything is computed in float64 from the float32 weights. Losses of a run are those before each of its ten updates.
"""

import pathlib

import torch
import transformers

from gpt2 import integers, main, rounded, values

FILE = pathlib.Path(__file__).resolve().parents[2] / "test" / "goldens" / "bert.json"
CONFIGURATION = dict(vocab_size=61, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48,
                     max_position_embeddings=20)
BATCH, TOKENS, STEPS = 3, 16, 10
NEXT = [0, 1, 1]
ADAMW = dict(learningRate=1e-3, betas=[0.9, 0.95], epsilon=1e-8, weightDecay=0.1, clip=1.0)


def offset_and_scale(name):
    if "LayerNorm" in name:
        return (1.0, 0.2) if name.endswith("weight") else (0.0, 0.2)
    return (0.0, 0.4) if name.endswith("weight") else (0.0, 0.2)


def build(dtype):
    config = transformers.BertConfig(**CONFIGURATION, hidden_act="gelu", type_vocab_size=2, layer_norm_eps=1e-12,
                                     hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, pad_token_id=None,
                                     attn_implementation="eager")
    model = transformers.BertForPreTraining(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():  # the decoder's weight and bias are tied: they come once
            offset, scale = offset_and_scale(name)
            parameter.copy_(values(name, parameter.shape, scale, offset))
    return model.to(dtype)


def batch():
    V = CONFIGURATION["vocab_size"]
    lengths = torch.tensor([TOKENS - 4 * row for row in range(BATCH)])
    places = torch.arange(TOKENS).expand(BATCH, TOKENS)
    real = places < lengths[:, None]
    ids = (integers("ids", BATCH * TOKENS) % V).reshape(BATCH, TOKENS).masked_fill(~real, 0)
    segments = ((places >= lengths[:, None] // 2) & real).long()
    masked = (integers("masked", BATCH * TOKENS).reshape(BATCH, TOKENS) < 2**32 / 4) & real
    labels = (integers("labels", BATCH * TOKENS) % V).reshape(BATCH, TOKENS).masked_fill(~masked, -100)
    return dict(input_ids=ids, token_type_ids=segments, attention_mask=real.long(), labels=labels,
                next_sentence_label=torch.tensor(NEXT))


def train(dtype):
    model, inputs = build(dtype), batch()
    parameters = list(model.parameters())
    groups = [dict(params=[p for p in parameters if p.dim() >= 2], weight_decay=ADAMW["weightDecay"]),
              dict(params=[p for p in parameters if p.dim() < 2], weight_decay=0.0)]
    optimizer = torch.optim.AdamW(groups, lr=ADAMW["learningRate"], betas=ADAMW["betas"], eps=ADAMW["epsilon"])
    losses = []
    for _ in range(STEPS):
        loss = model(**inputs).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, ADAMW["clip"])
        losses.append(loss.item())
        optimizer.step()
    return losses


def golden():
    model, inputs = build(torch.float64), batch()
    output = model(**inputs, output_hidden_states=True)
    output.loss.backward()
    parameters = {}
    for name, p in model.named_parameters():
        offset, scale = offset_and_scale(name)
        parameters[name] = dict(shape=list(p.shape), offset=offset, scale=scale, gradientNorm=p.grad.norm(),
                                gradientFirst=p.grad.flatten()[:4])
    masked = (inputs["labels"] >= 0).flatten().nonzero().flatten()
    return rounded(dict(
        madeBy="scripts/goldens/bert.py",
        versions=dict(torch=torch.__version__, transformers=transformers.__version__),
        configuration=CONFIGURATION,
        ids=inputs["input_ids"],
        segments=inputs["token_type_ids"],
        lengths=inputs["attention_mask"].sum(1),
        positions=masked,
        labels=inputs["labels"].flatten()[masked],
        next=NEXT,
        parameters=parameters,
        states=output.hidden_states[-1],
        maskLogits=output.prediction_logits.flatten(0, 1)[masked],
        nextLogits=output.seq_relationship_logits,
        loss=output.loss,
        adamw=ADAMW,
        losses=train(torch.float64),
        float32=dict(losses=max(abs(a - b) for a, b in zip(train(torch.float32), train(torch.float64)))),
    ))


if __name__ == "__main__":
    main(FILE, golden, "BERT")
