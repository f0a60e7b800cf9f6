// The page: a photo comes in, is asked about, and what is known of it is shown.

import { markChosen, showAnswer, showCalibrated } from "./answer.js";
import * as ask from "./ask.js";
import { say, setLanguage, translate } from "./words.js";

const $ = id => document.getElementById(id);
const state = { model: null, photo: null, url: "", found: null, maps: new Map(), mapOf: "", turn: 0, said: ["loading"] };

function tell(...words) {
  state.said = words;
  $("status").textContent = words.length ? say(...words) : "";
}

function keyOf(error) {
  try {
    say(error.message);
    return error.message;
  } catch {
    console.error(error);
    return "failed";
  }
}

function show() {
  translate(document);
  tell(...state.said);
  const { model, found, photo } = state;
  if (model) {
    $("privacy").textContent = say(model.onDevice ? "stays" : model.collects ? "sentAndKept" : "sent");
    $("about").textContent = say("about", model.name, model.classes.length);
    $("classes").textContent = model.classes.join(" · ");
    $("it-is").replaceChildren(option("", say("pick")), ...model.classes.map(name => option(name, name)));
  }
  if (photo) document.querySelector('label[for="file"] span').textContent = say("another");
  if (found) {
    showAnswer(found, $("answer"), $("dishes"), model.maps ? name => look(name) : null);
    showCalibrated(found, model.calibrated, $("set"), $("stranger"));
  }
  $("result").hidden = !found;
  $("where").hidden = !model?.maps;
  $("verdict").hidden = !model?.collects;
  showPicture();
}

function option(value, text) {
  return Object.assign(document.createElement("option"), { value, textContent: text });
}

function showPicture() {
  const { found, mapOf, maps, url } = state;
  $("look").setAttribute("aria-pressed", String(Boolean(mapOf)));
  $("key").hidden = !mapOf;
  markChosen($("dishes"), mapOf);
  if (!url) return;
  const address = mapOf ? maps.get(mapOf) : url;
  if ($("photo").src !== address) {
    $("unseen").hidden = true;
    $("photo").hidden = false;
    $("photo").src = address;
  }
  $("photo").alt = mapOf ? say("mapOf", mapOf) : found ? say("photoOf", $("answer").textContent) : say("photo");
}

function forget() {
  for (const address of [state.url, ...state.maps.values()]) if (address) URL.revokeObjectURL(address);
  Object.assign(state, { maps: new Map(), mapOf: "", found: null });
}

async function take(photo) {
  if (!photo || !state.model) return;
  const turn = ++state.turn; // an answer that comes after the next photo is not shown
  forget();
  Object.assign(state, { photo, url: URL.createObjectURL(photo) });
  $("place").className = "asking";
  tell("asking");
  show();
  try {
    const found = await ask.predict(photo);
    if (turn !== state.turn) return;
    state.found = found;
    tell();
    show();
    $("answer").focus({ preventScroll: true });
  } catch (error) {
    if (turn === state.turn) tell(keyOf(error));
  } finally {
    if (turn === state.turn) $("place").className = "";
  }
}

async function look(name) {
  const { turn, photo, maps } = state;
  if (!maps.has(name)) {
    tell("looking");
    $("place").className = "asking";
    try {
      const picture = await ask.draw(photo, name);
      if (turn !== state.turn) return;
      maps.set(name, URL.createObjectURL(picture));
      tell();
    } catch (error) {
      if (turn === state.turn) tell(keyOf(error));
      return;
    } finally {
      if (turn === state.turn) $("place").className = "";
    }
  }
  state.mapOf = name;
  showPicture();
}

async function keep(label) {
  const { turn, photo } = state;
  if (!label) return;
  try {
    await ask.keep(photo, label);
    if (turn === state.turn) tell("thanks", label);
  } catch (error) {
    if (turn === state.turn) tell(keyOf(error));
  }
}

function pictureAmong(files) {
  return [...files].find(file => file.type.startsWith("image/")) ?? files[0];
}

function listen() {
  for (const button of document.querySelectorAll(".languages button")) {
    button.addEventListener("click", () => {
      setLanguage(button.lang);
      show();
    });
  }
  for (const input of [$("file"), $("camera")]) {
    input.addEventListener("change", () => {
      take(input.files[0]);
      input.value = ""; // the same photo may be chosen again
    });
  }
  document.addEventListener("paste", event => {
    if (event.clipboardData?.files.length) take(pictureAmong(event.clipboardData.files));
  });
  document.addEventListener("dragover", event => {
    event.preventDefault();
    document.body.classList.add("over");
  });
  document.addEventListener("dragleave", event => {
    if (event.relatedTarget === null) document.body.classList.remove("over");
  });
  document.addEventListener("drop", event => {
    event.preventDefault();
    document.body.classList.remove("over");
    if (event.dataTransfer.files.length) take(pictureAmong(event.dataTransfer.files));
  });
  $("photo").addEventListener("error", () => {
    $("photo").hidden = true;
    $("unseen").hidden = false;
  });
  $("look").addEventListener("click", () => {
    if (state.mapOf) {
      state.mapOf = "";
      showPicture();
    } else {
      look(state.found.cannot_tell?.[0] ?? state.found.classes[0].name);
    }
  });
  $("right").addEventListener("click", () => keep(state.found.classes[0].name));
  $("verdict").addEventListener("submit", event => {
    event.preventDefault();
    keep($("it-is").value);
  });
}

listen();
show();
try {
  state.model = await ask.open();
  tell();
  show();
} catch (error) {
  tell(keyOf(error));
}
