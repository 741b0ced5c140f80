/* A layer: its order, the size of its tiles, arrow keys among them. The page is complete without this. */
(() => {
  "use strict";
  const runs = Array.from(document.querySelectorAll(".run"));
  const tiles = Array.from(document.querySelectorAll(".tiles > a"));
  const homes = new Map(tiles.map((tile) => [tile, tile.parentElement]));

  /* One stop of the keyboard for all tiles, or all places of the mosaic: the arrow keys move among them. */
  document.querySelectorAll(".filters, .mosaic").forEach((view) => {
    const links = () => Array.from(view.querySelectorAll(".tiles > a, .whole a"));
    const stop = (link) => {
      links().forEach((each) => {
        each.tabIndex = each === link ? 0 : -1;
      });
    };
    stop(links()[0]);
    view.addEventListener("focusin", (event) => {
      if (event.target.matches(".tiles > a, .whole a")) stop(event.target);
    });
    view.addEventListener("keydown", (event) => {
      const all = links();
      const at = all.indexOf(event.target);
      if (at < 0 || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const grid = getComputedStyle(event.target.parentElement);
      const columns = grid.gridTemplateColumns.split(" ").length;
      const forward = grid.direction === "rtl" ? -1 : 1;
      const steps = { ArrowLeft: -forward, ArrowRight: forward, ArrowUp: -columns, ArrowDown: columns };
      const step = { ...steps, Home: -at, End: all.length - 1 - at }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      all[at + step]?.focus();
    });
  });

  const sort = document.getElementById("sort");
  const size = document.getElementById("size");
  if (!sort) return;

  const page = document.documentElement;
  function resize(px) {
    page.style.setProperty("--tile", `${px}px`);
  }
  const chosen = Number(window.atlas.kept("atlas-tile"));
  if (chosen) resize(chosen);
  size.value = parseInt(getComputedStyle(page).getPropertyValue("--tile"), 10);
  size.addEventListener("input", () => {
    resize(size.value);
    window.atlas.kept("atlas-tile", size.value);
  });

  /* A sorted layer is one run; an order that is none puts every tile back. What leads from it keeps the order. */
  function show(name) {
    const order = window.ATLAS_SORT?.[name];
    (order || tiles.map((tile) => tile.id)).forEach((number) => {
      const tile = document.getElementById(number);
      homes.get(order ? tiles[0] : tile).append(tile);
      tile.search = order ? `sort=${name}` : "";
    });
    runs.forEach((run, place) => {
      run.hidden = order && place > 0;
      run.querySelector("h3").hidden = order;
    });
    const jump = document.querySelector(".jump");
    if (jump) jump.hidden = order;
  }
  sort.addEventListener("change", () => {
    const address = new URL(location.href);
    address.search = sort.value === "filter" ? "" : `sort=${sort.value}`;
    address.hash = "";
    history.replaceState(null, "", address);
    window.atlas.load("sort.js", () => {
      show(sort.value);
    });
  });
  const asked = new URLSearchParams(location.search).get("sort");
  sort.value = Array.from(sort.options).some((each) => each.value === asked) ? asked : "filter";
  if (sort.value === "filter") return;
  /* The browser itself goes to where the tile was, smoothly, and may arrive when all is loaded. */
  function goThere() {
    document.querySelector(".tiles > a:target")?.scrollIntoView({ block: "center", behavior: "instant" });
  }
  window.atlas.load("sort.js", () => {
    show(sort.value);
    goThere();
    if (document.readyState !== "complete") addEventListener("load", goThere);
    const arrived = performance.now() + 1500;
    const correct = () => performance.now() < arrived && goThere();
    addEventListener("scrollend", correct, { once: true });
  });
})();
