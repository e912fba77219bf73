"""The verbs of `edgetag` in the order of its help, each with its line there.

A verb is the file of its name beside this one, imported when it is called or its help is asked.
"""

VERBS = {
    "run": (
        "Build everything a recipe describes: data, training, compression, files, verdict, report."
    ),
    "data": "Check and build the data; fetch example sets.",
    "train": "Train the float network; goes on from the last finished epoch after a kill.",
    "prune": "Prune the trained network; pruned variants are made from it.",
    "narrow": "Make narrower networks of the trained one, faster and smaller (narrow/).",
    "quantize": "Train the quantized variants; see also quantize file, for a model of anybody's.",
    "export": "Convert to .tflite files with metadata and check each of them (export/).",
    "validate": "Compare every file with the float reference, tag by tag; see also validate plan.",
    "reference": (
        "Make reference scores by TensorFlow, ONNX Runtime or PyTorch, on the GPU or the CPU."
    ),
    "baseline": "Accept a state of a model, with a reason; validate then tells what moves from it.",
    "explain": (
        "Say why files drift: the layers to blame, and what an app's mistakes cost (explain/)."
    ),
    "bench": "Measure latency, load time and memory of every file.",
    "target": (
        "Run files on emulated ARM and on WebAssembly: set one up, compare scores, count "
        "instructions. Phones have verbs of their own: edgetag phone."
    ),
    "phone": (
        "Android phones over adb: which there are, their scores beside those here, their latency."
    ),
    "matrix": (
        "Show every exported file on every runtime: what loads, what agrees, at what cost "
        "(matrix/)."
    ),
    "study": (
        "Show files side by side: those of several trainings, or ours and what other tools make."
    ),
    "rescue": (
        "Keep the fewest layers in float that bring a failing variant inside its budget (rescue/)."
    ),
    "robustness": "Show how far tags fall when test pictures are attacked (robustness/).",
    "mine": "List what deserves a look: labels that look wrong, pictures that are hard (mine/).",
    "review": (
        "A page on which people correct labels; review export and review import take answers out "
        "and in."
    ),
    "loop": "Show what corrections changed between two runs, on the same test pictures.",
    "search": "Find the best network, size, channels and integers for given budgets (search/).",
    "report": (
        "Write the report (report/): what validate found, and explain and bench if they have run."
    ),
    "bundle": "Pack what an app ships; see also bundle check, sign, verify and android.",
    "ci": "Give a CI job all that it judges a model by.",
    "tag": "Tag pictures with a bundle: a row for each, with its scores, or why it cannot be read.",
    "screen": "Sort tagged pictures into folders by a rule; without --do nothing is touched.",
    "heatmap": "Draw over pictures where a tag is seen: the hotter, the more colour.",
    "mosaic": "Cover where tags are seen, by default the bundle's sensitive ones.",
    "crop": "Crop pictures to where tags are seen.",
    "serve": "Answer over HTTP: tags, heat maps, mosaics and crops of pictures.",
    "recipe": "Write, check and describe recipes.",
    "doctor": "Show what this machine has: runtimes, versions, CPU features, GPU, emulator, phone.",
}
