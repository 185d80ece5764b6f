// A log as text nodes with colours. Nothing of a log is ever read as HTML.

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const ESCAPE = /\x1b(?:\[([0-9;:?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[()][A-Z0-9]|[@-Z\\-_=>78])/g;

/** What a terminal would show of lines that rewrite themselves (progress bars) or hold control characters. */
function settleLines(text) {
  return text
    .split("\n")
    .map((line) => {
      const parts = line.replace(/\r+$/, "").split("\r");
      return parts[parts.length - 1];
    })
    .join("\n")
    .replace(/[^\n]\x08/g, "")
    .replace(/[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]/g, "");
}

/** A colour of the 256-colour table, as CSS. */
function paletteColour(index) {
  if (index < 16) return { name: (index > 7 ? "bright-" : "") + COLOURS[index % 8] };
  if (index > 231) return { css: `rgb(${Array(3).fill(8 + (index - 232) * 10)})` };
  const level = (step) => (step ? 55 + step * 40 : 0);
  const n = index - 16;
  return { css: `rgb(${[Math.floor(n / 36), Math.floor(n / 6) % 6, n % 6].map(level)})` };
}

/** Apply one "select graphic rendition" to a style. */
function select(style, parameters) {
  const codes = parameters.split(/[;:]/).map(Number);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (!code) style = {};
    else if (code === 1) style = { ...style, bold: true };
    else if (code === 2) style = { ...style, dim: true };
    else if (code === 3) style = { ...style, italic: true };
    else if (code === 4) style = { ...style, underline: true };
    else if (code === 7) style = { ...style, inverse: true };
    else if (code === 22) style = { ...style, bold: false, dim: false };
    else if (code === 23) style = { ...style, italic: false };
    else if (code === 24) style = { ...style, underline: false };
    else if (code === 27) style = { ...style, inverse: false };
    else if (code === 39) style = { ...style, fg: null };
    else if (code === 49) style = { ...style, bg: null };
    else if (code === 38 || code === 48) {
      const kind = codes[i + 1];
      const colour =
        kind === 5 ? paletteColour(codes[i + 2] & 255)
        : kind === 2 ? { css: `rgb(${[2, 3, 4].map((k) => codes[i + k] & 255)})` } : null;
      style = { ...style, [code === 38 ? "fg" : "bg"]: colour };
      i += kind === 5 ? 2 : 4;
    } else if (code >= 30 && code <= 37) style = { ...style, fg: { name: COLOURS[code - 30] } };
    else if (code >= 40 && code <= 47) style = { ...style, bg: { name: COLOURS[code - 40] } };
    else if (code >= 90 && code <= 97) style = { ...style, fg: { name: `bright-${COLOURS[code - 90]}` } };
    else if (code >= 100 && code <= 107) style = { ...style, bg: { name: `bright-${COLOURS[code - 100]}` } };
  }
  return style;
}

function styledSpan(text, style) {
  const names = ["bold", "dim", "italic", "underline", "inverse"].filter((name) => style[name]);
  for (const side of ["fg", "bg"]) if (style[side]?.name) names.push(`${side}-${style[side].name}`);
  if (!names.length && !style.fg?.css && !style.bg?.css) return document.createTextNode(text);
  const span = document.createElement("span");
  span.className = names.map((name) => `jp-exec-ansi-${name}`).join(" ");
  // Made for black; mixed with the text colour it can be read on light and dark.
  if (style.fg?.css) span.style.color = `color-mix(in srgb, ${style.fg.css} 70%, var(--jp-exec-text))`;
  if (style.bg?.css) span.style.backgroundColor = style.bg.css;
  span.textContent = text;
  return span;
}

/** Return a fragment that shows the text with its ANSI colours. */
function ansiFragment(text) {
  const fragment = document.createDocumentFragment();
  const source = settleLines(text);
  let style = {}, begin = 0;
  const flush = (end) => end > begin && fragment.append(styledSpan(source.slice(begin, end), style));
  for (const found of source.matchAll(ESCAPE)) {
    flush(found.index);
    begin = found.index + found[0].length;
    if (found[2] === "m") style = select(style, found[1]);
  }
  flush(source.length);
  return fragment;
}
