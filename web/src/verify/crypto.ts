import { type Bytes, concat, hash32, hex, utf8 } from "./encoding";

/** SHA-256 and strict Ed25519, by the browser itself or by the fallback. */
export interface Tools {
  readonly mode: "native" | "fallback";
  sha256(bytes: Bytes): Promise<Bytes>;
  ed25519(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean>;
}

const native: Tools = {
  mode: "native",
  async sha256(bytes) {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  },
  async ed25519(key, message, signature) {
    const handle = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return crypto.subtle.verify("Ed25519", handle, signature, message);
  },
};

/**
 * Whether an implementation gives known answers: a signature over SHA-256("abc") by the key of RFC 8032 §7.1 TEST 2 must
 * verify, and must not with one bit changed. Asking the algorithm itself finds what the name and version of a browser do
 * not tell: partial implementations, patched engines, an insecure origin.
 */
async function knows(tools: Tools): Promise<boolean> {
  const key = hash32("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const signature = concat(
    hash32("6995e1a009aea0a390833093b5e8b43f508f46e140ddf9bb98d56a49b98870e7"),
    hash32("58c93435aebaea6c3db515f8b7631c1ddf4c3d091e5443d37e5ee5773940d408"),
  );
  const message = await tools.sha256(utf8("abc"));
  const right = await tools.ed25519(key, message, signature);
  signature[0]! ^= 1;
  return right && !(await tools.ed25519(key, message, signature));
}

/** The first implementation that gives the known answers; null when this browser cannot check anything. */
export async function choose(): Promise<Tools | null> {
  try {
    if (await knows(native)) return native;
  } catch {
    // No crypto.subtle, or one that does not know Ed25519.
  }
  try {
    const { fallback } = await import("./fallback");
    return (await knows(fallback)) ? fallback : null;
  } catch {
    return null;
  }
}

/** SHA-256 over parts: a number is a tag byte (leaf 0, node 1, row 2, entry 3, bucket 4), a string its UTF-8. */
export const hash = (tools: Tools, ...parts: (number | string | Bytes)[]): Promise<Bytes> =>
  tools.sha256(
    concat(
      ...parts.map((part) =>
        typeof part === "number" ? Uint8Array.of(part) : typeof part === "string" ? utf8(part) : part,
      ),
    ),
  );

/** The same, written as 64 lower-case hex digits. */
export const hashText = async (tools: Tools, ...parts: (number | string | Bytes)[]): Promise<string> =>
  hex(await hash(tools, ...parts));
