// An answer on the page: what it is, and the likeliest dishes as bars.

import { percent, say } from "./words.js";

const UNANSWERED = ["unsure", "none of these"];

// What a calibrated model says besides, and the thresholds that it goes by, in two paragraphs; hidden of any other.
export function showCalibrated(found, goesBy, setOf, stranger) {
  setOf.hidden = !found.set || found.level === "none of these";
  if (!setOf.hidden) setOf.textContent = say("setOf", percent(goesBy.coverage), found.set.join(", "));
  stranger.hidden = found.known_p === undefined;
  if (!stranger.hidden) stranger.textContent = say("stranger", percent(found.known_p), percent(goesBy.refuse));
}

// Of {answer, cannot_tell, classes: [{name, probability}]}, of a calibrated model also {level, set, group …}. Bars are buttons where `choose` is given: called with a name.
export function showAnswer(found, heading, list, choose) {
  heading.textContent = inWords(found);
  heading.classList.toggle("open", Boolean(found.cannot_tell) || UNANSWERED.includes(found.level));
  list.replaceChildren(...found.classes.map((dish, place) => bar(dish, isNamed(found, dish, place), choose)));
}

export function markChosen(list, name) {
  for (const each of list.querySelectorAll("button")) {
    each.setAttribute("aria-pressed", String(each.dataset.name === name));
  }
}

function inWords(found) {
  if (found.cannot_tell) return say("cannotTell", ...found.cannot_tell);
  if (found.level === "none of these") return say("noneOfThese");
  if (found.level === "unsure") return say("unsure", found.set.join(", "));
  if (found.level === "group") return say("ofGroup", found.group, percent(found.group_probability));
  return say("is", found.classes[0].name, percent(found.classes[0].probability));
}

function isNamed(found, dish, place) {
  if (found.set && found.level !== "dish") return found.level !== "none of these" && found.set.includes(dish.name);
  return found.cannot_tell ? found.cannot_tell.includes(dish.name) : place === 0;
}

function bar(dish, named, choose) {
  const row = document.createElement("li");
  const line = document.createElement(choose ? "button" : "div");
  line.className = named ? "dish named" : "dish";
  const name = document.createElement("bdi");
  name.textContent = dish.name;
  const share = document.createElement("span");
  share.className = "share";
  share.textContent = percent(dish.probability);
  const track = document.createElement("span");
  track.className = "track";
  track.setAttribute("aria-hidden", "true");
  const filled = document.createElement("span");
  filled.style.width = `${100 * dish.probability}%`;
  track.append(filled);
  line.append(name, share, track);
  if (choose) {
    line.type = "button";
    line.dataset.name = dish.name;
    line.setAttribute("aria-pressed", "false");
    line.addEventListener("click", () => choose(dish.name));
  }
  row.append(line);
  return row;
}
