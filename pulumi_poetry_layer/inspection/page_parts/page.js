"use strict";
(() => {
  const KINDS = {
    source: "Python source", compiled: "compiled module (.pyc)", native: "native file", data: "data and others",
    tests: "tests", metadata: "metadata",
  };
  const CHANGES = {
    added: "added", grown: "larger", changed: "changed, same size", shrunk: "smaller", removed: "removed", same: "unchanged",
  };
  const HEADER = 18, SMALLEST = 3, MOST_CELLS = 1500, MOST_ROWS = 300, DEEPEST = 4;
  const data = JSON.parse(document.getElementById("data").textContent);
  const compares = data.old !== null;
  const byId = (id) => document.getElementById(id);
  const map = byId("map"), search = byId("search"), status = byId("status"), tip = byId("tip");
  const number36 = (text) => parseInt(text, 36);

  // The tree

  const root = readFolder(data.tree, null);
  root.name = compares ? `${data.old.name} → ${data.new.name}` : data.new.name;

  function readFolder([name, files, folders, mergedCount, merged], parent) {
    const node = { name, parent, children: [], count: 0, size: [0, 0], old: [0, 0], moved: [0, 0] };
    for (const folder of folders) node.children.push(readFolder(folder, node));
    const words = files ? files.split("/") : [];
    for (let at = 0; at < words.length;) {
      const stem = words[at] === "" ? data.stems[number36(words[++at])] : words[at];
      const leaf = { name: stem + data.endings[number36(words[at + 1])], parent, count: 1 };
      at = readSizes(words, at + 2, leaf);
      leaf.parent = node;
      node.children.push(leaf);
    }
    if (merged) {
      const leaf = { name: `${mergedCount} small files`, parent: node, count: mergedCount, isMerged: true };
      readSizes(merged.split("/"), 0, leaf);
      node.children.push(leaf);
    }
    for (const child of node.children) {
      node.count += child.count;
      for (const i of [0, 1]) {
        node.size[i] += child.size[i];
        node.old[i] += child.old[i];
        node.moved[i] += child.moved[i];
      }
    }
    node.change = folderChange(node);
    node.kind = largest(node.children)?.kind ?? "data";
    return node;
  }

  function readSizes(words, at, leaf) {
    const read = () => (words[at] === "-" ? (at++, null) : [number36(words[at++]), number36(words[at++])]);
    const size = read();
    let old = size;
    leaf.change = "same";
    if (compares) {
      if (words[at] === "") at++;
      else if (words[at] === "~") (at++, (leaf.change = "changed"));
      else {
        old = read();
        leaf.change = !old ? "added" : !size ? "removed" : sign(size[0] - old[0]);
      }
    }
    leaf.size = size ?? [0, 0];
    leaf.old = old ?? [0, 0];
    leaf.moved = [0, 1].map((i) => Math.abs(leaf.size[i] - leaf.old[i]));
    leaf.kind = kindOf(leaf);
    return at;
  }

  function sign(difference) { return difference > 0 ? "grown" : difference < 0 ? "shrunk" : "changed"; }

  function folderChange(node) {
    const changes = new Set(node.children.map((child) => child.change));
    if (changes.size === 1) return node.children[0].change;
    return node.size[0] === node.old[0] ? "changed" : sign(node.size[0] - node.old[0]);
  }

  function kindOf(leaf) {
    const folders = pathOf(leaf.parent);
    if (folders.some((name) => name === "test" || name === "tests")) return "tests";
    if (folders.some((name) => /\.(dist|egg)-info$/.test(name))) return "metadata";
    if (/\.so(\.|$)/.test(leaf.name)) return "native";
    if (/\.pyc$/.test(leaf.name)) return "compiled";
    return /\.pyi?$/.test(leaf.name) ? "source" : "data";
  }

  function largest(nodes) {
    return nodes.reduce((best, node) => (best && best.size[0] + best.old[0] >= node.size[0] + node.old[0] ? best : node), null);
  }

  function pathOf(node) {
    const names = [];
    for (; node && node.parent; node = node.parent) names.unshift(node.name);
    return names;
  }

  function nodeAt(names) {
    let node = root;
    for (const name of names) {
      const next = node.children.find((child) => child.name === name && child.children);
      if (!next) break;
      node = next;
    }
    return node;
  }

  // What is shown

  let current = root, measure = 0, area = "size", hits = null, cells = [];

  const value = (node) => (!compares ? node.size : area === "change" ? node.moved : node.size.map((size, i) => Math.max(size, node.old[i])))[measure];
  const bySize = (one, other) => value(other) - value(one) || (one.name < other.name ? -1 : 1);

  function bytes(size) {
    if (Math.abs(size) >= 1048576 / 10) return `${(size / 1048576).toFixed(1)} MiB`;
    return Math.abs(size) >= 1024 ? `${(size / 1024).toFixed(1)} KiB` : `${size} B`;
  }

  function signed(size) { return size > 0 ? `+${bytes(size)}` : size < 0 ? `−${bytes(-size)}` : "±0"; }

  function share(node, of) { return of ? `${((100 * node.size[measure]) / of).toFixed(1)} %` : ""; }

  function described(node) {
    const parts = [`${bytes(node.size[0])} unzipped`, `${bytes(node.size[1])} zipped`];
    if (compares) {
      parts.push(CHANGES[node.change]);
      if (node.change !== "same") parts.push(`${signed(node.size[0] - node.old[0])} unzipped, ${signed(node.size[1] - node.old[1])} zipped`);
    } else parts.push(`${share(node, root.size[measure])} of the layer`);
    if (node.children) parts.push(node.count === 1 ? "1 file" : `${node.count} files`);
    return parts.join(", ");
  }

  function make(tag, text, className) {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    return element;
  }

  // The treemap

  function draw() {
    const [width, height] = [map.clientWidth, map.clientHeight];
    const isOpen = (d) => d.depth > 0 && d.depth < DEEPEST && d.children && d.x1 - d.x0 > 60 && d.y1 - d.y0 > 46;
    const layout = d3.hierarchy(current, (node) => node.children)
      .sum((node) => (node.children ? 0 : value(node)))
      .sort((one, other) => bySize(one.data, other.data));
    d3.treemap().size([width, height]).round(true).paddingInner(1)
      .paddingTop((d) => (isOpen(d) ? HEADER : 0)).paddingRight((d) => (isOpen(d) ? 2 : 0))
      .paddingBottom((d) => (isOpen(d) ? 2 : 0)).paddingLeft((d) => (isOpen(d) ? 2 : 0))(layout);
    cells = [];
    const waiting = [...(layout.children ?? [])];
    while (waiting.length && cells.length < MOST_CELLS) {
      const d = waiting.shift();
      if (d.x1 - d.x0 < SMALLEST || d.y1 - d.y0 < SMALLEST || !d.value) continue;
      const open = Boolean(isOpen(d));
      cells.push({ node: d.data, box: [d.x0, d.y0, d.x1, d.y1], open, button: cellButton(d, open) });
      if (open) waiting.push(...d.children);
    }
    const nothing = make("p", compares && area === "change" ? "Nothing changed here." : "Nothing here.", "empty");
    map.replaceChildren(...(cells.length ? cells.map((cell) => cell.button) : [nothing]));
    if (cells.length) cells[0].button.tabIndex = 0;
    dim();
  }

  function cellButton(d, open) {
    const node = d.data, button = make("button", undefined, compares ? node.change : node.kind);
    button.type = "button";
    button.tabIndex = -1;
    button.style.left = `${d.x0}px`;
    button.style.top = `${d.y0}px`;
    button.style.width = `${d.x1 - d.x0}px`;
    button.style.height = `${d.y1 - d.y0}px`;
    if (open) button.classList.add("open");
    button.setAttribute("aria-label", `${pathOf(node).join("/")}: ${described(node)}`);
    const width = d.x1 - d.x0, height = d.y1 - d.y0;
    if (width > 30 && height > 16) {
      const isUnchanged = compares && node.change === "same";
      const size = isUnchanged ? "" : compares ? signed(node.size[measure] - node.old[measure]) : bytes(node.size[measure]);
      const twoLines = !open && height >= 36;
      button.append(make("span", size && !twoLines ? `${node.name} ${size}` : node.name));
      if (size && twoLines && width > 56) button.append(make("span", size));
    }
    return button;
  }

  function cellOf(target) { return cells.find((cell) => cell.button === target); }

  function dim() { for (const { node, button } of cells) button.classList.toggle("dim", hits !== null && !hits.has(node)); }

  function goTo(node, focus) {
    const target = node.children ? node : node.parent;
    const hash = pathOf(target).map(encodeURIComponent).join("/");
    if (target === current) return;
    goTo.focus = focus ? node : null;
    location.hash = hash;
  }

  function leave() {
    if (current.parent) {
      const from = current;
      goTo(current.parent);
      goTo.focus = from;
    }
  }

  function showLocation() {
    let names;
    try { names = location.hash.slice(1).split("/").filter(Boolean).map(decodeURIComponent); } catch { names = []; }
    const hadFocus = map.contains(document.activeElement);
    current = nodeAt(names);
    hideTip();
    show();
    if (hadFocus || goTo.focus) (cells.find((cell) => cell.node === goTo.focus) ?? cells[0])?.button.focus();
    goTo.focus = null;
  }

  function move(cell, [dx, dy]) {
    const middle = ({ box }) => [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    const [x, y] = middle(cell);
    let best = null, least = Infinity;
    for (const other of cells) {
      const [ox, oy] = middle(other);
      const ahead = (ox - x) * dx + (oy - y) * dy, aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
      if (other !== cell && ahead > 0 && ahead + 2 * aside < least) (least = ahead + 2 * aside), (best = other);
    }
    if (best) focusCell(best);
  }

  function focusCell(cell) {
    for (const other of cells) other.button.tabIndex = -1;
    cell.button.tabIndex = 0;
    cell.button.focus();
  }

  // The table

  function rows() {
    if (hits === null) return [...current.children].sort(bySize);
    return [...hits].filter((node) => node.isHit).sort(bySize);
  }

  function drawTable() {
    const table = byId("table"), shown = rows(), of = root.size[measure];
    const columns = compares
      ? [["Before", "wide"], ["After", "wide"], ["Change", ""], ["", ""], ["Files", "wide"]]
      : [["Unzipped", ""], ["Zipped", ""], ["Share", "wide"], ["Files", "wide"]];
    table.caption.textContent = hits !== null
      ? `${shown.length} found for “${search.value.trim()}”`
      : compares ? `${current.name}, ${["unzipped", "zipped"][measure]}` : current.name;
    const head = make("tr");
    head.append(make("th", "Name"), ...columns.map(([name, wide]) => make("th", name, wide)));
    for (const cell of head.children) cell.scope = "col";
    table.tHead.replaceChildren(head);
    const lines = shown.slice(0, MOST_ROWS).map((node) => {
      const line = make("tr"), name = make("td"), text = hits === null ? node.name : pathOf(node).join("/");
      if (node.children) {
        const button = make("button", text);
        button.type = "button";
        button.addEventListener("click", () => (clearSearch(), goTo(node)));
        name.append(button);
      } else name.textContent = text;
      const i = measure;
      const cellsOfLine = compares
        ? [bytes(node.old[i]), bytes(node.size[i]), signed(node.size[i] - node.old[i]), CHANGES[node.change], node.count]
        : [bytes(node.size[0]), bytes(node.size[1]), share(node, of), node.count];
      line.append(name, ...cellsOfLine.map((value, at) => make("td", String(value), columns[at][1])));
      return line;
    });
    if (shown.length > MOST_ROWS) {
      const line = make("tr"), cell = make("td", `and ${shown.length - MOST_ROWS} more`);
      cell.colSpan = columns.length + 1;
      line.append(cell);
      lines.push(line);
    }
    table.tBodies[0].replaceChildren(...lines);
  }

  // Search

  function find() {
    const text = search.value.trim().toLowerCase();
    if (!text) return void (hits = null);
    hits = new Set();
    const visit = (node, inside, path) => {
      const ownPath = node.parent ? `${path}/${node.name.toLowerCase()}` : "";
      node.isHit = node.parent !== null && (text.includes("/") ? ownPath.slice(1).includes(text) : node.name.toLowerCase().includes(text));
      let found = node.isHit || inside;
      for (const child of node.children ?? []) found = visit(child, node.isHit || inside, ownPath) || found;
      if (found) hits.add(node);
      return found;
    };
    visit(root, false, "");
  }

  function clearSearch() { search.value = ""; hits = null; }

  // Everything else

  function show() {
    const steps = [];
    for (let node = current; node; node = node.parent) steps.unshift(node);
    byId("path").replaceChildren(...steps.map((node) => {
      const step = make("li"), button = make("button", node.name);
      button.type = "button";
      if (node === current) button.setAttribute("aria-current", "location");
      button.addEventListener("click", () => goTo(node));
      step.append(button);
      return step;
    }));
    byId("up").disabled = !current.parent;
    status.textContent = hits !== null ? `${rows().length} found` : `${current.name}: ${described(current)}`;
    draw();
    drawTable();
  }

  function showTip(cell, x, y) {
    tip.textContent = `${pathOf(cell.node).join("/")}\n${described(cell.node).replaceAll(", ", "\n")}`;
    tip.hidden = false;
    tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${y + 18 + tip.offsetHeight > innerHeight ? Math.max(4, y - tip.offsetHeight - 10) : y + 18}px`;
  }

  function hideTip() { tip.hidden = true; }

  function isDark() {
    return (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "")) === "dark";
  }

  function summarized(layer, unzipped) {
    return `${bytes(unzipped)} unzipped (Lambda's limit: ${bytes(data.limits.unzipped)}), zip ${bytes(layer.zip)}`
      + ` (over ${bytes(data.limits.zipped)} only through S3); for ${layer.targets}; sha256 ${layer.sha256}`;
  }

  function start() {
    byId("summary").textContent = summarized(data.new, root.size[0])
      + (compares ? `; before ${bytes(root.old[0])} unzipped, zip ${bytes(data.old.zip)}, for ${data.old.targets}` : "");
    byId("legend").replaceChildren(...Object.entries(compares ? CHANGES : KINDS).map(([name, text]) => {
      const item = make("li");
      item.append(make("i", undefined, name), text);
      return item;
    }));
    byId("area").hidden = !compares;
    if (data.doubts.length) {
      byId("doubts").hidden = false;
      byId("doubts").querySelector("ul").replaceChildren(...data.doubts.map((line) => make("li", line)));
    }
    byId("theme").setAttribute("aria-pressed", isDark());
  }

  map.addEventListener("click", (event) => { const cell = cellOf(event.target); if (cell) goTo(cell.node, event.detail === 0); });
  map.addEventListener("mousemove", (event) => {
    const cell = cellOf(event.target);
    if (cell) showTip(cell, event.clientX, event.clientY); else hideTip();
  });
  map.addEventListener("mouseleave", hideTip);
  map.addEventListener("focusin", (event) => {
    const cell = cellOf(event.target);
    if (cell && event.target.matches(":focus-visible")) showTip(cell, event.target.getBoundingClientRect().left, event.target.getBoundingClientRect().top);
  });
  map.addEventListener("focusout", hideTip);
  map.addEventListener("keydown", (event) => {
    const cell = cellOf(event.target);
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (cell && way) (event.preventDefault(), move(cell, way));
  });
  document.addEventListener("keydown", (event) => {
    const writes = event.target === search;
    if (event.key === "/" && !writes) (event.preventDefault(), search.focus());
    else if (event.key === "Escape" && search.value) (clearSearch(), show());
    else if (event.key === "Escape" || (event.key === "Backspace" && !writes)) (event.preventDefault(), leave());
  });
  search.addEventListener("input", () => (find(), show()));
  byId("controls").addEventListener("submit", (event) => {
    event.preventDefault();
    const first = hits && rows()[0];
    if (first) goTo(first);
  });
  byId("controls").addEventListener("change", (event) => {
    if (event.target.name === "measure") measure = Number(event.target.value);
    if (event.target.name === "area") area = event.target.value;
    if (event.target !== search) show();
  });
  byId("up").addEventListener("click", leave);
  byId("theme").addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    byId("theme").setAttribute("aria-pressed", isDark());
  });
  addEventListener("hashchange", showLocation);
  addEventListener("resize", () => draw());
  start();
  showLocation();
})();
