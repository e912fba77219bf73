"""Latency, load time, memory and size of every file.

- `stage`: the bench stage: every exported file on every runtime with every number of threads.
- `result`: what the bench stage leaves: latency, load time, memory and size, and the budgets on
  them.
- `tables`: tables of latencies: one benchmark, two side by side, all of them over time.
- `budgets`: holds what was measured against the recipe's limits on latency, size and memory.
- `compare`: two benchmarks of the same kind of machine side by side: ratios with intervals, and a
  gate.
- `conditions`: what the machine is like while it is timed: load and frequency.
- `current`: what `bench/bench.json` says of the files as they are now, by the limits of now.
- `figures`: from the times of one file to the figure that is shown and judged.
- `history`: every benchmark of a run folder over time, in a small SQLite file.
- `latency`: percentiles of latencies with intervals, and ratios of those taken in turns.
- `measure`: measures files on one runtime with one number of threads, whatever the files do.
"""
