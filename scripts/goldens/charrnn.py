"""
Makes test/goldens/charrnn.json: the logits of ml5's pretrained charRNN (two BasicLSTM layers), by a plain forward pass
in numpy and float64.

    python scripts/goldens/charrnn.py DIR           # DIR holds manifest.json, vocab.json and the tensors
    python scripts/goldens/charrnn.py DIR --check   # compares with the file instead, exit 1 where they differ

BasicLSTMCell of TensorFlow 1: [i, j, f, o] = [x, h] W + b; c = c sigmoid(f + 1) + sigmoid(i) tanh(j);
h = tanh(c) sigmoid(o). In vocab.json the key of two spaces is "u" and the empty key is "U".

Fields: `text`, `ids`, `logits` {position: [V]} after the character there, and `nats`, the mean of -log P over the text.
"""

import argparse
import json
import pathlib
import sys

import numpy as np

FILE = pathlib.Path(__file__).parents[2] / "test/goldens/charrnn.json"
TEXT = "ROMEO:\nBut soft, what light through yonder window breaks?\nIt is the east, and Juliet is the sun. Up, quickly!\n"
POSITIONS = [0, 1, 5, 20, 60, len(TEXT) - 1]

sigmoid = lambda x: 1 / (1 + np.exp(-x))


def golden(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    read = lambda name: np.fromfile(folder / manifest[name]["filename"], "<f4").reshape(manifest[name]["shape"]).astype(float)
    vocabulary = {{"  ": "u", "": "U"}.get(key, key): i for key, i in json.loads((folder / "vocab.json").read_text()).items()}
    ids = [vocabulary[character] for character in TEXT]
    embedding, output, bias = read("embedding"), read("rnnlm/softmax_w"), read("rnnlm/softmax_b")
    cells = [(read(f"rnnlm/multi_rnn_cell/cell_{i}/basic_lstm_cell/weights"),
              read(f"rnnlm/multi_rnn_cell/cell_{i}/basic_lstm_cell/biases")) for i in range(2)]
    state = [(np.zeros(len(b) // 4), np.zeros(len(b) // 4)) for _, b in cells]
    logits = []
    for i in ids:
        x = embedding[i]
        for layer, (w, b) in enumerate(cells):
            h, c = state[layer]
            i_, j, f, o = np.split(np.concatenate([x, h]) @ w + b, 4)
            c = c * sigmoid(f + 1) + sigmoid(i_) * np.tanh(j)
            x = np.tanh(c) * sigmoid(o)
            state[layer] = (x, c)
        logits.append(x @ output + bias)
    nats = [np.log(np.exp(row).sum()) - row[following] for row, following in zip(logits, ids[1:])]
    shown = {str(p): [float(f"{value:.7g}") for value in logits[p]] for p in POSITIONS}
    return dict(madeBy="scripts/goldens/charrnn.py", text=TEXT, ids=ids, nats=float(f"{np.mean(nats):.8g}"), logits=shown)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Golden numbers of ml5's charRNN.")
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    options = arguments.parse_args()
    result = golden(options.folder)
    if options.check:
        equal = result == json.loads(FILE.read_text())
        print("equal" if equal else "different")
        sys.exit(0 if equal else 1)
    FILE.write_text(json.dumps(result, separators=(",", ":")) + "\n")
    print(f"{FILE.name}: {FILE.stat().st_size} bytes, {result['nats']} nats per character")
