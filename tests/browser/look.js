// What a reader would see of the open page, as plain data. Colours are composed over their
// background, contrast is that of WCAG 2.2 (relative luminance, success criterion 1.4.3).
() => {
  const parse = (text) => {
    const [r, g, b, a] = text.match(/[\d.]+/g).map(Number);
    return { r, g, b, a: a === undefined ? 1 : a };
  };
  const over = (top, below) => ({
    r: top.r * top.a + below.r * (1 - top.a),
    g: top.g * top.a + below.g * (1 - top.a),
    b: top.b * top.a + below.b * (1 - top.a),
    a: 1,
  });
  const background = (element) => {
    if (!element) return { r: 255, g: 255, b: 255, a: 1 };
    const own = parse(getComputedStyle(element).backgroundColor);
    return own.a === 1 ? own : over(own, background(element.parentElement));
  };
  const luminance = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  // Texts for screen readers alone are clipped away, themselves or with an ancestor.
  const clipped = (element) =>
    element !== null &&
    (getComputedStyle(element).clipPath !== "none" || clipped(element.parentElement));
  // What is wider than the page may be, where it scrolls in a box of its own.
  const scrolls = (element) =>
    element !== null &&
    (getComputedStyle(element).overflowX === "auto" || scrolls(element.parentElement));
  document.querySelectorAll("details").forEach((element) => { element.open = true; });
  const width = document.documentElement.clientWidth;
  const texts = [];
  const lines = [];
  // What a reader sees of a line: an element that ends a long name with dots hides the rest.
  const seenOf = (line, element) => {
    const box = { left: line.left, right: line.right, top: line.top, bottom: line.bottom };
    for (let one = element; one !== null; one = one.parentElement) {
      if (getComputedStyle(one).overflowY !== "hidden") continue;
      const frame = one.getBoundingClientRect();
      box.top = Math.max(box.top, frame.top);
      box.bottom = Math.min(box.bottom, frame.bottom);
    }
    return box;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (!text || !element.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const box = range.getBoundingClientRect();
    const style = getComputedStyle(element);
    if (clipped(element)) continue;
    for (const line of range.getClientRects()) {
      const seen = seenOf(line, element);
      if (seen.bottom - seen.top > 2) lines.push({ ...seen, text, element });
    }
    const ground = background(element);
    const ink = over(parse(element instanceof SVGElement ? style.fill : style.color), ground);
    texts.push({
      text,
      left: box.left,
      right: box.right,
      scrolls: scrolls(element),
      size: parseFloat(style.fontSize),
      contrast: contrast(ink, ground),
    });
  }
  const overlaps = [];
  lines.sort((one, other) => one.top - other.top);
  for (let i = 0; i < lines.length; i += 1) {
    const one = lines[i];
    for (let j = i + 1; j < lines.length && lines[j].top < one.bottom - 3; j += 1) {
      const other = lines[j];
      const shared = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      if (shared > 3 && one.element !== other.element) overlaps.push([one.text, other.text]);
    }
  }
  return {
    texts,
    overlaps,
    width,
    scroll: document.documentElement.scrollWidth,
    ground: luminance(background(document.body)),
    boxes: [...document.querySelectorAll(".scroll")].map((element) => {
      const box = element.getBoundingClientRect();
      return { left: box.left, right: box.right };
    }),
    bars: [...document.querySelectorAll("rect.earned, circle.estimate")].map((element) => {
      const box = element.getBoundingClientRect();
      return { left: box.left, right: box.right };
    }),
  };
}
