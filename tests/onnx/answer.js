// Asks ONNX Runtime: answer.js MODEL.onnx < inputs. Inputs are a JSON array of rows of numbers, for a
// model that takes them as `features`, or an object of one array of rows a feature: strings, numbers or
// arrays of numbers. null is missing. Prints {"label": [...], "probabilities": [[...], ...]}.
const ort = require("onnxruntime-node");
const fs = require("fs");

function floats(rows, width) {
  const values = rows.flatMap((row) => row === null ? Array(width).fill(NaN) : row);
  return new ort.Tensor("float32", Float32Array.from(values.map((x) => x === null ? NaN : x)),
    [rows.length, width]);
}

function tensor(rows) {
  const first = rows.find((row) => row !== null);
  if (typeof first === "string")
    return new ort.Tensor("string", rows.map((x) => x ?? ""), [rows.length, 1]);
  return floats(rows, Array.isArray(first) ? first.length : 1);
}

async function main() {
  const inputs = JSON.parse(fs.readFileSync(0, "utf8"));
  const session = await ort.InferenceSession.create(process.argv[2]);
  const feeds = Array.isArray(inputs) ? { features: tensor(inputs) }
    : Object.fromEntries(Object.entries(inputs).map(([name, rows]) => [name, tensor(rows)]));
  const { label, probabilities } = await session.run(feeds);
  const width = probabilities.dims[1];
  const all = Array.from(probabilities.data);
  console.log(JSON.stringify({
    label: Array.from(label.data),
    probabilities: Array.from(label.data, (_, i) => all.slice(i * width, (i + 1) * width)),
  }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
