// Who answers: the server that the page comes from.

const KEYS = { 408: "slow", 413: "tooLarge", 415: "noPhoto", 400: "noPhoto", 503: "busy" };

export async function open() {
  const model = await (await asked("model")).json();
  return { ...model, onDevice: false };
}

export async function predict(photo) {
  const found = await (await asked("predict", { photo })).json();
  return found.photos[0];
}

export async function draw(photo, name) {
  return (await asked("map", { photo, class: name })).blob();
}

export async function keep(photo, label) {
  await asked("label", { photo, label });
}

// The message of what is thrown is a key of the page's words.
async function asked(address, fields) {
  const form = fields && new FormData();
  for (const [name, value] of Object.entries(fields ?? {})) form.append(name, value);
  let answer;
  try {
    answer = await fetch(address, form ? { method: "POST", body: form } : {});
  } catch {
    throw new Error("unreachable");
  }
  if (!answer.ok) throw new Error(KEYS[answer.status] ?? "failed");
  return answer;
}
