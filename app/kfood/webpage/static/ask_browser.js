// Who answers: this browser itself, by onnxruntime-web. The photo goes nowhere.

import * as ort from "./onnxruntime/ort.wasm.min.mjs";
import { prepared } from "./pixels.js";

const SHOWN = 5;
let model, session;

export async function open() {
  ort.env.wasm.wasmPaths = new URL("onnxruntime/", import.meta.url).href;
  const [about, network] = await Promise.all([got("model.json"), got("model.onnx")]);
  model = await about.json();
  session = await ort.InferenceSession.create(await network.arrayBuffer(), { executionProviders: ["wasm"] });
  return { name: model.name, classes: model.classes, maps: false, collects: false, onDevice: true };
}

export async function predict(photo) {
  return answer(await probabilities(photo));
}

// Of all classes, in their order.
export async function probabilities(photo) {
  const shape = [1, model.side, model.side, 3];
  const pixels = new ort.Tensor("uint8", await prepared(photo, model), shape);
  const { probabilities: found } = await session.run({ photos: pixels });
  return [...found.data];
}

async function got(name) {
  let answer;
  try {
    answer = await fetch(new URL(name, import.meta.url));
  } catch {
    throw new Error("unreachable");
  }
  if (!answer.ok) throw new Error("failed");
  return answer;
}

function answer(shares) {
  const dishes = model.classes.map((name, place) => ({ name, probability: shares[place] }));
  const classes = [...dishes].sort((a, b) => b.probability - a.probability).slice(0, SHOWN);
  const pair = cannotTell(shares);
  return { answer: pair ? null : classes[0].name, cannot_tell: pair, classes };
}

// The two dishes that the run cannot tell apart here, the likelier first; null where one is the answer.
function cannotTell(shares) {
  const of = name => shares[model.classes.indexOf(name)];
  const open = model.cannot_tell
    .map(rule => ({ ...rule, two: rule.pair.map(of) }))
    .filter(({ two }) => Math.max(...two) >= Math.max(...shares))
    .map(rule => ({ ...rule, share: Math.max(...rule.two) / (rule.two[0] + rule.two[1]) }))
    .filter(({ share, least }) => share < least)
    .sort((a, b) => a.share - b.share);
  if (!open.length) return null;
  const { pair, two } = open[0];
  return two[1] > two[0] ? [pair[1], pair[0]] : pair;
}
