/* A digit drawn in the page, read by a network in the page.

   The numbers come from `steps/page_network.py`. `prepare` follows `steps/digits.py` line by line,
   rounding included, so that a drawing becomes the same image here and in the graph. A picture is
   {levels, width, height}: grey levels 0 (black) to 255 row by row. */
"use strict";
(() => {
  // --- the network ---

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

  // --- a drawing made like the images that the network knows ---

  /* Python's `round`: halves go to the even neighbour. */
  function roundEven(x) {
    const below = Math.floor(x);
    if (x - below !== 0.5) return Math.round(x);
    return below % 2 ? below + 1 : below;
  }

  function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  const sumOf = (values) => values.reduce((total, value) => total + value, 0);

  /* How far each pixel is from the background, 0 where it is no ink. */
  function findInk({ levels, width, height }, rules) {
    const border = [];
    for (let x = 0; x < width; x += 1) border.push(levels[x], levels[(height - 1) * width + x]);
    for (let y = 1; y < height - 1; y += 1) {
      border.push(levels[y * width], levels[(y + 1) * width - 1]);
    }
    const background = Math.trunc(median(border));
    const deviations = border.map((level) => Math.abs(level - background));
    const noise = rules.noise * 1.4826 * median(deviations);
    const difference = Int16Array.from(levels, (level) =>
      Math.abs(level - background) <= noise ? 0 : level - background,
    );
    const sign = sumOf(difference) < 0 ? -1 : 1; // dark on light is turned round
    return { levels: Uint8Array.from(difference, (d) => Math.max(sign * d, 0)), width, height };
  }

  /* The first and last run of inked lines that is more than a speck, as [start, end]. */
  function findExtent(counts, rules) {
    const runs = [];
    counts.forEach((count, line) => {
      if (!count) return;
      if (!line || !counts[line - 1]) runs.push({ start: line, ink: 0 });
      Object.assign(runs.at(-1), { end: line + 1, ink: runs.at(-1).ink + count });
    });
    const least = rules.speck * sumOf(counts);
    const kept = runs.filter((run) => run.ink >= least);
    return kept.length ? [kept[0].start, kept.at(-1).end] : null;
  }

  /* The digit alone, or null where there is none. */
  function cutOut(ink, rules) {
    const { levels, width, height } = ink;
    const weights = new Float64Array(256);
    for (const level of levels) weights[level] += level;
    const wanted = 0.9 * sumOf(weights);
    let [level, sum] = [0, 0];
    while (sum < wanted) {
      level += 1;
      sum += weights[level];
    }
    if (level < rules.least_contrast) return null;

    const inked = (x, y) => levels[y * width + x] > rules.faint * level;
    const countRows = ([left, right]) =>
      Array.from({ length: height }, (_, y) => {
        let count = 0;
        for (let x = left; x < right; x += 1) count += inked(x, y);
        return count;
      });
    const countColumns = ([top, bottom]) =>
      Array.from({ length: width }, (_, x) => {
        let count = 0;
        for (let y = top; y < bottom; y += 1) count += inked(x, y);
        return count;
      });
    let rows = findExtent(countRows([0, width]), rules);
    let columns = rows && findExtent(countColumns(rows), rules);
    rows = columns && findExtent(countRows(columns), rules);
    columns = rows && findExtent(countColumns(rows), rules);
    if (!columns) return null;

    const [[top, bottom], [left, right]] = [rows, columns];
    if (Math.max(bottom - top, right - left) < rules.least_side) return null;
    const cut = new Uint8Array((bottom - top) * (right - left));
    for (let y = top; y < bottom; y += 1) {
      cut.set(levels.subarray(y * width + left, y * width + right), (y - top) * (right - left));
    }
    return { levels: cut, width: right - left, height: bottom - top };
  }

  /* Pillow's filter HAMMING, whose two constants are single precision. */
  function hamming(x) {
    if (x === 0) return 1;
    if (Math.abs(x) >= 1) return 0;
    const angle = Math.abs(x) * Math.PI;
    const window = Math.fround(0.54) + Math.fround(0.46) * Math.cos(angle);
    return (Math.sin(angle) / angle) * window;
  }

  /* Pillow's weights for each pixel of a line resized: where they begin, and what they are. */
  function resizingWeights(from, to) {
    const scale = from / to;
    const support = Math.max(scale, 1);
    return Array.from({ length: to }, (_, index) => {
      const centre = (index + 0.5) * scale;
      const first = Math.max(Math.trunc(centre - support + 0.5), 0);
      const last = Math.min(Math.trunc(centre + support + 0.5), from);
      const weights = Array.from({ length: last - first }, (_, step) =>
        hamming((step + first - centre + 0.5) * (1 / support)),
      );
      const sum = sumOf(weights);
      return { first, weights: weights.map((weight) => weight / sum) };
    });
  }

  /* Pillow's resizing of float pictures: along rows, then along columns, each result a float. */
  function resample({ levels, width, height }, toWidth, toHeight) {
    const weigh = (values, start, stride, weights) => {
      let sum = 0;
      weights.forEach((weight, step) => {
        sum += values[start + step * stride] * weight;
      });
      return sum;
    };
    const narrow = new Float32Array(toWidth * height);
    resizingWeights(width, toWidth).forEach(({ first, weights }, x) => {
      for (let y = 0; y < height; y += 1) {
        narrow[y * toWidth + x] = weigh(levels, y * width + first, 1, weights);
      }
    });
    const resized = new Float32Array(toWidth * toHeight);
    resizingWeights(height, toHeight).forEach(({ first, weights }, y) => {
      for (let x = 0; x < toWidth; x += 1) {
        resized[y * toWidth + x] = weigh(narrow, first * toWidth + x, toWidth, weights);
      }
    });
    return resized;
  }

  /* The digit made to fit the box, its lightest pixel 255. */
  function fitBox(digit, shape, rules) {
    const scale = Math.min(
      roundEven(rules.box * shape[0]) / digit.height,
      roundEven(rules.box * shape[1]) / digit.width,
    );
    const width = Math.max(1, roundEven(digit.width * scale));
    const height = Math.max(1, roundEven(digit.height * scale));
    const resized = resample(digit, width, height);
    const factor = Math.fround(255 / resized.reduce((a, b) => Math.max(a, b)));
    const levels = Uint8Array.from(resized, (level) =>
      Math.trunc(Math.fround(Math.fround(level * factor) + 0.5)),
    );
    return { levels, width, height };
  }

  /* Where along one axis the centre of mass is in the middle, or as near to it as fits. */
  function findStart(masses, length) {
    const centre = sumOf(masses.map((mass, index) => mass * index)) / sumOf(masses);
    const start = roundEven(length / 2 - centre);
    return Math.min(Math.max(start, 0), length - masses.length);
  }

  /* An image of `shape` (height, width), or null where the picture shows no digit. */
  function prepare(picture, shape, rules) {
    const digit = cutOut(findInk(picture, rules), rules);
    if (!digit) return null;
    const { levels, width, height } = fitBox(digit, shape, rules);
    const rows = new Array(height).fill(0);
    const columns = new Array(width).fill(0);
    levels.forEach((level, index) => {
      rows[Math.floor(index / width)] += level;
      columns[index % width] += level;
    });
    const [top, left] = [findStart(rows, shape[0]), findStart(columns, shape[1])];
    const image = new Uint8Array(shape[0] * shape[1]);
    for (let y = 0; y < height; y += 1) {
      image.set(levels.subarray(y * width, (y + 1) * width), (top + y) * shape[1] + left);
    }
    return image;
  }

  // --- the drawing ---

  const LONGER_SIDE = 280; // pixels of the picture that is read, whatever the screen has
  const PEN = 22; // of these: at a usual size, strokes of 2 of 28 pixels, about as MNIST's

  const data = JSON.parse(document.getElementById("draw-data").textContent);
  const { shape } = data.network;
  const probabilities = buildNetwork(data.network);
  const prepared = (picture) => prepare(picture, shape, data.preparation);
  const unit = LONGER_SIDE / Math.max(...shape);
  const size = { width: Math.round(shape[1] * unit), height: Math.round(shape[0] * unit) };

  let strokes = []; // each a list of points in pixels of the picture
  let example = null; // shown instead of strokes
  let drawing = null; // the pointer that is down

  /* The strokes as a picture. The canvas is not read back: browsers that guard against being
     recognised return noise. A pixel is as light as the part of it, about, that the pen covers. */
  function rasterise() {
    const { width, height } = size;
    const levels = new Uint8Array(width * height);
    const radius = PEN / 2;
    for (const stroke of strokes) {
      stroke.forEach(([x1, y1], index) => {
        const [x0, y0] = stroke[Math.max(index - 1, 0)];
        const [dx, dy] = [x1 - x0, y1 - y0];
        const length = dx * dx + dy * dy;
        const left = Math.max(Math.floor(Math.min(x0, x1) - radius - 1), 0);
        const right = Math.min(Math.ceil(Math.max(x0, x1) + radius + 1), width);
        const top = Math.max(Math.floor(Math.min(y0, y1) - radius - 1), 0);
        const bottom = Math.min(Math.ceil(Math.max(y0, y1) + radius + 1), height);
        for (let y = top; y < bottom; y += 1) {
          for (let x = left; x < right; x += 1) {
            const [px, py] = [x + 0.5 - x0, y + 0.5 - y0]; // from the segment's start
            const along = length ? Math.min(Math.max((px * dx + py * dy) / length, 0), 1) : 0;
            const distance = Math.sqrt((px - along * dx) ** 2 + (py - along * dy) ** 2);
            const level = 255 * Math.min(Math.max(radius + 0.5 - distance, 0), 1);
            if (level > levels[y * width + x]) levels[y * width + x] = level;
          }
        }
      });
    }
    return { levels, ...size };
  }

  // --- what is shown ---

  const element = (name) => document.getElementById(`draw-${name}`);
  const canvas = element("canvas");
  const preview = element("preview");
  const bars = [...element("bars").children].map((bar) => ({
    bar,
    fill: bar.querySelector("i"),
    share: bar.querySelector("b"),
  }));

  function percent(share) {
    const written = (100 * share).toFixed(1);
    return `${share < 1 && written === "100.0" ? ">\u00a099.9" : written}\u00a0%`;
  }

  function paintImage(target, image) {
    [target.height, target.width] = shape;
    const pixels = Uint8ClampedArray.from({ length: 4 * image.length }, (_, index) =>
      index % 4 === 3 ? 255 : image[index >> 2],
    );
    target.getContext("2d").putImageData(new ImageData(pixels, shape[1], shape[0]), 0, 0);
  }

  function paintCanvas() {
    const ratio = window.devicePixelRatio;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    const context = canvas.getContext("2d");
    context.scale(canvas.width / size.width, canvas.height / size.height);
    if (example) {
      const image = document.createElement("canvas");
      paintImage(image, example.image);
      context.imageSmoothingEnabled = false;
      context.drawImage(image, 0, 0, size.width, size.height);
      return;
    }
    Object.assign(context, { lineWidth: PEN, lineCap: "round", lineJoin: "round" });
    context.strokeStyle = context.fillStyle = "#fff";
    for (const stroke of strokes) {
      context.beginPath();
      context.arc(...stroke[0], PEN / 2, 0, 2 * Math.PI);
      context.fill();
      context.beginPath();
      stroke.forEach((point) => context.lineTo(...point));
      context.stroke();
    }
  }

  /* Shows what is drawn and what it is read as; gives the sentence that says so. */
  function show() {
    const empty = !example && !strokes.length;
    const image = example ? example.image : empty ? null : prepared(rasterise());
    const shares = image && probabilities(image);
    const order = shares && [...shares.keys()].sort((a, b) => shares[b] - shares[a]);
    paintCanvas();
    paintImage(preview, image ?? new Uint8Array(shape[0] * shape[1]));
    element("hint").hidden = !empty;
    element("app").classList.toggle("draw-empty", !image);
    element("digit").textContent = image ? data.names[order[0]] : "–";
    element("share").textContent = image ? percent(shares[order[0]]) : "";
    bars.forEach(({ bar, fill, share }, digit) => {
      bar.classList.toggle("first", Boolean(image) && digit === order[0]);
      fill.style.width = `${image ? 100 * shares[digit] : 0}%`;
      share.textContent = image ? percent(shares[digit]) : "–";
    });
    if (empty) return "Nothing is drawn yet.";
    if (!image) return "Nothing stands out from the background.";
    const [first, second] = order.map((digit) => `${data.names[digit]} (${percent(shares[digit])})`);
    const found = `The network reads ${first}, after that ${second}.`;
    return example ? `${found} It is a test image of ${data.names[example.digit]}.` : found;
  }

  let frame = 0; // while drawing, shown once a frame, however many points there are
  const showSoon = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      show();
    });
  };
  /* Said only when something is finished: a screen reader would never get to the end of it. */
  function finish() {
    drawing = null;
    element("status").textContent = show();
  }

  // --- what one does ---

  function pointOf({ clientX, clientY }) {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [((clientX - left) / width) * size.width, ((clientY - top) / height) * size.height];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (drawing !== null || event.button !== 0) return;
    drawing = event.pointerId;
    example = null;
    strokes.push([pointOf(event)]);
    showSoon();
  });
  // On the window: a stroke goes on, and ends, outside the canvas too.
  window.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawing) return;
    if (!event.buttons) {
      finish(); // released outside the window
      return;
    }
    const between = event.getCoalescedEvents?.() ?? []; // points since the last frame
    strokes.at(-1).push(...(between.length ? between : [event]).map(pointOf));
    showSoon();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    window.addEventListener(end, (event) => {
      if (event.pointerId === drawing) finish();
    });
  }

  element("undo").addEventListener("click", () => {
    if (!example) strokes.pop();
    example = null;
    finish();
  });
  element("clear").addEventListener("click", () => {
    strokes = [];
    example = null;
    finish();
  });
  [...element("examples").querySelectorAll("button")].forEach((button, index) => {
    const { digit, pixels } = data.examples[index];
    button.addEventListener("click", () => {
      strokes = [];
      example = { digit, image: decodeBytes(pixels) };
      finish();
    });
  });

  element("app").hidden = false;
  new ResizeObserver(paintCanvas).observe(canvas);
  show();

  // For tests, and for whoever opens the browser's console.
  window.digitReader = { probabilities, prepare: prepared, picture: rasterise };
})();
