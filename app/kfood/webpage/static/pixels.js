// A photo's pixels as the network is given them: what kfood's predict.py does with Pillow, done here.
//
// The resizing is Pillow's BILINEAR, pixel for pixel: a triangle as wide as the photo shrinks, in whole numbers of 22
// bits, first across and then down, rounded to 8 bits after each.

const BITS = 22;
const ROWS = 256; // of a photo that are looked at together: phones allow no canvas as large as their photos
const JPEG = [0xff, 0xd8, 0xff];

// Of a file; `how` is {side, resize, denoise, margin}. Returns side x side x 3 bytes. Throws where it is no photo.
export async function prepared(file, how) {
  const bitmap = await decoded(file);
  try {
    const shrink = await isJpeg(file) ? draft(bitmap.width, bitmap.height, Math.round(how.margin * how.side)) : 1;
    const size = { width: Math.ceil(bitmap.width / shrink), height: Math.ceil(bitmap.height / shrink) };
    const wanted = target(size, how);
    const across = resizedAcross(bitmap, shrink, size, wanted.width);
    const photo = resizedDown(across, wanted.height);
    return squared(denoised(photo, how.denoise), how.side);
  } finally {
    bitmap.close();
  }
}

async function decoded(file) {
  try {
    // Pillow turns photos as their EXIF says, and leaves colours as the file has them.
    return await createImageBitmap(file, { imageOrientation: "from-image", colorSpaceConversion: "none" });
  } catch {
    throw new Error("noPhoto");
  }
}

async function isJpeg(file) {
  const head = new Uint8Array(await file.slice(0, JPEG.length).arrayBuffer());
  return JPEG.every((byte, place) => head[place] === byte);
}

// How many pixels Pillow lets the JPEG decoder make one of, as long as both sides keep `least` pixels.
function draft(width, height, least) {
  const scale = Math.floor(Math.min(width, height) / least);
  return [8, 4, 2].find(each => scale >= each) ?? 1;
}

function target({ width, height }, { side, resize }) {
  if (resize === "squish") return { width: side, height: side };
  const scale = side / (resize === "crop" ? Math.min(width, height) : Math.max(width, height));
  return { width: Math.max(1, toEven(width * scale)), height: Math.max(1, toEven(height * scale)) };
}

// Python rounds halves to the even neighbour.
function toEven(number) {
  const below = Math.floor(number);
  if (number - below !== 0.5) return Math.round(number);
  return below % 2 ? below + 1 : below;
}

// Bring a photo to `width`, strip by strip. Returns {data, width, height}, 3 bytes a pixel.
function resizedAcross(bitmap, shrink, { width: from, height }, width) {
  const data = new Uint8ClampedArray(width * height * 3);
  const kernel = weights(from, width);
  const canvas = new OffscreenCanvas(bitmap.width, Math.min(ROWS, bitmap.height));
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  for (let top = 0; top < bitmap.height; top += ROWS) {
    const rows = Math.min(ROWS, bitmap.height - top);
    pen.fillStyle = "#fff"; // behind what is transparent
    pen.fillRect(0, 0, bitmap.width, rows);
    pen.drawImage(bitmap, 0, top, bitmap.width, rows, 0, 0, bitmap.width, rows);
    const strip = averaged(pen.getImageData(0, 0, bitmap.width, rows), shrink);
    let out = (top / shrink) * width * 3;
    for (let row = 0; row < strip.height; row++) {
      for (const { first, shares } of kernel) {
        const at = (row * from + first) * 3;
        for (let channel = 0; channel < 3; channel++) data[out++] = weighted(strip.data, at + channel, 3, shares);
      }
    }
  }
  return { data, width, height };
}

