"""The float network on a desktop's engines, each in a process of its own; on the GPU or the CPU.

One file per engine, as `engine` says; which there are is in `catalogue.desktop`.

- `availability`: whether an engine is installed, and whether the name of a device is one.
- `job`: what the processes that score and time are told and what they answer.
- `nvidia`: what NVIDIA's driver tells of a GPU, by nvidia-ml-py.
- `scoring`: scores of the float network over rows of the image cache, by any engine.
- `tensorflow`: the float network under TensorFlow, from the weights that training left.
- `timer`: times an engine: `python -m edgetag.desktop.timer JOB.json`.
"""
