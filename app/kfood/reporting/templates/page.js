"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const { gallery, pictures } = read("gallery-data");
  const thumbnails = read("thumbnail-data");
  const { classes, folder, paths, runs } = gallery;
  const STEP = 60; // tiles at a time
  const LABEL = 0, PREDICTED = 1, PROBABILITY = 2, LOSS = 3, TOP = 4;
  const EMPTY = ["photo not found", "no picture: left out to keep the page small"];
  const HASH = "#photos&"; // what a link to a filtered view begins with

  const byId = (id) => document.getElementById(id);
  const form = byId("filters"), tiles = byId("tiles"), dialog = byId("photo");
  let chosen = []; // numbers of the photos that pass the filters, in order
  let shown = 0; // how many of them have a tile
  let opened = 0; // place in `chosen` of the photo in the dialog

  // All text comes from data, so all of it goes in as text, never as markup.
  const element = (name, className, ...inside) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...inside);
    return made;
  };
  const isolated = (text) => element("bdi", "", text);
  const number = (value, digits) => (value === null ? "–" : value.toFixed(digits));
  const percent = (share) => (share === null ? "–" : (100 * share).toFixed(share > 0.9995 || share < 0.0995 ? 1 : 0) + "%");
  const fileName = (path) => path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  const plain = (text) => text.normalize("NFC").toLowerCase();
  const isRight = (answer) => answer[LABEL] === answer[PREDICTED];
  const run = () => runs[form.run ? form.run.selectedIndex : 0];
  const names = paths.map((path) => plain(fileName(path)));

  const disagree = paths.map((_, photo) => {
    const said = runs.map((one) => one.photos[photo]).filter(Boolean).map((answer) => answer[PREDICTED]);
    return new Set(said).size > 1;
  });

  function picture(photo, alt) {
    const content = thumbnails[photo];
    if (typeof content !== "string") return element("span", "empty", EMPTY[content]);
    const image = element("img", "");
    image.alt = alt;
    image.decoding = "async";
    image.src = "data:image/webp;base64," + content;
    return image;
  }

  function said(answer) {
    const right = isRight(answer);
    const sign = element("span", "", right ? "✓ " : "✗ ");
    sign.setAttribute("aria-hidden", "true");
    return element("span", "answer " + (right ? "right" : "wrong"), sign,
      element("span", "unseen", right ? "right: " : "wrong: predicted "), isolated(classes[answer[PREDICTED]]),
      " " + percent(answer[PROBABILITY]));
  }

  function tile(photo, place) {
    const answer = run().photos[photo];
    const button = element("button", "tile " + (isRight(answer) ? "right" : "wrong"));
    button.type = "button";
    button.dataset.place = place;
    if (pictures) button.append(picture(photo, ""));
    button.append(element("span", "text",
      element("span", "true", isolated(classes[answer[LABEL]])), said(answer),
      element("span", "loss", "loss " + number(answer[LOSS], 2))));
    return element("li", "", button);
  }

  function showMore() {
    const until = Math.min(chosen.length, shown + STEP);
    tiles.append(...chosen.slice(shown, until).map((photo, at) => tile(photo, shown + at)));
    shown = until;
    const left = chosen.length - shown;
    byId("more").hidden = left === 0;
    byId("more").textContent = `Show more (${left.toLocaleString("en")} left)`;
  }

  function passes(photo, wanted) {
    const answer = run().photos[photo];
    return answer
      && (wanted.true === "" || answer[LABEL] === Number(wanted.true))
      && (wanted.predicted === "" || answer[PREDICTED] === Number(wanted.predicted))
      && (wanted.only === "" || isRight(answer) === (wanted.only === "right"))
      && (!wanted.disagree || disagree[photo])
      && names[photo].includes(wanted.file);
  }

  function sorted(photos, order) {
    const field = order.startsWith("probability") ? PROBABILITY : LOSS;
    const sign = order.endsWith("-up") ? 1 : -1;
    const value = (photo) => run().photos[photo][field];
    return photos.sort((a, b) => { // a value that is not known comes last
      if (value(a) === null || value(b) === null) return (value(a) === null) - (value(b) === null);
      return sign * (value(a) - value(b));
    });
  }

  function show() {
    const wanted = {
      true: form.true.value, predicted: form.predicted.value, only: form.only.value,
      file: plain(form.file.value.trim()), disagree: Boolean(form.disagree && form.disagree.checked),
    };
    const numbers = paths.map((_, photo) => photo);
    chosen = sorted(numbers.filter((photo) => passes(photo, wanted)), form.sort.value);
    const total = run().photos.filter(Boolean).length;
    byId("count").textContent = `${chosen.length.toLocaleString("en")} of ${total.toLocaleString("en")} photos`;
    byId("download").disabled = chosen.length === 0;
    tiles.replaceChildren();
    shown = 0;
    showMore();
  }

  // The filters in the address: classes and runs by name, so that a link means the same in a later report.
  const controls = () => [...form.elements].filter((one) => one.name);
  const inWords = (one) => {
    if (one.type === "checkbox") return one.checked ? "yes" : "";
    if (one.value === "" || (one.name === "run" && one.selectedIndex === 0)) return "";
    if (one.name === "run") return runs[one.selectedIndex].name;
    return one.name === "true" || one.name === "predicted" ? classes[Number(one.value)] : one.value;
  };

  function keepInHash() {
    const pairs = controls().map((one) => [one.name, inWords(one)]).filter(([, value]) => value);
    const hash = pairs.length ? HASH + new URLSearchParams(pairs) : "#photos";
    if (location.hash !== hash) history.replaceState(null, "", hash);
  }

  function takeFromHash() {
    if (!location.hash.startsWith(HASH)) return false;
    const found = new URLSearchParams(location.hash.slice(HASH.length));
    for (const one of controls()) {
      const value = found.get(one.name) ?? "";
      if (one.type === "checkbox") one.checked = value === "yes";
      else if (one.name === "run") one.selectedIndex = Math.max(0, runs.findIndex((of) => of.name === value));
      else if (one.name === "true" || one.name === "predicted") {
        const known = classes.indexOf(value);
        one.value = known < 0 ? "" : String(known);
      } else one.value = value;
      if (one.tagName === "SELECT" && one.selectedIndex < 0) one.selectedIndex = 0;
    }
    return true;
  }

  function fillSelects() {
    if (form.run) runs.forEach((one, at) => form.run.append(new Option(one.name, at)));
    for (const [select, field] of [[form.true, LABEL], [form.predicted, PREDICTED]]) {
      const used = new Set(runs.flatMap((one) => one.photos.filter(Boolean).map((answer) => answer[field])));
      select.append(new Option("all", ""));
      classes.forEach((name, at) => { if (used.has(at)) select.append(new Option(name, at)); });
    }
  }

  function topTable(answer) {
    const table = element("table", "");
    for (let at = TOP; at < answer.length; at += 2) {
      const bar = element("span", "share");
      bar.style.width = 100 * (answer[at + 1] ?? 0) + "%";
      const value = element("td", "number", answer[at + 1] === null ? "–" : (100 * answer[at + 1]).toFixed(1) + "%");
      const name = element("td", "", isolated(classes[answer[at]]), answer[at] === answer[LABEL] ? " (true)" : "");
      table.append(element("tr", "", name, element("td", "", bar), value));
    }
    return table;
  }

  function fillDialog(place) {
    opened = place;
    const photo = chosen[place];
    const answer = run().photos[photo];
    byId("photo-title").replaceChildren(element("span", "", "True class: "), isolated(classes[answer[LABEL]]));
    byId("photo-picture").replaceChildren(...(pictures ? [picture(photo, fileName(paths[photo]))] : []));
    const facts = [];
    for (const one of runs) {
      const of = one.photos[photo];
      if (!of || (runs.length === 1 && facts.length)) continue;
      if (runs.length > 1) facts.push(element("h4", "", isolated(one.name)));
      facts.push(element("p", "", said(of), ", loss " + number(of[LOSS], 3)), topTable(of));
    }
    byId("photo-facts").replaceChildren(...facts, element("p", "path", isolated(folder + paths[photo])));
    byId("place").textContent = `${(place + 1).toLocaleString("en")} of ${chosen.length.toLocaleString("en")}`;
    byId("previous").disabled = place === 0;
    byId("next").disabled = place === chosen.length - 1;
  }

  function turn(by) {
    const place = opened + by;
    if (place < 0 || place >= chosen.length) return;
    while (place >= shown) showMore();
    fillDialog(place);
  }

  function csv() {
    const cell = (value) => {
      const text = String(value ?? "");
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const rows = chosen.map((photo) => {
      const answer = run().photos[photo];
      return [folder + paths[photo], classes[answer[LABEL]], classes[answer[PREDICTED]], answer[PROBABILITY],
        answer[LOSS], isRight(answer) ? "yes" : "no", run().name];
    });
    const head = ["path", "label", "predicted", "probability", "loss", "right", "run"];
    // the mark at the beginning lets Excel see that it is UTF-8
    return "\ufeff" + [head, ...rows].map((row) => row.map(cell).join(",") + "\r\n").join("");
  }

  function download() {
    const link = element("a", "");
    link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv;charset=utf-8" }));
    link.download = "photos.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  function openTile(event) {
    const button = event.target.closest(".tile");
    if (!button) return;
    fillDialog(Number(button.dataset.place));
    dialog.showModal();
  }

  function changed() {
    keepInHash();
    show();
  }

  fillSelects();
  const linked = takeFromHash();
  byId("gallery").hidden = false;
  show();
  if (linked) byId("photos").scrollIntoView();

  form.file.addEventListener("input", changed);
  form.addEventListener("change", (event) => { if (event.target !== form.file) changed(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(changed)); // once the controls are reset
  byId("more").addEventListener("click", () => {
    const first = shown;
    showMore();
    tiles.children[first]?.firstElementChild.focus({ preventScroll: true }); // the button may be gone now
  });
  byId("download").addEventListener("click", download);
  tiles.addEventListener("click", openTile);
  byId("close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") turn(-1);
    if (event.key === "ArrowRight") turn(1);
  });
  dialog.addEventListener("close", () => tiles.children[opened]?.firstElementChild.focus());
  byId("previous").addEventListener("click", () => turn(-1));
  byId("next").addEventListener("click", () => turn(1));
  window.addEventListener("hashchange", () => { if (takeFromHash()) { show(); byId("photos").scrollIntoView(); } });

  // On paper nothing can be opened, so everything is.
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((one) => { one.open = true; });
  });
  window.addEventListener("afterprint", () => closed.forEach((one) => { one.open = false; }));
})();
