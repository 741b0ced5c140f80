/* Finding, and turning pages. Every page is complete without this. */
(() => {
  "use strict";
  const root = document.currentScript.dataset.root.replace(/\/$/, "");
  document.documentElement.classList.add("js");

  /* Data comes as a classic script, once, when first needed: pages opened from disk may not fetch. */
  const waiting = {};
  function load(address, done) {
    if (waiting[address]) return waiting[address].push(done);
    waiting[address] = [done];
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => {
      const all = waiting[address];
      waiting[address] = { push: (next) => next() };
      all.forEach((each) => {
        each();
      });
    };
    document.head.append(script);
  }
  function withIndex(done) {
    load(`${root}/assets/search.js`, done);
  }

  function address(layer, filter, ending) {
    return `${root}/${layer.folder}/${String(filter).padStart(3, "0")}${ending}`;
  }

  /* Letters and numbers of a name: "block3_conv1" is block, 3, conv, 1. */
  function parts(name) {
    return name.toLowerCase().match(/[a-z]+|\d+/g) || [];
  }

  /* "b3c1" names block3_conv1: each part begins the layer's, numbers in full. */
  function names(query, layer) {
    const wanted = parts(query);
    const own = parts(layer.name);
    return (
      wanted.length > 0 &&
      wanted.length <= own.length &&
      wanted.every((part, place) => (/\d/.test(part) ? part === own[place] : own[place].startsWith(part))) &&
      (wanted.length === own.length || (wanted.length === 1 && layer.name.toLowerCase() === query.toLowerCase()))
    );
  }

  function jumps(query) {
    const match = query.trim().match(/^(.*?)[\s/#:,.]+(\d+)$/);
    const found = [];
    window.ATLAS.layers.forEach((layer) => {
      if (match && names(match[1], layer)) {
        const place = layer.filters.indexOf(Number(match[2]));
        if (place >= 0) found.push([layer, place]);
      }
      if (names(query.trim(), layer)) found.push([layer, -1]);
    });
    return found;
  }

  function description(layer, place) {
    return layer.parts[place].map((part) => window.ATLAS.parts[part]).join(", ");
  }

  /* Every word of a query must begin a word of the text. */
  function wordsOf(query) {
    return query
      .toLowerCase()
      .split(/[^\p{L}\p{N}_]+/u)
      .filter(Boolean);
  }
  function fits(words, text) {
    const own = ` ${text.toLowerCase().replace(/[^\p{L}\p{N}_]+/gu, " ")}`;
    return words.length > 0 && words.every((word) => own.includes(` ${word}`));
  }

  function matches(query) {
    const words = wordsOf(query);
    const found = window.ATLAS.photographs.filter((each) => fits(words, each[1]));
    window.ATLAS.layers.forEach((layer) => {
      layer.filters.forEach((_filter, place) => {
        if (fits(words, `${layer.name} ${description(layer, place)}`)) found.push([layer, place]);
      });
    });
    return found;
  }

  /* What the scripts of single pages use. A hit of a search, once the index is there, is [layer, place of a filter in
     layer.filters], [layer, -1] for the layer itself, or [address from the root, name] of a photograph. */
  function hits(query) {
    const direct = jumps(query);
    return direct.length ? direct : matches(query);
  }
  window.atlas = { root, load, withIndex, address, description, matches: hits };

  const find = document.getElementById("find");
  const box = document.getElementById("found");
  const LIMIT = 30;

  function show() {
    const query = find.value;
    const list = box.querySelector("ul");
    const found = hits(query);
    list.replaceChildren();
    box.hidden = !query.trim();
    box.querySelector("p").textContent =
      found.length === 0
        ? "Nothing found"
        : found.length + (found.length > LIMIT ? ` found, the first ${LIMIT}:` : " found");
    found.slice(0, LIMIT).forEach((each) => {
      const layer = each[0];
      const filter = layer.filters?.[each[1]];
      const item = document.createElement("li");
      const link = document.createElement("a");
      const words = document.createElement("span");
      const more = document.createElement("small");
      if (typeof layer === "string") {
        link.href = `${root}/${layer}`;
        words.textContent = each[1];
        more.textContent = "photograph";
      } else if (each[1] < 0) {
        link.href = `${root}/${layer.folder}/index.html`;
        words.textContent = layer.name;
        more.textContent = `${layer.filters.length} in the atlas`;
      } else {
        const image = document.createElement("img");
        link.href = address(layer, filter, ".html");
        image.src = address(layer, filter, "-thumb.avif");
        image.width = image.height = 48;
        image.alt = "";
        link.append(image);
        words.textContent = `${layer.name}/${filter}`;
        more.textContent = description(layer, each[1]);
      }
      words.append(more);
      link.append(words);
      item.append(link);
      list.append(item);
    });
  }

  function close() {
    box.hidden = true;
  }

  find.addEventListener("focus", () => {
    withIndex(() => {});
  });
  find.addEventListener("input", () => {
    withIndex(show);
  });
  find.form.addEventListener("submit", (event) => {
    event.preventDefault();
    withIndex(() => {
      show();
      const first = box.querySelector("a");
      if (first) location.href = first.href;
    });
  });
  find.form.addEventListener("keydown", (event) => {
    const links = Array.from(box.querySelectorAll("a"));
    const at = links.indexOf(document.activeElement);
    if (event.key === "Escape") {
      close();
      find.focus();
    }
    if ((event.key !== "ArrowDown" && event.key !== "ArrowUp") || box.hidden) return;
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    (links[next] || (next < 0 ? find : links[at] || find)).focus();
  });
  document.addEventListener("click", (event) => {
    if (!find.form.contains(event.target)) close();
  });
  find.form.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !find.form.contains(event.relatedTarget)) close();
  });

  document.getElementById("random").addEventListener("click", () => {
    withIndex(() => {
      const layers = window.ATLAS.layers;
      const total = layers.reduce((sum, layer) => sum + layer.filters.length, 0);
      let place = Math.floor(Math.random() * total);
      let index = 0;
      while (place >= layers[index].filters.length) place -= layers[index++].filters.length;
      location.href = address(layers[index], layers[index].filters[place], ".html");
    });
  });

  /* Arrow keys turn pages, where nothing else needs them. */
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
    if (event.target.closest("input, select, textarea, summary, [tabindex]")) return;
    const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    const link = rel && document.querySelector(`a[rel=${rel}]`);
    if (link) location.href = link.href;
  });
})();
