"""Random changes to training images, as a pure function of uniform draws.

The draws come from outside, by position in the training stream, so the same image is changed the
same way whichever worker reads it and however often a killed run is resumed.
"""

from edgetag.recipe import AugmentSection
from edgetag.tf import tf

DRAWS = 7
"""Uniform numbers that one image takes: flip, size, top, left, brightness, contrast, saturation."""

LUMA = (0.299, 0.587, 0.114)
"""Weights of R, G and B in grey, ITU-R BT.601."""


def augment(images: tf.Tensor, draws: tf.Tensor, settings: AugmentSection) -> tf.Tensor:
    """Mirror, crop and recolour a batch.

    Images are uint8 `[batch, size, size, 3]`, `draws` float32 `[batch, DRAWS]`, uniform in
    0..1.

    Returns:
        float32 of the same shape, in 0..255.
    """
    flip, share, top, left, brightness, contrast, saturation = tf.unstack(draws, DRAWS, axis=1)
    images = _flip_and_crop(images, flip, share, top, left, settings)
    if not settings.color:
        return images

    brighter, sharper, purer = (
        1 + settings.color * (2 * draw - 1) for draw in (brightness, contrast, saturation)
    )
    return _recolor(images, brighter, sharper, purer)


def _recolor(images: tf.Tensor, b: tf.Tensor, c: tf.Tensor, s: tf.Tensor) -> tf.Tensor:
    """Change brightness by b, contrast about the mean by c, saturation about grey by s.

    The three in a row are x → s·y + (1 − s)·grey(y) with y = b·mean + c·(b·x − b·mean), which is
    one matrix and one offset per image: a third of the time of one after the other.
    """
    count, height, width, channels = images.shape
    pixels = tf.reshape(images, (count, height * width, channels))
    mean = tf.reduce_mean(pixels, axis=(1, 2))
    grey = tf.constant(LUMA)[None, :, None] * tf.ones((1, 1, channels))
    s = s[:, None, None]
    matrix = (b * c)[:, None, None] * (s * tf.eye(channels) + (1 - s) * grey)
    pixels = tf.matmul(pixels, matrix) + (b * mean * (1 - c))[:, None, None]
    return tf.reshape(tf.clip_by_value(pixels, 0.0, 255.0), images.shape)


def _flip_and_crop(
    images: tf.Tensor,
    flip: tf.Tensor,
    share: tf.Tensor,
    top: tf.Tensor,
    left: tf.Tensor,
    settings: AugmentSection,
) -> tf.Tensor:
    mirrored = flip < 0.5
    if not settings.crop:
        images = tf.cast(images, tf.float32)
        if not settings.flip:
            return images
        return tf.where(mirrored[:, None, None, None], images[:, :, ::-1], images)
    kept = 1 - settings.crop * share
    y0, x0 = top * (1 - kept), left * (1 - kept)
    y1, x1 = y0 + kept, x0 + kept
    if settings.flip:  # a box with its sides swapped reads mirrored
        x0, x1 = tf.where(mirrored, x1, x0), tf.where(mirrored, x0, x1)
    count, height, width, _ = images.shape  # known: the optimizer warns about unknown shapes
    boxes = tf.stack([y0, x0, y1, x1], axis=1)
    return tf.image.crop_and_resize(images, boxes, tf.range(count), (height, width))
