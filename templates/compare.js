/* Filters side by side: those that the address names, compare.html#block4_conv1/243,block3_conv3/21. */
(() => {
  "use strict";
  const { atlas } = window;
  const MOST = 4;
  const form = document.getElementById("add");
  const status = form.querySelector("[role=status]");
  const table = document.querySelector(".compare");

  function make(tag, content, settings) {
    const made = Object.assign(document.createElement(tag), settings);
    made.append(...[content].flat());
    return made;
  }

  /* Without storage, the address alone holds the list. */
  function keep(list) {
    atlas.compared(list);
    history.replaceState(null, "", list.length ? `#${list.map(encodeURI).join(",")}` : location.pathname);
    show();
  }

  /* A name's comma is written %2C in the address; the number follows the last slash. */
  function named() {
    const list =
      location.hash.length > 1 ? location.hash.slice(1).split(",").map(decodeURIComponent) : atlas.compared();
    return [...new Set(list)].slice(0, MOST);
  }
  function found(name) {
    const [, wanted, number] = name.match(/^(.*)\/(\d+)$/) || [];
    const layer = window.ATLAS.layers.find((each) => each.name === wanted);
    const place = layer ? layer.filters.indexOf(Number(number)) : -1;
    return place < 0 ? null : { name, layer, place, filter: Number(number) };
  }

  function head(each, index, names) {
    const { layer, filter, place, name } = each;
    const picture = make("img", [], { alt: atlas.description(layer, place), width: 224, height: 224 });
    picture.src = atlas.address(layer, filter, ".avif");
    const words = [`${layer.name}/`, make("wbr", ""), String(filter)];
    const link = make("a", [picture, ...words], { href: atlas.address(layer, filter, ".html") });
    const swap = make("button", "←", { type: "button", title: "Move to the left" });
    swap.setAttribute("aria-label", `Move ${name} to the left`);
    swap.addEventListener("click", () => {
      keep([...names.slice(0, index - 1), name, names[index - 1], ...names.slice(index + 1)]);
    });
    const remove = make("button", "×", { type: "button", title: "Remove" });
    remove.setAttribute("aria-label", `Remove ${name}`);
    remove.addEventListener("click", () => {
      keep(names.filter((other) => other !== name));
    });
    return make("th", [link, make("p", index ? [swap, remove] : remove)], { scope: "col" });
  }

  function row(term, cells, about) {
    const named = about ? make("a", term, { href: `${atlas.root}/how-to-read.html#${about}` }) : term;
    return make("tr", [make("th", named, { scope: "row" }), ...cells.map((cell) => make("td", cell))]);
  }

  /* The strip of patches of photographs, three in a row: each a window on the whole. */
  function patches({ layer, filter, name }, count) {
    return Array.from({ length: count }, (_, place) => {
      const patch = make("img", [], { alt: place ? "" : `In photographs that excite ${name}`, width: 64, height: 64 });
      patch.style.objectPosition = `${(100 * place) / Math.max(1, count - 1)}%`;
      patch.src = atlas.address(layer, filter, "-photographs.avif");
      return patch;
    });
  }

  function draw(chosen, names) {
    const figures = chosen.map((each) => window.ATLAS_FIGURES[each.layer.name]);
    const terms = new Map(figures.flatMap((each) => each.terms));
    const heads = chosen.map((each, index) => head(each, index, names));
    table.tHead.replaceChildren(make("tr", [make("td", ""), ...heads]));
    const rows = [
      row(
        "Looks",
        chosen.map((each) => atlas.description(each.layer, each.place)),
      ),
    ];
    if (figures.some((each, index) => each.patches[chosen[index].place])) {
      const strips = chosen.map((each, index) => {
        const count = figures[index].patches[each.place];
        return count ? make("div", patches(each, count), { className: "patches" }) : "–";
      });
      rows.push(row("In photographs", strips));
    }
    terms.forEach((about, term) => {
      const column = (each) => each.terms.findIndex((other) => other[0] === term);
      const cells = figures.map((each, index) => each.values[chosen[index].place][column(each)] ?? "–");
      rows.push(row(term, cells, about));
    });
    table.tBodies[0].replaceChildren(...rows);
  }

  function show() {
    atlas.withIndex(() => {
      const names = named();
      const chosen = names.map(found).filter(Boolean);
      const missing = names.filter((name) => !found(name));
      status.textContent = missing.length ? `Not in this atlas: ${missing.join(", ")}` : "";
      document.getElementById("example").hidden = chosen.length > 1;
      table.hidden = chosen.length === 0;
      let waiting = chosen.length;
      chosen.forEach((each) => {
        atlas.load(`${atlas.root}/${each.layer.folder}/figures.js`, () => {
          waiting -= 1;
          const known = chosen.map((other) => other.name);
          if (waiting === 0) draw(chosen, known);
        });
      });
    });
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    atlas.withIndex(() => {
      const field = document.getElementById("other");
      const { hits, direct } = atlas.search(field.value);
      const hit = direct?.[1] >= 0 ? direct : hits.find((each) => each[0].filters && each[1] >= 0);
      const names = named().filter(found);
      if (!hit?.[0].filters) status.textContent = "Nothing found";
      else if (names.length === MOST) status.textContent = `There is room for ${MOST}: remove one first`;
      else {
        keep([...new Set([...names, `${hit[0].name}/${hit[0].filters[hit[1]]}`])]);
        field.value = "";
      }
    });
  });
  window.addEventListener("hashchange", show);
  show();
})();
