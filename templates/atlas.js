/* Finding, sorting and turning pages. Every page is complete without this. */
(function () {
  "use strict";
  var root = document.currentScript.dataset.root;

  /* Data comes as a classic script, once, when first needed: pages opened from disk may not fetch. */
  var waiting = {};
  function load(address, done) {
    if (waiting[address]) return waiting[address].push(done);
    waiting[address] = [done];
    var script = document.createElement("script");
    script.src = address;
    script.onload = function () {
      var all = waiting[address];
      waiting[address] = { push: function (next) { next(); } };
      all.forEach(function (each) { each(); });
    };
    document.head.append(script);
  }
  function withIndex(done) { load(root + "/assets/search.js", done); }

  function address(layer, filter, ending) {
    return root + "/" + layer.folder + "/" + String(filter).padStart(3, "0") + ending;
  }

  /* Letters and numbers of a name: "block3_conv1" is block, 3, conv, 1. */
  function parts(name) { return name.toLowerCase().match(/[a-z]+|\d+/g) || []; }

  /* "b3c1" names block3_conv1: each part begins the layer's, numbers in full. */
  function names(query, layer) {
    var wanted = parts(query), own = parts(layer.name);
    return wanted.length > 0 && wanted.length <= own.length && wanted.every(function (part, place) {
      return /\d/.test(part) ? part === own[place] : own[place].startsWith(part);
    }) && (wanted.length === own.length || wanted.length === 1 && layer.name.toLowerCase() === query.toLowerCase());
  }

  function jumps(query) {
    var match = query.trim().match(/^(.*?)[\s\/#:,.]+(\d+)$/), found = [];
    window.ATLAS.layers.forEach(function (layer) {
      if (match && names(match[1], layer)) {
        var place = layer.filters.indexOf(Number(match[2]));
        if (place >= 0) found.push([layer, place]);
      }
      if (names(query.trim(), layer)) found.push([layer, -1]);
    });
    return found;
  }

  /* Every word must begin a word of the description or of the layer's name. */
  function matches(query) {
    var words = query.toLowerCase().split(/[^\p{L}\p{N}_]+/u).filter(Boolean), found = [];
    if (!words.length) return found;
    window.ATLAS.layers.forEach(function (layer) {
      layer.filters.forEach(function (filter, place) {
        var text = " " + (layer.name + " " + window.ATLAS.words[layer.words[place]]).toLowerCase().replace(/[^\p{L}\p{N}_]+/gu, " ");
        if (words.every(function (word) { return text.includes(" " + word); })) found.push([layer, place]);
      });
    });
    return found;
  }

  var find = document.getElementById("find"), box = document.getElementById("found"), LIMIT = 30;

  function show() {
    var query = find.value, list = box.querySelector("ul"), direct = jumps(query);
    var found = direct.length ? direct : matches(query);
    list.replaceChildren();
    box.hidden = !query.trim();
    box.querySelector("p").textContent = found.length === 0 ? "Nothing found" :
      found.length + (found.length > LIMIT ? " found, the first " + LIMIT + ":" : " found");
    found.slice(0, LIMIT).forEach(function (each) {
      var layer = each[0], filter = layer.filters[each[1]], item = document.createElement("li");
      var link = document.createElement("a"), words = document.createElement("span"), more = document.createElement("small");
      if (each[1] < 0) {
        link.href = root + "/" + layer.folder + "/index.html";
        words.textContent = layer.name;
        more.textContent = layer.filters.length + " in the atlas";
      } else {
        var image = document.createElement("img");
        link.href = address(layer, filter, ".html");
        image.src = address(layer, filter, "-thumb.avif");
        image.width = image.height = 48;
        image.alt = "";
        link.append(image);
        words.textContent = layer.name + "/" + filter;
        more.textContent = window.ATLAS.words[layer.words[each[1]]];
      }
      words.append(more);
      link.append(words);
      item.append(link);
      list.append(item);
    });
  }

  function close() { box.hidden = true; }

  find.addEventListener("focus", function () { withIndex(function () {}); });
  find.addEventListener("input", function () { withIndex(show); });
  find.form.addEventListener("submit", function (event) {
    event.preventDefault();
    withIndex(function () {
      show();
      var first = box.querySelector("a");
      if (first) location.href = first.href;
    });
  });
  find.form.addEventListener("keydown", function (event) {
    var links = Array.from(box.querySelectorAll("a")), at = links.indexOf(document.activeElement);
    if (event.key === "Escape") { close(); find.focus(); }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp" || box.hidden) return;
    event.preventDefault();
    var next = at + (event.key === "ArrowDown" ? 1 : -1);
    (links[next] || (next < 0 ? find : links[at] || find)).focus();
  });
  document.addEventListener("click", function (event) { if (!find.form.contains(event.target)) close(); });
  find.form.addEventListener("focusout", function (event) {
    if (event.relatedTarget && !find.form.contains(event.relatedTarget)) close();
  });

  document.getElementById("random").addEventListener("click", function () {
    withIndex(function () {
      var layers = window.ATLAS.layers, total = layers.reduce(function (sum, layer) { return sum + layer.filters.length; }, 0);
      var place = Math.floor(Math.random() * total), index = 0;
      while (place >= layers[index].filters.length) place -= layers[index++].filters.length;
      location.href = address(layers[index], layers[index].filters[place], ".html");
    });
  });

  /* Arrow keys turn pages, where nothing else needs them. */
  document.addEventListener("keydown", function (event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
    if (event.target.closest("input, select, textarea, summary, [tabindex]")) return;
    var rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    var link = rel && document.querySelector("a[rel=" + rel + "]");
    if (link) location.href = link.href;
  });

  /* Sorting a layer: the tiles move into one run; "number" puts them back. */
  var sort = document.getElementById("sort");
  if (sort) {
    var runs = Array.from(document.querySelectorAll(".run")), homes = new Map(), tiles = [];
    runs.forEach(function (run) {
      run.querySelectorAll(".tiles > a").forEach(function (tile) {
        homes.set(tile, tile.parentElement);
        tiles.push(tile);
      });
    });
    var apply = function () {
      var values = window.ATLAS_SORT[sort.value], sorted = sort.value !== "filter";
      var order = tiles.map(function (_, place) { return place; });
      order.sort(function (a, b) {
        if (values[a] === null || values[b] === null) return (values[a] === null) - (values[b] === null) || a - b;
        return values[a] - values[b] || a - b;
      });
      order.forEach(function (place) {
        (sorted ? homes.get(tiles[0]) : homes.get(tiles[place])).append(tiles[place]);
      });
      runs.forEach(function (run, place) {
        run.hidden = sorted && place > 0;
        run.querySelector("h3").hidden = sorted;
      });
      var jump = document.querySelector(".jump");
      if (jump) jump.hidden = sorted;
    };
    sort.addEventListener("change", function () { load("sort.js", apply); });
    if (sort.value !== "filter") load("sort.js", apply);
  }
})();
