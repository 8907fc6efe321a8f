"""
Makes test/goldens/operations.json: values and gradients of single operations as PyTorch computes them.

    python scripts/goldens/operations.py            # writes test/goldens/operations.json
    python scripts/goldens/operations.py --check    # compares with the file instead, exit 1 where they differ

Inputs are not stored: each is made by the integer hash of gpt2.py from its seed name, shape, offset and scale.
The gradient of every input is that of L = sum(y * weight), where weight is made in the same way with the seed
"<case>.weight", offset 0 and scale 2; a scalar y takes L = y. All is computed in float64 from float32 inputs.

Fields of a case: `inputs` {name: {seed, shape, offset, scale}}, `integers` {name: nested ids} where there are
any, `options`, `y` (flat, row-major), `shape`, `gradients` {name: flat, row-major}.
"""

import torch
import torch.nn.functional as F

from gpt2 import FILE, integers, main, rounded, values

FILE = FILE.with_name("operations.json")
IGNORED = -1


def cases():
    """Name, function of the inputs, {input: (shape, scale, offset)}, integer inputs, options as recorded."""
    elementwise = dict(x=([3, 8], 10.0, 0.0))
    for kind in ["none", "tanh"]:
        yield f"gelu-{kind}", lambda x, kind=kind: F.gelu(x, approximate=kind), elementwise, {}, dict(approximate=kind)
    for axis in [-1, 1]:
        for name, f in [("softmax", F.softmax), ("log-softmax", F.log_softmax)]:
            yield (f"{name}-axis{axis}", lambda x, f=f, axis=axis: f(x, dim=axis), dict(x=([2, 5, 4], 8.0, 0.0)), {},
                   dict(axis=axis))
    # A large offset: a softmax that does not subtract the maximum overflows, a norm that squares first loses digits.
    yield "softmax-large", lambda x: F.softmax(x, dim=-1), dict(x=([2, 6], 8.0, 1000.0)), {}, dict(axis=-1)
    affine = dict(x=([2, 3, 16], 4.0, 0.5), gain=([16], 0.4, 1.0), bias=([16], 0.4, 0.0))
    yield ("layer-norm", lambda x, gain, bias: F.layer_norm(x, [16], gain, bias, 1e-5), affine, {},
           dict(epsilon=1e-5))
    yield ("layer-norm-plain", lambda x: F.layer_norm(x, [16], eps=1e-5), dict(x=([2, 3, 16], 4.0, 0.5)), {},
           dict(epsilon=1e-5))
    targets = (integers("cross-entropy.targets", 8) % 7).reshape(2, 4)
    partly = targets.clone()
    partly[0, 1] = partly[1, 3] = partly[1, 0] = IGNORED
    for name, ids, smoothing in [("", targets, 0.0), ("-ignored", partly, 0.0),
                                 ("-smoothed", targets, 0.1), ("-ignored-smoothed", partly, 0.1)]:
        yield (f"cross-entropy{name}",
               lambda logits, targets, smoothing=smoothing: F.cross_entropy(
                   logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, label_smoothing=smoothing),
               dict(logits=([2, 4, 7], 6.0, 0.0)), dict(targets=ids),
               dict(ignored=IGNORED, labelSmoothing=smoothing, reduction="mean"))
    ids = integers("embedding.ids", 10) % 9
    ids[3] = ids[0]  # a row used twice: its gradients add
    yield ("embedding", lambda table, ids: F.embedding(ids, table), dict(table=([9, 6], 2.0, 0.0)),
           dict(ids=ids.reshape(2, 5)), {})
    heads = {name: ([2, 3, 5, 4], 4.0, 0.0) for name in ["query", "key", "value"]}
    for causal in [True, False]:
        yield (f"attention-{'causal' if causal else 'full'}",
               lambda query, key, value, causal=causal: F.scaled_dot_product_attention(
                   query, key, value, is_causal=causal),
               heads, {}, dict(causal=causal, scale=0.5))


def run(name, function, inputs, integer_inputs, options):
    specifications, tensors = {}, {}
    for key, (shape, scale, offset) in inputs.items():
        seed = f"{name}.{key}"
        specifications[key] = dict(seed=seed, shape=shape, offset=offset, scale=scale)
        tensors[key] = values(seed, shape, scale, offset).double().requires_grad_()
    y = function(**tensors, **integer_inputs)
    weight = values(f"{name}.weight", y.shape, 2.0).double() if y.dim() else torch.ones(())
    (y * weight).sum().backward()
    return dict(inputs=specifications, integers=integer_inputs, options=options, shape=list(y.shape),
                y=y.flatten(), gradients={key: t.grad.flatten() for key, t in tensors.items()})


def golden():
    return rounded(dict(madeBy="scripts/goldens/operations.py", versions=dict(torch=torch.__version__),
                        cases={case[0]: run(*case) for case in cases()}))


if __name__ == "__main__":
    main(FILE, golden, "single operations")
