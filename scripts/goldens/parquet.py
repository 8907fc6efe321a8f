"""Writes test/goldens/records/*.parquet: small Parquet files as pyarrow writes them, in each usual compression.

Needs Python with `pyarrow`:
    python scripts/goldens/parquet.py            the files
    python scripts/goldens/parquet.py --check    compares their contents instead of writing
"""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(__file__).resolve().parents[2] / "test/goldens/records"

SUM = [{"role": "user", "content": "What is 2 + 2?"}, {"role": "assistant", "content": "4"}]
GREETING = [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "你好！\n有什么事？"}]

RECORDS = pa.table(
    {
        "id": pa.array(range(1, 8), pa.int64()),
        "messages": [SUM, GREETING + SUM, SUM, GREETING, SUM, SUM, GREETING],
        "score": pa.array([0.5 * i for i in range(1, 8)], pa.float64()),
        "note": [None, "注", None, "", "a", "b", None],
    }
)
LARGE = pa.table({"id": pa.array([2**53 - 1, 2**53 + 1], pa.int64())})


def files():
    for codec in ["snappy", "gzip", "zstd"]:
        yield f"{codec}.parquet", RECORDS, {"compression": codec, "row_group_size": 3}
    yield "large-integers.parquet", LARGE, {"compression": "none"}


FOLDER.mkdir(parents=True, exist_ok=True)
for name, table, options in files():
    if "--check" in sys.argv:
        assert pq.read_table(FOLDER / name).equals(table), name
    else:
        pq.write_table(table, FOLDER / name, **options)
print("equal" if "--check" in sys.argv else f"wrote {FOLDER}")
