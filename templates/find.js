/* The search: what a query means, and what is offered while one types. Loaded with the index, when first needed. */
(() => {
  "use strict";
  const { layers, parts, photographs } = window.ATLAS;
  const synonyms = new Map(Object.entries(window.ATLAS.synonyms));
  const { root, address, description } = window.atlas;
  const NOISE = new Set(
    "a all an and are channel feature filter filters find for in is layer layers like look looks me no nr number of picture pictures show that the to unit units which with".split(
      " ",
    ),
  );

  const isNumber = (part) => /^\d+$/.test(part);
  const split = (text) => text.toLowerCase().match(/\p{L}+|\d+/gu) || [];

  /* A layer is named as the network does, "block4_conv1", or as papers and Caffe would, "conv4_1", "4_1". */
  const forms = layers.map((layer) => {
    const own = split(layer.name);
    const numbers = own.filter(isNumber);
    const words = own.filter((part) => !isNumber(part));
    const all = numbers.length > 1 ? [own, numbers, ...words.map((word) => [word, ...numbers])] : [own];
    return all.map((form) => Object.assign(form, { own }));
  });
  const described = parts.map(split);
  const vocabulary = new Set(described.flat());

  /* What a form of a layer's name takes of a query from a place on: words begin its words, numbers are its numbers.
     Part of a name will do where that has a number: "b4". In "b4c1243" the filter's number follows without a gap. */
  function taken(form, query, at) {
    let count = 0;
    const fits = (part, own) => (isNumber(part) ? part === own : own.startsWith(part));
    while (count < form.length && at + count < query.length && fits(query[at + count], form[count])) count++;
    const next = query[at + count] || "";
    const named = query.slice(at, at + count);
    const hasNumber = named.some(isNumber);
    const rest = [...query.slice(0, at), ...query.slice(at + count)];
    if (count === form.length) return (hasNumber || named.join() === form.join()) && { count, rest, whole: true };
    if (!hasNumber) return false;
    if (isNumber(next) && isNumber(form[count]) && !isNumber(form[count - 1])) {
      const glued = count === form.length - 1 && next.startsWith(form[count]);
      if (glued) rest[at] = next.slice(form[count].length);
      return glued && { count, rest, whole: true, glued };
    }
    /* "block9_conv1" is no filter 9 of conv1_1 and conv1_2. */
    const isOther = rest.some((part) => form.own.some((own) => !isNumber(part) && own.startsWith(part)));
    return !isNumber(form[0]) && !isOther && { count, rest, whole: false };
  }

  /* The layers that a query names, and what else it says. */
  function named(query) {
    let found = [];
    layers.forEach((layer, place) => {
      const all = forms[place].flatMap((form) => query.map((_, at) => taken(form, query, at)).filter(Boolean));
      all.sort((a, b) => b.whole - a.whole || b.count - a.count);
      if (all.length) found.push({ layer, ...all[0] });
    });
    for (const better of [(each) => each.whole && !each.glued, (each) => each.whole]) {
      if (found.some(better)) found = found.filter(better);
    }
    const most = Math.max(...found.map((each) => each.count));
    return found.filter((each) => each.whole || each.count === most);
  }

  function said(query) {
    return {
      numbers: query.filter(isNumber).map(Number),
      words: query.filter((part) => !isNumber(part) && !NOISE.has(part)),
    };
  }

  /* A word as it is if the atlas knows it, by its synonyms, or without its ending: "striped", "spots". */
  function meanings(word) {
    const begins = (stem) => [...vocabulary].some((known) => known.startsWith(stem));
    if (synonyms.has(word)) return [word, ...split(synonyms.get(word))];
    if (begins(word)) return [word];
    const stems = ["s", "es", "d", "ed", "y", "ish", "ing"]
      .filter((ending) => word.endsWith(ending))
      .map((ending) => word.slice(0, -ending.length))
      .filter((stem) => stem.length > 3 || (stem.length === 3 && /(s|ish)$/.test(word)));
    const stem = stems.find((each) => synonyms.has(each)) || stems.find(begins);
    return stem ? [stem, ...split(synonyms.get(stem) || "")] : [word];
  }

  /* Return a test of whether a filter's description, or its layer's name, has a word. */
  const tests = new Map();
  function having(word) {
    if (!tests.has(word)) tests.set(word, testOf(word));
    return tests.get(word);
  }
  function testOf(word) {
    const stems = meanings(word);
    const begins = (own) => stems.some((stem) => own.startsWith(stem));
    const told = described.map((each) => each.some(begins));
    const layersOf = new Set(layers.filter((layer) => split(layer.name).some((own) => own.startsWith(word))));
    return (layer, place) => layersOf.has(layer) || layer.parts[place].some((part) => told[part]);
  }

  function filters(layer, { numbers, words }) {
    if (numbers.length > 1) return [];
    const wanted = words.map(having);
    const places = numbers.length ? [layer.filters.indexOf(numbers[0])] : layer.filters.map((_, place) => place);
    return places
      .filter((place) => place >= 0 && wanted.every((test) => test(layer, place)))
      .map((place) => [layer, place]);
  }

  function everywhere(query) {
    const wanted = said(query);
    const found = photographs.filter((each) => {
      const own = split(each[1]);
      return query.length && query.every((part) => own.some((word) => word.startsWith(part)));
    });
    if (!wanted.words.length && !wanted.numbers.length) return found;
    return found.concat(layers.flatMap((layer) => filters(layer, wanted)));
  }

  /* Letters to change, add, leave out. */
  function distance(a, b) {
    let row = [...b, ""].map((_, place) => place);
    for (const letter of a) {
      const next = [row[0] + 1];
      [...b].forEach((other, across) => {
        next.push(Math.min(row[across] + (letter !== other), row[across + 1] + 1, next[across] + 1));
      });
      row = next;
    }
    return row[b.length];
  }
  /* Of [distance, what to offer], the nearest: two letters away at most, fewer in short words. */
  function nearest(pairs, length) {
    const most = length < 4 ? 0 : length < 6 ? 1 : 2;
    const least = Math.min(most, ...pairs.map((each) => each[0]));
    const near = pairs.filter((each) => each[0] === least);
    return near.slice(0, 3).map((each) => each[1]);
  }
  /* Layers that a query nearly names, with what follows: "blok4_conv1 243". */
  function misspelt(query) {
    const pairs = forms.map(([{ own }], place) => [
      distance(query.slice(0, own.length).join(), own.join()),
      [layers[place].name, ...query.slice(own.length)].join(" "),
    ]);
    return nearest(pairs, query.join().length);
  }

  function advice(query, candidates) {
    const lines = [];
    const range = (layer) => `filters 0 to ${layer.total - 1}`;
    const whole = candidates.filter((each) => each.whole);
    whole.forEach(({ layer, rest }) => {
      const [number, ...more] = said(rest).numbers;
      if (number === undefined || more.length || layer.filters.includes(number)) return;
      const inAtlas = `filter ${number} of ${layer.name} is not in this atlas, which has ${layer.filters.length} of its ${layer.total}`;
      lines.push([number < layer.total ? inAtlas : `${layer.name} has ${range(layer)}`, layer.name]);
    });
    if (lines.length) return lines;
    const { numbers, words } = said(query);
    const largest = layers.reduce((most, layer) => (layer.total > most.total ? layer : most));
    if (numbers.length === 1 && numbers[0] >= largest.total)
      lines.push([`The largest layer has ${range(largest)}`, largest.name]);
    const alike = whole.length ? [] : misspelt(query);
    if (alike.length) return lines.concat(alike.map((each) => [`Did you mean ${each}?`, each]));
    const count = (word) => everywhere([word]).length;
    const known = words.filter(count);
    for (const word of words.filter((each) => !known.includes(each))) {
      const pairs = [...vocabulary, ...synonyms.keys()].map((each) => [distance(word, each), each]);
      nearest(pairs, word.length).forEach((other) => {
        lines.push([`Did you mean ${other}?`, words.map((each) => (each === word ? other : each)).join(" ")]);
      });
    }
    const alone = (word) => `${count(word).toLocaleString("en")} with “${word}” alone`;
    const isPart = known.length < words.length + numbers.length || known.length > 1;
    return isPart ? lines.concat(known.map((word) => [alone(word), word])) : lines;
  }

  function answerTo(query) {
    const candidates = named(query);
    const hits = [];
    for (const { layer, rest } of candidates) {
      const wanted = said(rest);
      if (!wanted.numbers.length && !wanted.words.length) hits.push([layer, -1]);
      hits.push(...filters(layer, wanted));
    }
    hits.sort((a, b) => (b[1] < 0) - (a[1] < 0));
    const [first, second] = candidates;
    const one = hits.length && first?.whole && !second && !said(first.rest).words.length;
    if (!hits.length) hits.push(...everywhere(query));
    return { hits, direct: hits.length === 1 || one ? hits[0] : undefined, advice: [], candidates };
  }
  /* What is pasted: an address, a file's name, "vgg16-block4_conv1-243.png". */
  function pasted(text) {
    const parts = text.replace(/^\w+:\/+[^/]*|(?<=\S)[?#].*/g, "").split("/");
    const layer = layers.find((each) => parts.includes(each.folder));
    const named = layer ? [layer.name, ...parts.slice(parts.indexOf(layer.folder) + 1)] : parts.slice(-2);
    const query = split(named.join(" ").replace(/(index|-[a-z]+)?(\.[a-z]+)+$/i, ""));
    const network = split(window.ATLAS.network);
    return `${query}`.startsWith(`${network},`) ? query.slice(network.length) : query;
  }

  /* Hits, each [layer, place in layer.filters], [layer, -1] for a layer, or [address, name] of a photograph; the one
     that is meant, if clear; where there are none, advice: [what to say, what to search for instead]. */
  function search(text) {
    const asked = answerTo(split(text));
    if (asked.hits.length) return asked;
    const query = pasted(text);
    const answer = answerTo(query);
    if (!answer.hits.length && query.length) answer.advice = advice(query, answer.candidates);
    return answer;
  }

  function results(query) {
    return `${root}/search.html#${new URLSearchParams({ q: query })}`;
  }

  /* A hit as it is shown: a link with the picture, if it has one, and words. */
  function link([layer, place], side) {
    const [shown, words, more] = ["a", "span", "small"].map((name) => document.createElement(name));
    if (typeof layer === "string") {
      shown.href = `${root}/${layer}`;
      words.textContent = place;
      more.textContent = "photograph";
    } else if (place < 0) {
      shown.href = `${root}/${layer.folder}/index.html`;
      words.textContent = layer.name;
      more.textContent = `layer, ${layer.filters.length} in the atlas`;
    } else {
      const image = document.createElement("img");
      const filter = layer.filters[place];
      shown.href = address(layer, filter, ".html");
      const src = address(layer, filter, "-thumb.avif");
      shown.append(Object.assign(image, { loading: "lazy", width: side, height: side, alt: "", src }));
      // In a narrow tile a name breaks where its parts end.
      `${layer.name}/${filter}`.split(/(?<=[^\p{L}\d])/u).forEach((part) => {
        words.append(part, document.createElement("wbr"));
      });
      more.textContent = description(layer, place);
    }
    words.append(more);
    shown.append(words);
    return shown;
  }
  Object.assign(window.atlas, { search, results, link });

  /* The finder: a field, and the hits below it, of which the arrow keys choose one. */
  const find = document.getElementById("find");
  const LISTED = {
    role: "combobox",
    "aria-expanded": "false",
    "aria-autocomplete": "list",
    "aria-controls": "hits-list",
  };
  const TYPED = { autocapitalize: "none", spellcheck: "false" };
  Object.entries({ ...LISTED, ...TYPED }).forEach((each) => {
    find.setAttribute(...each);
  });
  find.form.insertAdjacentHTML(
    "beforeend",
    '<div id="hits" hidden><p role="status"></p>' +
      '<div id="hits-list" role="listbox" aria-label="Filters found"></div></div>',
  );
  const box = document.getElementById("hits");
  const list = document.getElementById("hits-list");
  const MOST = 12;
  let at = -1;

  function open(isOpen) {
    box.hidden = !isOpen;
    find.setAttribute("aria-expanded", isOpen && list.children.length > 0);
    choose(-1);
  }
  function choose(place) {
    at = place;
    [...list.children].forEach((each, other) => {
      each.setAttribute("aria-selected", other === place);
      if (other === place) each.scrollIntoView({ block: "nearest" });
    });
    if (place < 0) find.removeAttribute("aria-activedescendant");
    else find.setAttribute("aria-activedescendant", list.children[place].id);
  }
  function offer(shown) {
    shown.setAttribute("role", "option");
    shown.tabIndex = -1;
    shown.id = `hits-${list.children.length}`;
    list.append(shown);
  }
  function offerWords(text, query) {
    const shown = document.createElement("a");
    shown.href = results(query);
    shown.textContent = text;
    offer(shown);
  }

  function show() {
    const query = find.value.trim();
    const { hits, advice } = search(query);
    list.replaceChildren();
    for (const each of hits.slice(0, MOST)) offer(link(each, 48));
    if (hits.length > MOST) offerWords(`All ${hits.length.toLocaleString("en")}`, query);
    for (const each of advice) offerWords(...each);
    box.querySelector("p").textContent = hits.length ? `${hits.length.toLocaleString("en")} found` : "Nothing found";
    open(query !== "");
  }

  find.addEventListener("input", show);
  find.form.addEventListener("submit", (event) => {
    event.preventDefault();
    const query = find.value.trim();
    const chosen = list.children[at];
    const { direct } = search(query);
    open(false);
    location.href = chosen ? chosen.href : direct ? link(direct, 0).href : results(query);
  });
  find.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const count = list.children.length;
    if (event.key === "Escape") open(false);
    if (!step || box.hidden || !count) return;
    event.preventDefault();
    choose(at + step >= count ? -1 : at + step < -1 ? count - 1 : at + step);
  });
  document.addEventListener("click", (event) => {
    if (!find.form.contains(event.target) || event.target.closest("#hits a")) open(false);
  });
  find.form.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !find.form.contains(event.relatedTarget)) open(false);
  });
  if (document.activeElement === find && find.value) show();
})();
