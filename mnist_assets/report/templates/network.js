/* A trained network, run in the page. The numbers come from `report/page_network.py`. */
"use strict";
const digitNetwork = (() => {
  const decodeBytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  function decodeFloats(text) {
    const view = new DataView(decodeBytes(text).buffer);
    const littleEndian = true;
    return Float32Array.from({ length: view.byteLength / 4 }, (_, index) =>
      view.getFloat32(4 * index, littleEndian),
    );
  }

  /* The error function by a series of positive terms, which loses no digits:
     2 / sqrt(pi) exp(-x^2) sum of 2^n x^(2n+1) / (1 * 3 * ... * (2n+1)). */
  function erf(x) {
    if (Math.abs(x) > 6) return Math.sign(x); // nearer to 1 than a double can tell
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n += 1) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }

  const sigmoid = (x) => 1 / (1 + Math.exp(-x));
  const elu = (x) => (x > 0 ? x : Math.expm1(x));

  // Keras's, with its constants.
  const ACTIVATIONS = {
    linear: (x) => x,
    relu: (x) => Math.max(x, 0),
    elu,
    selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
    gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
    silu: (x) => x * sigmoid(x),
    tanh: Math.tanh,
    sigmoid,
  };

  function softmax(values) {
    const highest = Math.max(...values); // taken off, so that no exponential overflows
    const powers = values.map((value) => Math.exp(value - highest));
    const sum = powers.reduce((total, power) => total + power);
    return powers.map((power) => power / sum);
  }

  const LAYERS = {
    normalization: ({ mean, std }) => {
      const [means, stds] = [decodeFloats(mean), decodeFloats(std)];
      return (inputs) => inputs.map((value, index) => (value - means[index]) / stds[index]);
    },
    scale: ({ scale, shift }) => {
      const [factors, summands] = [decodeFloats(scale), decodeFloats(shift)];
      return (inputs) => inputs.map((value, index) => value * factors[index] + summands[index]);
    },
    dense: ({ units, activation, kernel, bias }) => {
      const [weights, biases] = [decodeFloats(kernel), decodeFloats(bias)];
      return (inputs) => {
        const outputs = Float64Array.from(biases);
        inputs.forEach((value, row) => {
          for (let unit = 0; unit < units; unit += 1) {
            outputs[unit] += value * weights[row * units + unit];
          }
        });
        return activation === "softmax" ? softmax(outputs) : outputs.map(ACTIVATIONS[activation]);
      };
    },
  };

  /* Gives the function from the pixels of an image to the probabilities of the classes. */
  function buildNetwork({ layers }) {
    const steps = layers.map((layer) => LAYERS[layer.kind](layer));
    return (pixels) =>
      Array.from(steps.reduce((values, step) => step(values), Float64Array.from(pixels)));
  }

  return { buildNetwork, decodeBytes };
})();
