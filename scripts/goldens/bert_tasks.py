"""
Makes test/goldens/bert_tasks.json: what transformers' BertForSequenceClassification, BertForTokenClassification and
BertForQuestionAnswering compute, in the configuration and with the rows of bert.py.

    python scripts/goldens/bert_tasks.py            # writes test/goldens/bert_tasks.json
    python scripts/goldens/bert_tasks.py --check    # compares with the file instead, exit 1 where they differ

Weights are made by names, as bert.py says. Segments begin behind the first token SEPARATOR, which stands in the middle of
each row. Labels are given: of rows, of the tokens of a row (-100 where none counts), of the first and last places; an
answer is no place behind the end of its row, so such places are left out of the reader's loss, which transformers counts.
Everything is computed in float64 from the float32 weights.
"""

import pathlib

import torch
import transformers

from bert import BATCH, CONFIGURATION, TOKENS, batch, offset_and_scale
from gpt2 import integers, main, rounded, values

FILE = pathlib.Path(__file__).resolve().parents[2] / "test" / "goldens" / "bert_tasks.json"
CLASSES, SEPARATOR = 4, 3


def build(kind):
    config = transformers.BertConfig(**CONFIGURATION, hidden_act="gelu", type_vocab_size=2, layer_norm_eps=1e-12,
                                     hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, pad_token_id=None,
                                     attn_implementation="eager", num_labels=2 if "Question" in kind else CLASSES)
    model = getattr(transformers, kind)(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            offset, scale = offset_and_scale(name)
            parameter.copy_(values(name, parameter.shape, scale, offset))
    return model.double()


def rows():
    made = batch()
    ids, real = made["input_ids"], made["attention_mask"]
    ids = ids.masked_fill(ids == SEPARATOR, SEPARATOR + 1)
    segments = torch.zeros_like(ids)
    for row, length in enumerate(real.sum(1).tolist()):
        ids[row, length // 2 - 1] = SEPARATOR
        segments[row, length // 2:] = 1
    return dict(input_ids=ids, token_type_ids=segments, attention_mask=real)


def golden():
    inputs = rows()
    lengths = inputs["attention_mask"].sum(1)
    tags = (integers("labels", BATCH * TOKENS) % CLASSES).reshape(BATCH, TOKENS)
    tags = tags.masked_fill(inputs["attention_mask"] == 0, -100)
    tags[:, 0] = -100
    labels, firsts, lasts = torch.tensor([2, 0, 3]), lengths // 2, lengths - 2
    tasks = dict(
        BertForSequenceClassification=dict(labels=labels),
        BertForTokenClassification=dict(labels=tags),
        BertForQuestionAnswering=dict(start_positions=firsts, end_positions=lasts),
    )
    found = {}
    for kind, answers in tasks.items():
        model = build(kind)
        output = model(**inputs, **answers)
        logits = output.logits if "labels" in answers else torch.stack([output.start_logits, output.end_logits], 1)
        if "labels" in answers:
            loss = output.loss
        else:
            logits = logits.masked_fill(inputs["attention_mask"][:, None] == 0, -1e9)
            loss = torch.nn.functional.cross_entropy(logits.transpose(1, 2), torch.stack([firsts, lasts], 1))
        loss.backward()
        norms = {name: p.grad.norm() for name, p in model.named_parameters()}
        shapes = {name: list(p.shape) for name, p in model.named_parameters()}
        found[kind] = dict(logits=logits, loss=loss, gradientNorms=norms, shapes=shapes)
    return rounded(dict(
        madeBy="scripts/goldens/bert_tasks.py",
        versions=dict(torch=torch.__version__, transformers=transformers.__version__),
        configuration=CONFIGURATION,
        classes=CLASSES,
        separator=SEPARATOR,
        ids=inputs["input_ids"],
        lengths=lengths,
        labels=labels,
        tags=tags,
        places=torch.stack([firsts, lasts], 1),
        tasks=found,
    ))


if __name__ == "__main__":
    main(FILE, golden, "BERT's tasks")
