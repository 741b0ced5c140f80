/* Finding and turning pages, and what the scripts of single pages share. Every page is complete without this. */
(() => {
  "use strict";
  const own = document.currentScript;
  const root = own.dataset.root.replace(/\/$/, "");
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
    load(`${root}/assets/search.js`, () => load(own.src.replace(/atlas(?=\.js[^/]*$)/, "find"), done));
  }

  /* No page but the one for lost addresses is called 404.html. */
  function address(layer, filter, ending) {
    const name = `${String(filter).padStart(3, "0")}${ending}`;
    return `${root}/${layer.folder}/${name === "404.html" ? "filter-404.html" : name}`;
  }
  function description(layer, place) {
    return layer.parts[place].map((part) => window.ATLAS.parts[part]).join(", ");
  }
  /* What was chosen is kept, where the browser lets it be. */
  function kept(key, value) {
    try {
      if (value === undefined) return localStorage.getItem(key);
      localStorage.setItem(key, value);
    } catch {
      return null;
    }
  }

  /* The names of the filters that are compared; whatever else was put there is none. */
  function compared(list) {
    if (list) kept("atlas-compare", JSON.stringify(list));
    try {
      return list || JSON.parse(kept("atlas-compare")).map(String);
    } catch {
      return [];
    }
  }

  window.atlas = { root, load, withIndex, address, description, kept, compared };

  /* The finder is a form that leads to the page of searches; what it offers while one types comes with the index. */
  document.getElementById("find").addEventListener("focus", () => {
    withIndex(() => {});
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

  /* A text to copy gets a button; where that may not copy, the text is selected. */
  document.querySelectorAll(".copyable").forEach((each) => {
    const button = document.createElement("button");
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(each.querySelector("pre").textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(each.querySelector("pre"));
        button.textContent = "Selected";
      }
    });
    each.querySelector("h3").append(" ", button);
  });

  /* Arrow keys walk through a grid of pictures; elsewhere they turn pages, where nothing else needs them. */
  function walk(tile, key) {
    const tiles = Array.from(document.querySelectorAll(".tiles > a")).filter((each) => each.offsetParent);
    const top = tiles[0].offsetTop;
    const across = Math.max(1, tiles.filter((each) => each.offsetTop === top).length);
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[key];
    return step && (tiles[tiles.indexOf(tile) + step] || tile);
  }
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
    if (event.target.closest("input, select, textarea, summary, [tabindex]")) return;
    const tile = event.target.closest(".tiles > a");
    const next = tile && walk(tile, event.key);
    const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    const turned = rel && !tile && document.querySelector(`a[rel=${rel}]`);
    if (next) {
      event.preventDefault();
      next.focus();
    }
    if (turned) location.href = turned.href;
  });
})();
