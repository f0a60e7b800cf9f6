"use strict";
(() => {
  const { head, rows, classes } = JSON.parse(document.getElementById("decisions-data").textContent);
  const [DIGEST, ACTION, VALUE] = head.keys();
  const byId = (id) => document.getElementById(id);
  const decided = new Map(); // rows on labels, by digest
  const grouped = rows.filter((row) => row[ACTION] === "group");
  const undone = new Set(); // names of groups
  let kept = true; // all that was decided is in a file

  for (const row of rows) if (row[ACTION] !== "group") decided.set(row[DIGEST], row);

  const option = (answer, text) => {
    const made = document.createElement("option");
    made.value = answer;
    made.textContent = text; // never as markup: it comes from data
    return made;
  };
  const labelled = (name) => option("relabel:" + name, "it is " + name);

  const selects = [...document.querySelectorAll("select[data-choice]")].map((element) => {
    const choice = JSON.parse(element.dataset.choice);
    const others = classes.filter((name) => name !== choice.own && !choice.likely.includes(name));
    element.append(option("", choice.keep), option("drop", choice.drop), ...choice.likely.map(labelled), ...others.map(labelled));
    element.addEventListener("change", () => decide(choice, element.value));
    return { element, choice };
  });
  const boxes = [...document.querySelectorAll("input[data-group]")];

  function decide(choice, answer) {
    if (answer) {
      const [action, value] = answer === "drop" ? ["drop", ""] : ["relabel", answer.slice("relabel:".length)];
      decided.set(choice.digest, [choice.digest, action, value, choice.path, choice.reason]);
    } else decided.delete(choice.digest);
    changed();
  }

  function changed() {
    kept = false;
    show();
  }

  // A photo may stand in several pairs, and a group has several: all of them say the same.
  function show() {
    for (const { element, choice } of selects) {
      const row = decided.get(choice.digest);
      const answer = !row ? "" : row[ACTION] === "drop" ? "drop" : "relabel:" + row[VALUE];
      if (![...element.options].some((one) => one.value === answer)) element.append(labelled(row[VALUE]));
      element.value = answer;
      element.classList.toggle("decided", Boolean(row));
    }
    for (const box of boxes) box.checked = !undone.has(box.dataset.group);
    const actions = [...decided.values()].map((row) => row[ACTION]);
    const drops = actions.filter((action) => action === "drop").length;
    const groups = new Set(groupRows().map((row) => row[VALUE])).size;
    byId("count").textContent = `${drops} to drop, ${actions.length - drops} with another label, ${groups} groups kept together`;
    if (byId("text").closest("details").open) byId("text").value = csv();
  }

  const groupRows = () => grouped.filter((row) => !undone.has(row[VALUE]));
  const cell = (text) => (/[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const csv = () => [head, ...decided.values(), ...groupRows()].map((row) => row.map(cell).join(",") + "\r\n").join("");

  function download() {
    const link = document.createElement("a");
    // the mark at the beginning lets Excel see that it is UTF-8
    link.href = URL.createObjectURL(new Blob(["\ufeff" + csv()], { type: "text/csv;charset=utf-8" }));
    link.download = "fixes.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    kept = true;
  }

  for (const box of boxes) {
    box.addEventListener("change", () => {
      undone[box.checked ? "delete" : "add"](box.dataset.group);
      changed();
    });
  }
  for (const button of document.querySelectorAll(".bulk button")) {
    const section = button.closest("section");
    button.addEventListener("click", () => {
      for (const { element, choice } of selects) {
        if (section.contains(element) && "leaks" in element.dataset) decide(choice, "drop");
      }
    });
  }
  byId("download").addEventListener("click", download);
  byId("text").addEventListener("focus", () => byId("text").select());
  byId("text").closest("details").addEventListener("toggle", show);
  byId("decisions").addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("beforeunload", (event) => { if (!kept) event.preventDefault(); });

  document.body.classList.toggle("deciding", selects.length > 0);
  show();
})();
