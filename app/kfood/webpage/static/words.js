// What the page says, in two languages; and which of them a person reads.

const WORDS = {
  ko: {
    title: "무슨 음식일까요?",
    photo: "사진",
    drop: "음식 사진을 여기에 놓으세요",
    touch: "음식 사진을 찍거나 고르세요",
    choose: "사진 고르기",
    take: "사진 찍기",
    paste: "복사한 사진을 붙여넣어도 됩니다",
    another: "다른 사진",
    unseen: "이 브라우저는 이 사진을 보여 줄 수 없습니다.",
    loading: "불러오는 중…",
    asking: "사진을 보는 중…",
    dishes: "가장 가능성이 높은 음식",
    is: "{0}, {1}",
    cannotTell: "{0} 또는 {1}: 구별할 수 없습니다",
    noneOfThese: "알고 있는 음식이 아닙니다",
    unsure: "확실하지 않습니다: {0}",
    ofGroup: "{0} 종류, {1}",
    setOf: "{0} 확률로 이 가운데 하나입니다: {1}",
    stranger: "알고 있는 음식의 사진 가운데 이만큼 낯선 것은 {0}입니다(기준 {1}).",
    look: "어디를 보고 판단했나요?",
    looking: "판단한 곳을 찾는 중… 처음에는 몇 초 걸립니다.",
    key: "노란색: 이 음식이라고 가장 강하게 말하는 곳",
    mapOf: "{0}(으)로 보이는 곳을 표시한 사진",
    photoOf: "살펴본 사진: {0}",
    kept: "알려 주시면 이 사진이 정답과 함께 서버에 보관되어, 다음 학습에 쓰입니다.",
    right: "맞아요",
    itIs: "아니요, 이 음식은",
    keep: "입니다",
    pick: "고르세요",
    thanks: "고맙습니다. 사진을 {0}(으)로 보관했습니다.",
    stays: "사진은 이 기기를 떠나지 않습니다. 이 브라우저 안에서만 봅니다.",
    sent: "사진은 이 서버로만 보내지며, 보관되지 않습니다.",
    sentAndKept: "사진은 이 서버로만 보내집니다. 정답을 알려 주신 사진은 보관됩니다.",
    about: "모델 {0}, 음식 {1}가지",
    known: "알고 있는 음식",
    tooLarge: "사진이 너무 큽니다.",
    noPhoto: "사진으로 읽을 수 없는 파일입니다.",
    slow: "사진이 너무 느리게 전송되었습니다. 다시 시도해 주세요.",
    busy: "지금은 요청이 많습니다. 잠시 후 다시 시도해 주세요.",
    unreachable: "서버에 연결할 수 없습니다.",
    failed: "문제가 생겼습니다. 다시 시도해 주세요.",
  },
  en: {
    title: "Which dish is it?",
    photo: "Photo",
    drop: "Drop a photo of a dish here",
    touch: "Take or choose a photo of a dish",
    choose: "Choose a photo",
    take: "Take a photo",
    paste: "or paste one that you have copied",
    another: "Another photo",
    unseen: "This browser cannot show this photo.",
    loading: "Loading…",
    asking: "Looking at the photo…",
    dishes: "The likeliest dishes",
    is: "{0}, {1}",
    cannotTell: "{0} or {1}: cannot tell",
    noneOfThese: "None of the dishes that it knows",
    unsure: "Not sure: {0}",
    ofGroup: "A kind of {0}, {1}",
    setOf: "In {0} of cases it is one of: {1}",
    stranger: "Of photos of dishes that it knows, {0} are as strange (the limit is {1}).",
    look: "Where does it look?",
    looking: "Finding out where it looks… The first time takes some seconds.",
    key: "Yellow: speaks most for this dish",
    mapOf: "The photo, with what looks like {0} marked",
    photoOf: "The photo: {0}",
    kept: "If you tell, this photo is kept on the server with your answer, to train with.",
    right: "That is right",
    itIs: "No, it is",
    keep: "Keep",
    pick: "choose a dish",
    thanks: "Thank you. The photo is kept as {0}.",
    stays: "The photo does not leave this device: it is looked at in this browser alone.",
    sent: "The photo is sent to this server alone, and is not kept.",
    sentAndKept: "The photo is sent to this server alone. It is kept where you tell what it shows.",
    about: "Model {0}, {1} dishes",
    known: "The dishes that it knows",
    tooLarge: "This photo is too large.",
    noPhoto: "This file cannot be read as a photo.",
    slow: "The photo came too slowly. Please try again.",
    busy: "Many people are asking just now. Please try again in a moment.",
    unreachable: "The server cannot be reached.",
    failed: "Something went wrong. Please try again.",
  },
};
const REMEMBERED = "kfood language";

let language = remembered() ?? (navigator.languages.some(tag => tag.startsWith("ko")) ? "ko" : "en");

// Names of dishes stand between {0} and {1}; they are only ever shown as text.
export function say(key, ...names) {
  return WORDS[language][key].replace(/\{(\d)\}/g, (_, number) => names[number]);
}

export function percent(share) {
  const digits = share > 0 && (share < 0.01 || (share > 0.99 && share < 1)) ? 1 : 0;
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: digits }).format(share);
}

export function currentLanguage() {
  return language;
}

export function setLanguage(chosen) {
  language = chosen;
  try {
    localStorage.setItem(REMEMBERED, chosen);
  } catch { /* a browser that remembers nothing asks its own language next time */ }
}

// Put words into everything that says which: as text (data-say) or as its name (data-label).
export function translate(root) {
  root.documentElement.lang = language;
  root.title = `${say("title")} · kfood`;
  for (const each of root.querySelectorAll("[data-say]")) each.textContent = say(each.dataset.say);
  for (const each of root.querySelectorAll("[data-label]")) each.setAttribute("aria-label", say(each.dataset.label));
  for (const each of root.querySelectorAll(".languages button")) {
    each.setAttribute("aria-pressed", String(each.lang === language));
  }
}

function remembered() {
  try {
    const found = localStorage.getItem(REMEMBERED);
    return found in WORDS ? found : null;
  } catch {
    return null;
  }
}
