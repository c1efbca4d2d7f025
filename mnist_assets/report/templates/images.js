/* A digit's ink made into an image that the network knows.

   It follows `inference/digits.py` and `inference/strokes.py`, rounding included, so that a drawing
   becomes the same image here and in the graph. */
"use strict";
const prepareDigit = (() => {
  /* Python's `round`: halves go to the even neighbour. */
  function roundEven(x) {
    const below = Math.floor(x);
    if (x - below !== 0.5) return Math.round(x);
    return below % 2 ? below + 1 : below;
  }

  const sumOf = (values) => values.reduce((total, value) => total + value, 0);
  const maxOf = (values) => values.reduce((a, b) => Math.max(a, b));
  const range = (length) => Array.from({ length }, (_, index) => index);

  // --- strokes ---

  /* The ink as true or false, with a margin; `edge` is of the lightest level. */
  function inkedWithMargin({ levels, width, height }, margin, edge) {
    const least = Math.fround(Math.fround(edge) * maxOf(levels));
    const wide = width + 2 * margin;
    const inked = new Uint8Array(wide * (height + 2 * margin));
    levels.forEach((level, index) => {
      const [y, x] = [Math.floor(index / width), index % width];
      inked[(y + margin) * wide + x + margin] = level > least;
    });
    return { inked, width: wide, height: height + 2 * margin };
  }

  /* How far each pixel is from the nearest one of the other kind, for pixels of this `kind`. */
  function distances({ inked, width, height }, kind) {
    const down = new Float64Array(inked.length);
    const far = width + height;
    for (let x = 0; x < width; x += 1) {
      for (const rows of [range(height), range(height).reverse()]) {
        let steps = far;
        rows.forEach((y, order) => {
          const index = y * width + x;
          steps = inked[index] === kind ? steps + 1 : 0;
          down[index] = rows[0] === 0 ? steps : Math.min(down[index], steps);
        });
      }
    }
    return down.map((own, index) => {
      let nearest = own * own;
      const x = index % width;
      for (let step = 1; step * step < nearest; step += 1) {
        if (x >= step) nearest = Math.min(nearest, step * step + down[index - step] ** 2);
        if (x + step < width) nearest = Math.min(nearest, step * step + down[index + step] ** 2);
      }
      return Math.sqrt(nearest);
    });
  }

  /* How wide strokes are in their middle: the lower quartile. */
  function measureWidth(ink, rules) {
    const padded = inkedWithMargin(ink, 1, rules.edge);
    const { inked, width } = padded;
    const inside = distances(padded, 1);
    const around = [-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1];
    const middle = inside.filter(
      (distance, index) => inked[index] && around.every((step) => distance >= inside[index + step]),
    );
    middle.sort();
    const place = rules.quartile * (middle.length - 1);
    const [low, high] = [middle[Math.floor(place)], middle[Math.ceil(place)]];
    return 2 * (low + (high - low) * (place - Math.floor(place)) - 0.5);
  }

  /* Strokes widened or narrowed on both sides. */
  function setWidth(ink, measured, wanted, rules) {
    let growth = (wanted - measured) / 2;
    const padded = inkedWithMargin(ink, Math.ceil(Math.abs(growth)) + 1, rules.edge);
    const [inside, outside] = [distances(padded, 1), distances(padded, 0)];
    growth = Math.max(growth, 0.5 - maxOf(inside));
    const levels = Float32Array.from(padded.inked, (inked, index) => {
      const beyond = inked ? 0.5 - inside[index] : outside[index] - 0.5;
      return 255 * Math.min(Math.max(growth - beyond + 0.5, 0), 1);
    });
    const lit = range(levels.length).filter((index) => levels[index] > 0);
    const { width } = padded;
    const columns = lit.map((index) => index % width);
    const rows = lit.map((index) => Math.floor(index / width));
    const [left, top] = [Math.min(...columns), Math.min(...rows)];
    const [wide, high] = [Math.max(...columns) - left + 1, Math.max(...rows) - top + 1];
    const inner = Float32Array.from(
      { length: wide * high },
      (_, index) => levels[(top + Math.floor(index / wide)) * width + left + (index % wide)],
    );
    return { levels: inner, width: wide, height: high };
  }

  // --- the image ---

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

  /* Width and height that fill a box of `scale` times the shape's, in the same proportions. */
  function fit({ width, height }, shape, rules, scale) {
    const [down, right] = shape.map((length) => scale * roundEven(rules.box * length));
    const factor = Math.min(down / height, right / width);
    return [width, height].map((length) => Math.max(1, roundEven(length * factor)));
  }

  function withUsualStrokes(ink, shape, rules) {
    const level = digitParts.inkLevel(ink.levels);
    const even = { ...ink, levels: ink.levels.map((value) => Math.min(value, level)) };
    const [width, height] = fit(ink, shape, rules, rules.fine);
    const fine = { levels: resample(even, width, height), width, height };
    const longer = Math.max(width, height);
    const measured = measureWidth(fine, rules);
    if (rules.thinnest * longer <= measured && measured <= rules.thickest * longer) return ink;
    return setWidth(fine, measured, rules.usual * longer, rules);
  }

  /* The digit made to fit the box, its lightest pixel 255. */
  function fitBox(digit, shape, rules) {
    const [width, height] = fit(digit, shape, rules, 1);
    const resized = resample(digit, width, height);
    const factor = Math.fround(255 / maxOf(resized));
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

  /* A digit's ink as an image of `shape` (height, width). */
  function prepare(part, shape, rules) {
    const { levels, width, height } = fitBox(withUsualStrokes(part, shape, rules), shape, rules);
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

  return prepare;
})();
