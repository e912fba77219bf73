"""Labels that look wrong: what a network sees in pictures, held against their labels.

- `settings`: what judges labels unless something else is asked for.
- `features`: what a network sees in each picture: the features that its head reads.
- `held_out`: what heads say of pictures that they never saw, and which labels look wrong by that.
- `asking`: which pictures to ask people about, for training to learn most.
- `leaving_out`: which labels training leaves out, as they look wrong.
"""
