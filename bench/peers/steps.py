"""
What the peers share: timing steps, and taking turns with another engine on stdin and stdout (README.md says how).
"""

import json
import statistics
import sys
import time


def timed(step, count):
    """Milliseconds of each of `count` steps, and the last one's loss."""
    milliseconds, loss = [], None
    for _ in range(count):
        start = time.perf_counter()
        loss = step()
        milliseconds.append((time.perf_counter() - start) * 1e3)
    return milliseconds, loss


def memory_mb(field):
    """VmHWM (peak) or VmRSS (now) of this process in MB of 2^20 bytes; None where there is no /proc."""
    try:
        with open("/proc/self/status") as status:
            return next(round(int(line.split()[1]) / 1024, 1) for line in status if line.startswith(field + ":"))
    except OSError:
        return None


def serve(step, facts):
    """Runs as many steps as each line of stdin says; prints their times, and at the end the facts."""
    print("ready", flush=True)
    for line in sys.stdin:
        milliseconds, loss = timed(step, int(line))
        print(json.dumps(dict(milliseconds=[round(t, 4) for t in milliseconds], loss=loss)), flush=True)
    print(json.dumps(facts | dict(peakMb=memory_mb("VmHWM"))), flush=True)


def measure(step, facts, count=20, flops=None):
    """Times `count` steps, of `flops` each where they are known, and prints one line of JSON."""
    milliseconds, loss = timed(step, count)
    p25, p50, p75 = statistics.quantiles(milliseconds, n=4, method="inclusive")
    times = dict(steps=count, medianMs=round(p50, 3), minMs=round(min(milliseconds), 3), p25Ms=round(p25, 3),
                 p75Ms=round(p75, 3), peakMb=memory_mb("VmHWM"), residentMb=memory_mb("VmRSS"), loss=loss)
    if flops:
        times["gflops"] = round(flops / p50 / 1e6, 1)
    print(json.dumps(facts | times))
