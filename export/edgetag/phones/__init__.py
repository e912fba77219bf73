"""Files on real phones: latency by Google's benchmark_model, scores by a runner of the user's."""
