import { demand } from "./refusal";

export type Bytes = Uint8Array<ArrayBuffer>;

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text) as Bytes;

export function concat(...parts: Uint8Array[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The 32 bytes of a hash written as 64 lower-case digits. */
export function hash32(text: string): Bytes {
  demand(/^[0-9a-f]{64}$/.test(text), "hash");
  return Uint8Array.from(text.match(/../g) as string[], (digits) => parseInt(digits, 16));
}

/** Base64url without padding; bits beyond the last byte must be zero, so each byte string has one spelling. */
export function base64url(text: string): Bytes {
  const standard = text.replace(/-/g, "+").replace(/_/g, "/");
  const binary = atob(standard);
  demand(!/[+/=\s]/.test(text) && btoa(binary).replace(/=/g, "") === standard, "base64url");
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

/** Base58 in the Bitcoin alphabet, of exactly `length` bytes; leading ones stand for leading zero bytes, one for one. */
export function base58(text: string, length: number): Bytes {
  const little: number[] = [];
  for (const letter of text) {
    let carry = BASE58.indexOf(letter);
    demand(carry >= 0 && little.length <= length, "base58");
    for (let i = 0; i < little.length; i++) {
      carry += little[i]! * 58;
      little[i] = carry & 255;
      carry >>= 8;
    }
    if (carry) little.push(carry);
  }
  const zeros = text.length - text.replace(/^1+/, "").length;
  demand(zeros + little.length === length, "base58");
  return Uint8Array.from([...new Array<number>(zeros).fill(0), ...little.reverse()]);
}
