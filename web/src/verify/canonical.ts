import { demand } from "./refusal";

/** A value as JSON.parse returns it. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/**
 * Canonical JSON (RFC 8785) of a parsed value: names in UTF-16 order, numbers and strings as ECMAScript writes them.
 * What is hashed is what was parsed, so a second spelling in the file (white space, another order, a repeated name)
 * can never be hashed as one thing and shown as another.
 */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value && typeof value === "object") {
    const members = Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inside]) => `${canonical(name)}:${canonical(inside)}`);
    return `{${members.join()}}`;
  }
  // JSON.parse turns 1e999 into Infinity, which JSON.stringify would write as null.
  demand(typeof value !== "number" || isFinite(value), "number");
  // Throws for a lone surrogate, which has no UTF-8 form; String.isWellFormed is too young for many phones.
  if (typeof value === "string") encodeURIComponent(value);
  return JSON.stringify(value);
}

/** The object without one of its members. */
export function without(object: object, name: string): object {
  return Object.fromEntries(Object.entries(object).filter(([member]) => member !== name));
}

/** The value at a JSON Pointer (RFC 6901), undefined where there is none. */
export function at(value: unknown, pointer: string): Json | undefined {
  let inside = value as { [name: string]: Json } | undefined | null;
  for (const name of pointer.split("/").slice(1)) {
    const member = name.replace(/~1/g, "/").replace(/~0/g, "~");
    inside = (inside && Object.prototype.hasOwnProperty.call(inside, member) ? inside[member] : undefined) as typeof inside;
  }
  return inside;
}
