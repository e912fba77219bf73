"""What an app ships: made, opened, checked, signed, placed in a project.

- `stage`: the bundle stage: one zip with everything an app needs to tag images as the recipe
  does.
- `result`: what the bundle stage leaves, and the manifest that lies in every bundle.
- `tables`: tables of what `edgetag bundle check` found.
- `android`: places a bundle in an Android project: assets, `Tags.kt`, and a list of what was
  written.
- `apk`: a finished Android app that has a bundle in it.
- `bill`: the bill of materials of a bundle, as CycloneDX.
- `checking`: replays a bundle: source pictures decoded anew, golden inputs run through every
  file.
- `given`: files that a user gives to be judged: `.tflite` files, bundles, ensembles of them.
- `golden_maps`: known heat maps of the golden inputs: `golden-maps.bin` in a bundle.
- `opening`: opens a bundle and checks that its parts fit each other, whoever made it.
- `pictures`: pictures to test devices with: read from a folder, refused where they cannot ship.
- `released`: what of a verdict is in a bundle, and reads it.
- `replay`: runs model files over golden inputs, each engine in a process of its own.
- `signing`: signatures of bundles by OpenSSF's model-signing, with a key file.
- `sources`: what a bundle takes from outside the run: golden pictures.
- `web`: a folder that any web server serves: a page that tags pictures by a bundle.
"""
