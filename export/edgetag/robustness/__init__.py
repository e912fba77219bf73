"""How far a network and its files fall when pictures are changed on purpose.

- `stage`: test pictures attacked by gradients of the float network, scored by every file.
- `result`: what `edgetag robustness` leaves: what attacks and noise cost each file.
- `current`: what its result says of the files as they are now, by the labels of now.
- `tables`: tables of what attacks cost, over all and tag by tag.
"""
