/* The digits of a drawing: connected ink, broken strokes joined, in reading order.

   It follows `inference/parts.py`. Ink is {levels, width, height}: 0 (none) to 255, row by row. */
"use strict";
const digitParts = (() => {
  const sumOf = (values) => values.reduce((total, value) => total + value, 0);

  /* The grey level of the darkest tenth of the ink. */
  function inkLevel(levels) {
    const weights = new Float64Array(256);
    for (const level of levels) weights[level] += level;
    const wanted = 0.9 * sumOf(weights);
    let [level, sum] = [0, 0];
    while (sum < wanted) {
      level += 1;
      sum += weights[level];
    }
    return level;
  }

  /* Connected pieces: a label for each pixel, 0 where there is no ink, and where each piece is. */
  function label({ levels, width, height }, least) {
    const labels = new Uint16Array(levels.length);
    const pieces = [];
    levels.forEach((level, start) => {
      if (level <= least || labels[start]) return;
      const name = pieces.length + 1;
      const piece = { name, size: 0, top: height, left: width, bottom: 0, right: 0 };
      const waiting = [start];
      labels[start] = name;
      while (waiting.length) {
        const index = waiting.pop();
        const [y, x] = [Math.floor(index / width), index % width];
        piece.size += 1;
        [piece.top, piece.bottom] = [Math.min(piece.top, y), Math.max(piece.bottom, y + 1)];
        [piece.left, piece.right] = [Math.min(piece.left, x), Math.max(piece.right, x + 1)];
        for (let v = Math.max(y - 1, 0); v <= Math.min(y + 1, height - 1); v += 1) {
          for (let u = Math.max(x - 1, 0); u <= Math.min(x + 1, width - 1); u += 1) {
            const next = v * width + u;
            if (levels[next] <= least || labels[next]) continue;
            labels[next] = name;
            waiting.push(next);
          }
        }
      }
      pieces.push(piece);
    });
    return { labels, pieces };
  }

  /* Whether two pieces are strokes of one digit. */
  function belongTogether(a, b, rules) {
    const sides = [a, b].map((p) => Math.max(p.bottom - p.top, p.right - p.left));
    const [smaller, larger] = [Math.min(...sides), Math.max(...sides)];
    const downwards = Math.max(a.top, b.top) - Math.min(a.bottom, b.bottom);
    const sidewards = Math.max(a.left, b.left) - Math.min(a.right, b.right);
    const [down, right] = [downwards / larger, sidewards / larger];
    const narrower = Math.min(a.right - a.left, b.right - b.left);
    const lower = Math.min(a.bottom - a.top, b.bottom - b.top);
    const above = -sidewards >= rules.shared * narrower;
    const beside = -downwards >= rules.shared * lower;
    if (!beside && right <= rules.near && down <= rules.near) return true;
    if (smaller >= rules.smaller * larger) return false;
    return (right <= rules.beside && down <= rules.near) || (above && down <= rules.above);
  }

  /* Pieces in groups, one for each digit. */
  function group(pieces, rules) {
    let groups = [];
    for (const piece of pieces) {
      const belonging = (members) => members.some((member) => belongTogether(member, piece, rules));
      const joined = groups.filter(belonging);
      const others = groups.filter((members) => !joined.includes(members));
      groups = [...others, [...joined.flat(), piece]];
    }
    const first = (members) => Math.min(...members.map((piece) => piece.name));
    return groups.sort((a, b) => first(a) - first(b));
  }

  /* A group's ink alone. */
  function cut({ levels, width }, labels, members) {
    const [top, left] = ["top", "left"].map((edge) => Math.min(...members.map((p) => p[edge])));
    const [bottom, right] = ["bottom", "right"].map((edge) =>
      Math.max(...members.map((p) => p[edge])),
    );
    const names = new Set([0, ...members.map((p) => p.name)]);
    const part = { top, left, width: right - left, height: bottom - top };
    part.levels = Uint8Array.from({ length: part.width * part.height }, (_, index) => {
      const place =
        (top + Math.floor(index / part.width)) * width + left + (index % part.width);
      return names.has(labels[place]) ? levels[place] : 0;
    });
    return part;
  }

  /* Lines from the top, parts from the left; `number` counts what stands together. */
  function inReadingOrder(parts, rules) {
    const lines = [];
    const middle = (part) => part.top + part.height / 2;
    for (const part of [...parts].sort((a, b) => middle(a) - middle(b))) {
      const last = lines.at(-1)?.at(-1);
      const common =
        last &&
        Math.min(last.top + last.height, part.top + part.height) - Math.max(last.top, part.top);
      if (last && common / Math.min(last.height, part.height) >= rules.same_line) {
        lines.at(-1).push(part);
      } else {
        lines.push([part]);
      }
    }
    let number = -1;
    return lines.flatMap((line) => {
      const height = Math.max(...line.map((part) => part.height));
      let end = -Infinity;
      return line
        .sort((a, b) => a.left - b.left)
        .map((part) => {
          number += part.left - end > rules.next_number * height;
          end = Math.max(end, part.left + part.width);
          return { ...part, number };
        });
    });
  }

  function findParts(ink, rules) {
    const level = inkLevel(ink.levels);
    if (level < rules.least_contrast) return [];
    const { labels, pieces } = label(ink, rules.faint * level);
    const least = rules.speck * Math.max(...pieces.map((piece) => piece.size));
    const groups = group(pieces.filter((piece) => piece.size >= least), rules);
    const parts = groups.map((members) => cut(ink, labels, members));
    const large = parts.filter((part) => Math.max(part.width, part.height) >= rules.least_side);
    return inReadingOrder(large, rules);
  }

  return { findParts, inkLevel };
})();
