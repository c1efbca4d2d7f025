/* Digits drawn in the page, read by a network in the page. `parts.js` and `images.js` make
   images of the drawing, `network.js` reads them. */
"use strict";
(() => {
  const LONGER_SIDE = 280; // pixels of the picture that is read, whatever the screen has
  const PEN = 22; // of these: at a usual size, strokes of 2 of 28 pixels, about as MNIST's

  const data = JSON.parse(document.getElementById("draw-data").textContent);
  const { shape } = data.network;
  const { buildNetwork, decodeBytes } = digitNetwork;
  const probabilities = buildNetwork(data.network);
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

  /* Each digit of a picture: its image, and the number that it is part of. */
  function findDigits(ink) {
    return digitParts
      .findParts(ink, data.preparation)
      .map((part) => ({ image: prepareDigit(part, shape, data.preparation), number: part.number }));
  }

  /* Whether there is hardly any background left, from which a digit could stand out. */
  const isFull = ({ levels }) => 2 * levels.filter((level) => level > 127).length > levels.length;

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

  /* Images of the network's shape, side by side. */
  function paintImages(target, images) {
    [target.height, target.width] = [shape[0], shape[1] * images.length];
    images.forEach((image, place) => {
      const pixels = Uint8ClampedArray.from({ length: 4 * image.length }, (_, index) =>
        index % 4 === 3 ? 255 : image[index >> 2],
      );
      const painted = new ImageData(pixels, shape[1], shape[0]);
      target.getContext("2d").putImageData(painted, place * shape[1], 0);
    });
  }

  function paintCanvas() {
    const ratio = window.devicePixelRatio;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    const context = canvas.getContext("2d");
    context.scale(canvas.width / size.width, canvas.height / size.height);
    if (example) {
      const image = document.createElement("canvas");
      paintImages(image, [example.image]);
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

  /* What there is to read, each with its digits from the most probable. */
  function read() {
    const picture = rasterise();
    const found = isFull(picture) ? [] : findDigits(picture);
    return (example ? [{ image: example.image, number: 0 }] : found).map((digit) => {
      const shares = probabilities(digit.image);
      return { ...digit, shares, order: [...shares.keys()].sort((a, b) => shares[b] - shares[a]) };
    });
  }

  const certainty = ({ shares, order }) => shares[order[0]];

  const barsLabel = element("bars-label").textContent;
  const between = data.names.every((name) => name.length === 1) ? "" : " ";

  /* The numbers that digits form, or whatever the classes are that stand side by side. */
  function write(digits) {
    const numbers = [];
    for (const { order, number } of digits) {
      numbers[number] = [...(numbers[number] ?? []), data.names[order[0]]];
    }
    return numbers.map((names) => names.join(between)).join(" ");
  }

  /* Shows what is drawn and what it is read as; gives the sentence that says so. Of several digits
     the bars and the probability are those of the least certain one. */
  function show() {
    const empty = !example && !strokes.length;
    const digits = read();
    const [least] = [...digits].sort((a, b) => certainty(a) - certainty(b));
    const several = digits.length > 1;
    paintCanvas();
    const nothing = new Uint8Array(shape[0] * shape[1]);
    paintImages(preview, digits.length ? digits.map(({ image }) => image) : [nothing]);
    preview.style.aspectRatio = `${preview.width} / ${preview.height}`;
    preview.style.width = `${several ? 14 : 7}rem`;
    element("hint").hidden = !empty;
    element("app").classList.toggle("draw-empty", !least);
    const written = least ? write(digits) : "–";
    element("digit").textContent = written;
    element("digit").style.fontSize = `${Math.max(10 / (1 + written.length), 1.2)}rem`;
    element("share").textContent = least
      ? `${several ? "at least " : ""}${percent(certainty(least))}`
      : "";
    element("bars-label").textContent = several
      ? `${barsLabel}, where it is least certain: ${data.names[least.order[0]]}`
      : barsLabel;
    bars.forEach(({ bar, fill, share }, digit) => {
      bar.classList.toggle("first", Boolean(least) && digit === least.order[0]);
      fill.style.width = `${least ? 100 * least.shares[digit] : 0}%`;
      share.textContent = least ? percent(least.shares[digit]) : "–";
    });
    if (empty) return "Nothing is drawn yet.";
    if (!least) return "Nothing stands out from the background.";
    const named = ({ shares, order }, place) =>
      `${data.names[order[place]]} (${percent(shares[order[place]])})`;
    const firsts = digits.map((digit) => named(digit, 0)).join(", ");
    if (several) return `The network reads ${firsts}.`;
    const found = `The network reads ${firsts}, after that ${named(least, 1)}.`;
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
  window.digitReader = { probabilities, findDigits, picture: rasterise };
})();