// Of RGBA, the means of squares of `shrink` pixels, as the JPEG decoder's short way has them; without alpha.
function averaged({ data, width, height }, shrink) {
  const wide = Math.ceil(width / shrink), high = Math.ceil(height / shrink);
  const found = new Uint8ClampedArray(wide * high * 3);
  for (let y = 0, out = 0; y < high; y++) {
    for (let x = 0; x < wide; x++) {
      const right = Math.min(width, (x + 1) * shrink), bottom = Math.min(height, (y + 1) * shrink);
      let red = 0, green = 0, blue = 0;
      for (let row = y * shrink; row < bottom; row++) {
        for (let at = (row * width + x * shrink) * 4; at < (row * width + right) * 4; at += 4) {
          red += data[at];
          green += data[at + 1];
          blue += data[at + 2];
        }
      }
      const count = (right - x * shrink) * (bottom - y * shrink);
      found[out++] = red / count;
      found[out++] = green / count;
      found[out++] = blue / count;
    }
  }
  return { data: found, width: wide, height: high };
}

function resizedDown({ data, width, height: from }, height) {
  const found = new Uint8ClampedArray(width * height * 3), line = width * 3;
  let out = 0;
  for (const { first, shares } of weights(from, height)) {
    for (let column = 0; column < line; column++) found[out++] = weighted(data, first * line + column, line, shares);
  }
  return { data: found, width, height };
}

function weighted(values, from, step, shares) {
  let sum = 1 << (BITS - 1);
  for (let each = 0, at = from; each < shares.length; each++, at += step) sum += values[at] * shares[each];
  return sum >> BITS;
}

// Of a line of `from` pixels, what each of `to` is made of: the first one and the weights, in 22 bits.
function weights(from, to) {
  const scale = from / to, wide = Math.max(1, scale);
  return Array.from({ length: to }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - wide + 0.5));
    const behind = Math.min(from, Math.trunc(centre + wide + 0.5));
    const shares = Array.from({ length: behind - first }, (_, step) =>
      Math.max(0, 1 - Math.abs((step + first - centre + 0.5) / wide)));
    const sum = shares.reduce((total, share) => total + share, 0);
    return { first, shares: Int32Array.from(shares, share => Math.trunc(0.5 + (share / sum) * (1 << BITS))) };
  });
}

const MEAN = [1, 2, 1, 2, 4, 2, 1, 2, 1];
const largest = values => Math.max(...values), smallest = values => Math.min(...values);
const DENOISERS = {
  none: photo => photo,
  blur: photo => ofNeighbours(photo, values => (values.reduce((sum, value, n) => sum + value * MEAN[n], 0) + 8) >> 4, true),
  opening: photo => ofNeighbours(ofNeighbours(photo, smallest), largest),
  closing: photo => ofNeighbours(ofNeighbours(photo, largest), smallest),
};

function denoised(photo, how) {
  return DENOISERS[how](photo);
}

// `make` a value of the 3 x 3 around it; the photo's edge is repeated outside, or left as it is.
function ofNeighbours({ data, width, height }, make, keepEdge = false) {
  const found = data.slice();
  const inside = (place, most) => Math.min(most - 1, Math.max(0, place));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (keepEdge && (x === 0 || y === 0 || x === width - 1 || y === height - 1)) continue;
      for (let channel = 0; channel < 3; channel++) {
        const values = [];
        for (let dy = -1; dy <= 1; dy++) {
          for (let dx = -1; dx <= 1; dx++) {
            values.push(data[(inside(y + dy, height) * width + inside(x + dx, width)) * 3 + channel]);
          }
        }
        found[(y * width + x) * 3 + channel] = make(values);
      }
    }
  }
  return { data: found, width, height };
}

// The middle of what is longer than `side`; what is shorter is mirrored at its edges.
function squared({ data, width, height }, side) {
  const found = new Uint8Array(side * side * 3);
  const columns = places(width, side), rows = places(height, side);
  for (let y = 0, out = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const from = (rows[y] * width + columns[x]) * 3;
      for (let channel = 0; channel < 3; channel++) found[out++] = data[from + channel];
    }
  }
  return found;
}

function places(length, side) {
  const before = Math.floor(Math.max(0, side - length) / 2), cut = Math.floor(Math.max(0, length - side) / 2);
  const around = Math.max(1, 2 * (length - 1));
  return Array.from({ length: side }, (_, place) => {
    const there = ((((place + cut - before) % around) + around) % around);
    return length === 1 ? 0 : Math.min(there, around - there);
  });
}
