/* A filter: its neighbours in the layer's order, its pixels, how it emerged, what is copied. Complete without this. */
(() => {
  "use strict";
  const all = (selector) => document.querySelectorAll(selector);
  const at = (id) => document.getElementById(id);
  const compare = at("compare");
  const own = decodeURIComponent(compare.hash.slice(1));

  /* Neighbours follow the order in which the layer was left. */
  const folder = location.pathname.split("/").slice(-2)[0];
  const asked = new URLSearchParams(location.search).get("sort");
  function turn(rel, filter) {
    all(`a[rel=${rel}]`).forEach((link) => {
      link.hidden = filter === undefined;
      if (link.hidden) return;
      link.href = `${window.atlas.address({ folder }, filter, ".html")}?sort=${asked}`;
      link.lastChild.data = filter;
    });
  }
  if (asked) {
    window.atlas.load("sort.js", () => {
      const order = window.ATLAS_SORT[asked];
      if (!order) return;
      const place = order.indexOf(Number(own.split("/").pop()));
      turn("prev", order[place - 1]);
      turn("next", order[place + 1]);
      all("a[rel=up]")[0].search = `sort=${asked}`;
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat) return;
    if (event.defaultPrevented || event.target.closest("input, select, textarea, [tabindex]")) return;
    /* At the top of the page this key has nothing to scroll. */
    if (event.key === "ArrowUp" && scrollY === 0) location.href = all("a[rel=up]")[0].href;
  });

  document
    .querySelector("main")
    .insertAdjacentHTML(
      "beforeend",
      '<p class="note keys">Keys: <kbd>←</kbd> and <kbd>→</kbd> turn pages, in the order that the layer was sorted by; ' +
        "<kbd>↑</kbd> at the top of a page leads to the layer.</p>",
    );

  all(".patches img").forEach((each) => {
    each.title = each.alt;
  });

  function toggle(button, key) {
    const set = (on) => {
      button.setAttribute("aria-pressed", on);
      document.documentElement.classList.toggle(button.id, on);
    };
    set(Boolean(key) && window.atlas.kept(key) === "true");
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      set(on);
      if (key) window.atlas.kept(key, on);
    });
  }
  toggle(at("pixels"), "atlas-pixels");
  if (at("unframed")) toggle(at("unframed"));

  /* From disk a picture is shown instead of kept: beside the page, not in its place. */
  if (location.protocol === "file:") {
    all("a[download]").forEach((link) => {
      link.target = "_blank";
    });
  }

  /* The film runs while it is seen, unless it is held: by the button, or at a snapshot by the slider. */
  const film = at("emergence");
  const last = film.querySelectorAll("circle").length - 1;
  if (last > 0) {
    const strip = film.querySelector(".strip");
    film.prepend(Object.assign(strip.querySelector("img").cloneNode(), { className: "film", alt: "" }));
    strip.insertAdjacentHTML(
      "beforebegin",
      '<p class="buttons"><button id="play" type="button">Pause</button> <label for="scrub" class="unseen">Snapshot' +
        `</label><input id="scrub" type="range" min="0" max="${last}" value="${last}"></p>`,
    );
    const play = at("play");
    const scrub = at("scrub");
    const hold = (place) => {
      film.classList.toggle("held", place !== null);
      film.style.setProperty("--at", place ?? "");
      play.textContent = place === null ? "Pause" : "Play";
    };
    new IntersectionObserver((entries) => {
      film.classList.toggle("moving", entries[0].isIntersecting);
    }).observe(film);
    scrub.addEventListener("input", () => {
      hold(scrub.value);
    });
    play.addEventListener("click", () => {
      if (film.classList.contains("held")) return hold(null);
      scrub.value = getComputedStyle(film).getPropertyValue("--at");
      hold(scrub.value);
    });
  }

  /* What is compared: a list of four at most, the latest last. */
  compare.addEventListener("click", () => {
    const others = window.atlas.compared().filter((each) => each !== own);
    const chosen = window.atlas.compared([...others, own].slice(-4));
    compare.hash = chosen.map((each) => encodeURIComponent(each).replaceAll("%2F", "/")).join(",");
  });
})();
