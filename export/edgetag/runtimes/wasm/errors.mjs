// Why a file gives no scores.

/** The runtime cannot load or run the model; the message says why, in one line. */
export class Refused extends Error {}

/** The model runs, but what it gives are no scores. */
export class WrongOutput extends Error {}

/** Something other than the model is wrong, such as the image cache. */
export class BadInput extends Error {}
