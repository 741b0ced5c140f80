/* The map: all filters on one sheet, to zoom into. Without this the page shows the sheet as one picture. */
(() => {
  "use strict";
  const { atlas, OpenSeadragon, ATLAS_MAP: map } = window;
  const { Point, Rect } = OpenSeadragon;
  const $ = (id) => document.getElementById(`map-${id}`);
  const over = $("over");
  const pen = over.getContext("2d");
  const card = document.createElement("a");
  card.id = "map-card";
  card.innerHTML = '<img alt="" width="96" height="96"><span><b></b><small></small></span>';
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const GROUND = "#161618";
  const LIGHT = "#ebebee";
  const MARK = "#ffd666";
  /* Columns left free between layers that stand side by side. */
  const GAP = 2;

  /* Each filter by its place among all: the layer, its number, and its cell on the sheet that is shown. */
  const filters = [];
  const starts = map.layers.map((layer, index) => {
    const start = filters.length;
    const numbers = Array.isArray(layer.filters) ? layer.filters : Array.from({ length: layer.filters }, (_, n) => n);
    numbers.forEach((number, place) => {
      filters.push({ index, place, layer, number });
    });
    return start;
  });
  const inLayer = (index) => filters.slice(starts[index], starts[index + 1]);
  let sheet;
  let held;
  let hits = null;
  let chosen = null;
  let hovered = null;
  let named = null;

  /* The last two levels are the filters' own pictures, so that no tile has to be made for them. */
  function source() {
    const last = sheet.levels + 1;
    const across = (level) => (level >= sheet.levels ? 1 : 4 << (sheet.levels - 1 - level));
    const there = Array.from({ length: last + 1 }, () => new Set());
    held.forEach((_, cell) => {
      for (let level = 0; level <= last; level++) {
        const side = across(level);
        there[level].add(`${Math.floor((cell % sheet.columns) / side)}-${Math.floor(cell / sheet.columns / side)}`);
      }
    });
    const size = (level) => (level === sheet.levels ? map.tile / 2 : map.tile);
    const made = new OpenSeadragon.TileSource({
      width: sheet.columns * map.tile,
      height: sheet.rows * map.tile,
      tileSize: map.tile,
      minLevel: 0,
      maxLevel: last,
      getTileUrl: (level, x, y) => {
        if (level < sheet.levels) return `${atlas.root}/map/${sheet.by}/${level}/${x}-${y}.avif`;
        const each = held.get(x + y * sheet.columns);
        return each && atlas.address(each.layer, each.number, level === last ? ".avif" : "-thumb.avif");
      },
    });
    const bounds = made.getTileBounds;
    Object.assign(made, {
      getTileWidth: size,
      getTileHeight: size,
      tileExists: (level, x, y) => level >= 0 && level <= last && there[level].has(`${x}-${y}`),
      /* Of a filter's picture all is shown, however many pixels it has. */
      getTileBounds: (level, x, y, isSource) =>
        isSource && level >= sheet.levels ? new Rect(0, 0, 1e5, 1e5) : bounds.call(made, level, x, y, isSource),
    });
    return made;
  }

  const viewer = new OpenSeadragon.Viewer({
    element: $("view"),
    drawer: "canvas",
    showNavigationControl: false,
    keyboardNavEnabled: false,
    minPixelRatio: 0.6,
    minZoomImageRatio: 0.8,
    maxZoomPixelRatio: 16,
    visibilityRatio: 0.6,
    smoothTileEdgesMinZoom: Infinity,
    maxImageCacheCount: 500,
    imageLoaderLimit: 12,
    viewportMargins: { left: 8, top: 8, right: 8, bottom: 8 },
    animationTime: still ? 0 : 0.6,
    gestureSettingsMouse: { clickToZoom: false },
    gestureSettingsPen: { clickToZoom: false },
  });
  atlas.map = viewer;
  const port = viewer.viewport;
  const view = viewer.canvas;
  view.setAttribute("role", "application");
  view.setAttribute("aria-label", "Map of all filters");
  view.setAttribute("aria-describedby", "map-help");

  /* Where the sheet is on the screen: its corner, and the side of a cell. */
  function lie() {
    const corner = port.pixelFromPoint(new Point(0, 0), true);
    return { x: corner.x, y: corner.y, cell: port.pixelFromPoint(new Point(1 / sheet.columns, 0), true).x - corner.x };
  }
  function spot({ cell }) {
    const [column, row] = [cell % sheet.columns, Math.floor(cell / sheet.columns)];
    return row < sheet.fold ? [column, row] : [column + sheet.columns + GAP, row - sheet.fold];
  }
  function inCell(column, row) {
    const isBeside = column >= sheet.columns + GAP;
    const left = isBeside ? column - sheet.columns - GAP : column;
    const inside = left >= 0 && left < sheet.columns && row >= 0 && (isBeside || row < sheet.fold);
    return inside ? held.get(left + (isBeside ? row + sheet.fold : row) * sheet.columns) : undefined;
  }
  function at(x, y) {
    const { x: left, y: top, cell } = lie();
    return inCell(Math.floor((x - left) / cell), Math.floor((y - top) / cell));
  }

  /* Where a window is wide, the lower layers stand beside the upper ones: from which row on; from none elsewhere. */
  function fold() {
    const tops = sheet.cells.map((cells) => cells[0]);
    if (sheet.by !== "layers" || tops.some((cell) => cell % sheet.columns)) return sheet.rows;
    const high = (row) => Math.max(row, sheet.rows - row);
    const best = tops
      .map((cell) => Math.floor(cell / sheet.columns) - sheet.free)
      .reduce((one, other) => (high(other) < high(one) ? other : one));
    const side = (columns, rows) => Math.min(over.clientWidth / columns, over.clientHeight / rows);
    return side(2 * sheet.columns + GAP, high(best)) > side(sheet.columns, sheet.rows) ? best : sheet.rows;
  }
  function href(each) {
    return atlas.address(each.layer, each.number, ".html");
  }

  function title(each) {
    return `${each.layer.name}/${each.number}`;
  }

  function frame(each, colour, { x, y, cell }) {
    const [column, row] = spot(each);
    /* Of a cell of few pixels, a mark that can be seen. */
    const side = Math.max(cell, 9);
    const shift = (cell - side) / 2;
    pen.strokeStyle = GROUND;
    pen.lineWidth = 5;
    pen.strokeRect(x + column * cell + shift, y + row * cell + shift, side, side);
    pen.strokeStyle = colour;
    pen.lineWidth = 2.5;
    pen.strokeRect(x + column * cell + shift, y + row * cell + shift, side, side);
  }

  /* What lies over the pictures: gaps, a veil with holes where hits are, frames, and the names of layers. */
  function paint() {
    const width = over.clientWidth;
    const height = over.clientHeight;
    const scale = window.devicePixelRatio || 1;
    if (over.width !== Math.round(width * scale) || over.height !== Math.round(height * scale)) {
      over.width = Math.round(width * scale);
      over.height = Math.round(height * scale);
    }
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const place = lie();
    const { x, y, cell } = place;
    if (hits) {
      pen.fillStyle = `${GROUND}d9`;
      pen.fillRect(0, 0, width, height);
      const few = hits.size <= 60 && cell < 24;
      hits.forEach((each) => {
        const [column, row] = spot(each);
        const left = x + column * cell;
        const top = y + row * cell;
        if (left < -cell || top < -cell || left > width || top > height) return;
        if (few) frame(each, MARK, place);
        pen.clearRect(left, top, cell, cell);
      });
    }
    if (cell > 24) {
      pen.fillStyle = GROUND;
      const gap = Math.min(4, (cell - 24) / 12);
      for (let n = Math.max(0, Math.floor(-x / cell)); n <= 2 * sheet.columns + GAP && x + n * cell < width; n++)
        pen.fillRect(x + n * cell - gap / 2, 0, gap, height);
      for (let n = Math.max(0, Math.floor(-y / cell)); n <= sheet.rows && y + n * cell < height; n++)
        pen.fillRect(0, y + n * cell - gap / 2, width, gap);
    }
    if (hovered) frame(hovered, LIGHT, place);
    if (chosen) frame(chosen, MARK, place);
    if (sheet.by === "layers") write(place, height);
  }

  /* A layer's name stands above its block, and stays in sight while the block is. */
  function write({ x, y, cell }, height) {
    const written = new Map();
    map.layers.forEach((layer, index) => {
      const [column, row] = spot(filters[starts[index]]);
      const { wide, high } = sheet.blocks[index];
      const room = wide * cell;
      const size = Math.max(11, Math.min(24, sheet.free * cell * 0.72));
      const top = y + row * cell;
      const base = Math.max(top - size * 0.3, size + 6);
      if (base > top + high * cell || top - size > height || base < written.get(column) + size * 0.95) return;
      written.set(column, base);
      const left = Math.max(x + column * cell, 8);
      const sans = getComputedStyle(document.body).fontFamily;
      pen.font = `600 ${size}px ${sans}`;
      const long = pen.measureText(layer.name).width;
      if (left + Math.min(long, room) > x + (column + wide) * cell + 40) return;
      if (base > top) {
        pen.fillStyle = `${GROUND}d9`;
        pen.fillRect(left - 8, base - size - 4, Math.min(long, room) + 16, size + 12);
      }
      pen.fillStyle = LIGHT;
      pen.fillText(layer.name, left, base, Math.max(room, 20));
      const count = inLayer(index).length;
      const more = `${count} filter${count > 1 ? "s" : ""}`;
      pen.font = `${size * 0.85}px ${sans}`;
      if (base <= top && long + size + pen.measureText(more).width < room) {
        pen.fillStyle = "#b0b0b4";
        pen.fillText(more, left + long + size * 0.7, base);
      }
    });
  }
  function show(by) {
    const first = !sheet;
    const before = sheet && port.getZoom(true) > port.getHomeZoom() * 1.05 && (chosen || middle());
    const zoom = sheet && port.getZoom(true) / sheet.columns;
    sheet = map.sheets.find((each) => each.by === by) || map.sheets[0];
    held = new Map();
    sheet.cells.forEach((cells, index) => {
      cells.forEach((cell, n) => {
        const each = filters[starts[index] + n];
        each.cell = cell;
        held.set(cell, each);
      });
    });
    sheet.blocks ||= sheet.cells.map((cells) => ({
      wide: new Set(cells.map((cell) => cell % sheet.columns)).size,
      high: new Set(cells.map((cell) => Math.floor(cell / sheet.columns))).size,
    }));
    /* Rows above the first block are free for its name, as above each. */
    sheet.free = Math.floor(sheet.cells[0][0] / sheet.columns);
    document.querySelectorAll("[name=by]").forEach((each) => {
      each.checked = each.value === sheet.by;
    });
    hovered = null;
    viewer.addOnceHandler("open", () => {
      const kept = history.state?.map;
      if (before) {
        port.zoomTo(zoom * sheet.columns, null, true);
        centre(before, true);
      } else if (first && kept?.by === by) port.fitBounds(new Rect(kept.x, kept.y, kept.width, kept.height), true);
    });
    const { columns, rows } = sheet;
    const part = (column, from, to) => ({
      tileSource: source(),
      x: column / columns,
      y: -from / columns,
      clip: new Rect(0, from * map.tile, columns * map.tile, (to - from) * map.tile),
    });
    sheet.fold = fold();
    const parts = [part(0, 0, sheet.fold)];
    if (sheet.fold < rows) parts.push(part(columns + GAP, sheet.fold, rows));
    viewer.open(parts);
  }

  function middle() {
    const size = port.getContainerSize();
    const near = (each) => {
      const [column, row] = spot(each);
      const { x, y, cell } = lie();
      return (x + (column + 0.5) * cell - size.x / 2) ** 2 + (y + (row + 0.5) * cell - size.y / 2) ** 2;
    };
    return at(size.x / 2, size.y / 2) || filters.reduce((best, each) => (near(each) < near(best) ? each : best));
  }
  function centre(each, now) {
    const [column, row] = spot(each);
    port.panTo(new Point((column + 0.5) / sheet.columns, (row + 0.5) / sheet.columns), now);
    port.applyConstraints(now);
  }

  function name(each) {
    named = each;
    if (!each) return card.remove();
    if (!card.isConnected) over.after(card);
    card.href = href(each);
    const image = card.querySelector("img");
    /* Not where the picture itself is as large. */
    image.hidden = lie().cell > 128;
    image.src = atlas.address(each.layer, each.number, "-thumb.avif");
    card.querySelector("b").textContent = title(each);
    const words = card.querySelector("small");
    words.textContent = "";
    atlas.withIndex(() => {
      if (each === named) words.textContent = atlas.description(window.ATLAS.layers[each.index], each.place);
    });
  }
  function choose(each) {
    chosen = each;
    name(each);
    if (each) {
      const { x, y, cell } = lie();
      const [column, row] = spot(each);
      const size = port.getContainerSize();
      const inside =
        x + column * cell >= 0 &&
        y + row * cell >= 0 &&
        x + (column + 1) * cell <= size.x &&
        y + (row + 1) * cell <= size.y;
      if (!inside) centre(each);
      $("said").textContent = title(each);
    }
    paint();
  }

  /* What to search for instead, and why. */
  function offer([text, query]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", () => {
      $("find").value = query;
      $("find").focus();
      light(query);
    });
    return button;
  }
  /* Searching: what is found stays lit, in either arrangement; Enter goes on to the next. */
  function light(query) {
    if (!query.trim()) {
      hits = null;
      $("lit").textContent = "";
      return paint();
    }
    atlas.withIndex(() => {
      hits = new Set();
      const { hits: found, advice } = atlas.search(query);
      found.forEach(([layer, place]) => {
        const index = window.ATLAS.layers.indexOf(layer);
        if (index < 0) return;
        (place < 0 ? inLayer(index) : [filters[starts[index] + place]]).forEach((each) => {
          hits.add(each);
        });
      });
      const [some, all] = [hits.size, filters.length].map((count) => count.toLocaleString("en"));
      $("lit").replaceChildren(hits.size ? `${some} of ${all} filters` : "Nothing found", ...advice.map(offer));
      if (!hits.size) hits = null;
      paint();
    });
  }
  function remember() {
    const said = new URLSearchParams();
    if ($("find").value.trim()) said.set("q", $("find").value.trim());
    if (sheet.by !== map.sheets[0].by) said.set("by", sheet.by);
    const { x, y, width, height } = port.getBounds();
    /* An address without anything to say stays as it is. */
    const address = `${said}` || location.hash ? `#${said}` : undefined;
    history.replaceState({ map: { by: sheet.by, x, y, width, height } }, "", address);
  }
  function listen() {
    const said = new URLSearchParams(location.hash.slice(1));
    const by = said.get("by") || map.sheets[0].by;
    if (!sheet || by !== sheet.by) show(by);
    $("find").value = said.get("q") || "";
    light($("find").value);
  }

  $("form").addEventListener("submit", (event) => {
    event.preventDefault();
    remember();
    if (!hits) return;
    const all = Array.from(hits).sort((a, b) => a.cell - b.cell);
    choose(all[(all.indexOf(chosen) + 1) % all.length]);
  });
  $("find").addEventListener("input", () => light($("find").value));
  document.querySelectorAll("[name=by]").forEach((each) => {
    each.addEventListener("change", () => {
      show(each.value);
      remember();
    });
  });
  window.addEventListener("hashchange", listen);
  window.addEventListener("pagehide", remember);

  function zoom(factor) {
    if (chosen) centre(chosen);
    port.zoomBy(factor);
    port.applyConstraints();
  }
  $("in").addEventListener("click", () => zoom(2));
  $("out").addEventListener("click", () => zoom(0.5));
  $("whole").addEventListener("click", () => port.goHome());

  view.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch" || event.buttons) return;
    const each = at(event.offsetX, event.offsetY);
    if (each === hovered) return;
    hovered = each;
    view.style.cursor = each ? "pointer" : "grab";
    name(each || chosen);
    paint();
  });
  view.addEventListener("pointerleave", () => {
    hovered = null;
    name(chosen);
    paint();
  });
  viewer.addHandler("canvas-click", (event) => {
    event.preventDefaultAction = true;
    const each = event.quick && at(event.position.x, event.position.y);
    if (!each) return;
    const { pointerType, ctrlKey, metaKey } = event.originalEvent;
    if (pointerType === "touch" && each !== chosen) choose(each);
    else if (ctrlKey || metaKey) open(href(each));
    else location.href = href(each);
  });

  let isSmooth = true;
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  function step([right, down]) {
    let [column, row] = spot(chosen);
    do {
      column += right;
      row += down;
      if (column < 0 || row < 0 || column > 2 * sheet.columns + GAP || row >= sheet.rows) return;
    } while (!inCell(column, row));
    choose(inCell(column, row));
  }
  view.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (STEPS[event.key]) chosen ? step(STEPS[event.key]) : choose(middle());
    else if (event.key === "Enter" && chosen) location.href = href(chosen);
    else if (event.key === "+" || event.key === "=") zoom(1.5);
    else if (event.key === "-") zoom(1 / 1.5);
    else if (event.key === "0") port.goHome();
    else if (event.key === "Escape") choose(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  viewer.addHandler("update-viewport", () => {
    /* From four screen pixels for one of a picture on, they are shown as the squares that they are. */
    const smooth = lie().cell < 4 * Math.max(...map.layers.map((layer) => layer.canvas));
    if (smooth !== isSmooth) viewer.drawer.setImageSmoothingEnabled(smooth);
    isSmooth = smooth;
    paint();
  });
  viewer.addHandler("resize", () => (fold() === sheet.fold ? paint() : show(sheet.by)));
  /* For style sheets and tests: whether all that is in sight is as sharp as it can be. */
  function tell() {
    const parts = Array.from({ length: viewer.world.getItemCount() }, (_, n) => viewer.world.getItemAt(n));
    const isShown = parts.length && parts.every((part) => part.getFullyLoaded() || !part.getDrawArea());
    document.getElementById("map").dataset.tiles = isShown ? "shown" : "";
  }
  viewer.addHandler("animation-finish", tell);
  viewer.world.addHandler("add-item", ({ item }) => item.addHandler("fully-loaded-change", tell));
  viewer.addHandler("animation-finish", remember);
  listen();
})();
