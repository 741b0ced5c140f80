/* All hits of a search as tiles: of the query in the address, search.html#q=orange+stripes, or of a lost page's path. */
(() => {
  "use strict";
  const { atlas } = window;
  const box = document.getElementById("results");
  const isLost = "lost" in box.dataset;
  const title = document.title;
  const find = document.getElementById("find");

  /* A form that was sent before the finder was there has another address than what is shared. */
  const sent = new URLSearchParams(location.search).get("q");
  if (sent && !isLost) {
    const address = new URL(location.href);
    address.search = "";
    address.hash = new URLSearchParams({ q: sent });
    history.replaceState(null, "", address);
  }

  function query() {
    const given = location.hash.startsWith("#q=") ? location.hash.slice(1) : location.search;
    return (new URLSearchParams(given).get("q") || "").trim();
  }

  function show() {
    const asked = query();
    box.hidden = !asked;
    for (const id of ["about-words", "all-words"]) {
      if (!isLost) document.getElementById(id).hidden = asked !== "";
    }
    if (!asked && !isLost) return;
    atlas.withIndex(() => {
      const wanted = isLost ? location.href : asked;
      const { hits, advice } = atlas.search(wanted);
      const [status, , others] = box.querySelectorAll("p, ul");
      const list = box.querySelector("ul");
      const tiles = hits.filter((each) => each[0].filters && each[1] >= 0);
      const filters = `${tiles.length.toLocaleString("en")} ${tiles.length === 1 ? "filter" : "filters"}`;
      if (isLost) {
        box.hidden = hits.length + advice.length === 0;
        status.textContent = hits.length ? "You may have meant:" : "";
      } else {
        find.value = wanted;
        document.title = `${wanted} – ${title}`;
        const none = `Nothing found for “${wanted}”. The words, listed above, describe colours and forms, not things.`;
        status.textContent = hits.length ? `${filters} for “${wanted}”` : none;
      }
      list.replaceChildren(
        ...advice.map(([text, other]) => {
          const item = document.createElement("li");
          const link = document.createElement("a");
          link.href = atlas.results(other);
          link.textContent = text;
          item.append(link);
          return item;
        }),
      );
      others.replaceChildren(...hits.filter((each) => !tiles.includes(each)).map((each) => atlas.link(each, 96)));
      box.querySelector(".tiles").replaceChildren(
        ...tiles.slice(0, isLost ? 12 : tiles.length).map((each) => {
          const tile = atlas.link(each, 96);
          tile.querySelector("img").alt = atlas.description(...each);
          tile.querySelector("small").remove();
          return tile;
        }),
      );
    });
  }

  /* A word that is chosen joins those that are searched for already, or leaves them. */
  document.querySelectorAll("[data-word]").forEach((chip) => {
    chip.addEventListener("click", (event) => {
      event.preventDefault();
      const words = query().split(/\s+/).filter(Boolean);
      const others = words.filter((word) => word !== chip.dataset.word);
      const next = others.length < words.length ? others : [...words, chip.dataset.word];
      location.hash = new URLSearchParams({ q: next.join(" ") });
    });
  });
  window.addEventListener("hashchange", show);
  if (query() && !isLost) document.getElementById("vocabulary").open = false;
  show();
})();
