// Sliders of sizes are logarithmic: their places 0 to 1 are read off as round sizes, whole numbers of two digits.

import type { Dimension } from "./protocol";

/** Where a size is on the slider of a dimension, from 0 to 1. */
export function placeOf(size: number, { least, most }: Dimension): number {
  const [low, high] = ends(least, most);
  const place = (Math.log(Math.max(size, low)) - Math.log(low)) / (Math.log(high) - Math.log(low));
  return Math.min(Math.max(place, 0), 1);
}

/** The size at a place from 0 to 1: the ends themselves, and between them two digits. */
export function sizeAt(place: number, { least, most }: Dimension): number {
  const [low, high] = ends(least, most);
  if (place <= 0) return least;
  if (place >= 1) return most;
  const size = Math.exp(Math.log(low) + place * (Math.log(high) - Math.log(low)));
  const digit = 10 ** Math.max(0, Math.floor(Math.log10(size)) - 1);
  return Math.min(Math.max(Math.round(size / digit) * digit, least), most);
}

/** A size that was typed: a whole number, not below the least there can be; null for anything else. */
export function sizeFrom(text: string, { least }: Dimension): number | null {
  const size = Number(text.replace(/[\s_,']/g, ""));
  return text.trim() !== "" && Number.isInteger(size) && size >= least && size <= 1e15 ? size : null;
}

/** The ends as logarithms can have them. */
function ends(least: number, most: number): [number, number] {
  const low = Math.max(least, 1);
  return [low, Math.max(most, low + 1)];
}
