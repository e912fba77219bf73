// Scale and zero point of a tensor, read from the .tflite file: the WebAssembly build does not
// tell them. The numbers are places in the tables of TensorFlow Lite's schema.fbs. The file may be
// damaged: every read is checked by DataView, which throws a RangeError.

const MODEL_SUBGRAPHS = 2;
const SUBGRAPH_TENSORS = 0;
const TENSOR_QUANTIZATION = 4;
const QUANTIZATION_SCALE = 2;
const QUANTIZATION_ZERO_POINT = 3;

/**
 * Return how a tensor of subgraph 0 is quantized.
 *
 * @param {Uint8Array} bytes The whole file.
 * @param {number} id Number of the tensor.
 * @return {{scale: number, zeroPoint: number}} Zeros where it is not.
 * @throws {RangeError} The file is damaged.
 */
export function quantization(bytes, id) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const graph = element(view, vector(view, target(view, 0), MODEL_SUBGRAPHS), 0);
  const tensor = element(view, vector(view, graph, SUBGRAPH_TENSORS), id);
  const place = field(view, tensor, TENSOR_QUANTIZATION);
  const none = {scale: 0, zeroPoint: 0};
  if (place === 0) return none;
  const table = target(view, place);
  const scales = vector(view, table, QUANTIZATION_SCALE);
  const zeroPoints = vector(view, table, QUANTIZATION_ZERO_POINT);
  if (scales.length === 0) return none;
  const scale = view.getFloat32(scales.start, true);
  const zeroPoint =
      zeroPoints.length ? Number(view.getBigInt64(zeroPoints.start, true)) : 0;
  return {scale, zeroPoint};
}

/** Return what the offset at `position` points to. */
function target(view, position) {
  return position + view.getUint32(position, true);
}

/** Return where a field of a table lies, 0 where the table has none. */
function field(view, table, number) {
  const layout = table - view.getInt32(table, true);
  const place = 4 + 2 * number;
  if (place >= view.getUint16(layout, true)) return 0;
  const offset = view.getUint16(layout + place, true);
  return offset === 0 ? 0 : table + offset;
}

/** Return a field that is a vector; of length 0 where the table has none. */
function vector(view, table, number) {
  const place = field(view, table, number);
  if (place === 0) return {start: 0, length: 0};
  const start = target(view, place);
  return {start: start + 4, length: view.getUint32(start, true)};
}

/** Return a table in a vector of tables. */
function element(view, tables, number) {
  if (number >= tables.length) throw new RangeError(`no element ${number}`);
  return target(view, tables.start + 4 * number);
}
