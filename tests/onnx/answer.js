// Asks ONNX Runtime: answer.js MODEL.onnx < rows, where rows is a JSON array of rows of numbers, null
// for missing. Prints {"label": [...], "probabilities": [[...], ...]}.
const ort = require("onnxruntime-node");
const fs = require("fs");

async function main() {
  const rows = JSON.parse(fs.readFileSync(0, "utf8"));
  const session = await ort.InferenceSession.create(process.argv[2]);
  const values = Float32Array.from(rows.flat().map((x) => (x === null ? NaN : x)));
  const features = new ort.Tensor("float32", values, [rows.length, rows[0].length]);
  const { label, probabilities } = await session.run({ features });
  const width = probabilities.dims[1];
  const all = Array.from(probabilities.data);
  console.log(JSON.stringify({
    label: Array.from(label.data),
    probabilities: rows.map((_, i) => all.slice(i * width, (i + 1) * width)),
  }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
