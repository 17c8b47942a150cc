/**
 * The key of this device: the browser makes it and signs with it, and no script can read it. It is kept with the site's
 * data; whoever loses it has another one registered.
 */
import { addressOf, type Key } from "./key";

const DATABASE = "hefu";
const STORE = "keys";
const NAME = "device";

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  return (await done(opening)).transaction(STORE, mode).objectStore(STORE);
}

async function keyOf({ privateKey, publicKey }: CryptoKeyPair): Promise<Key> {
  const open = await crypto.subtle.exportKey("raw", publicKey);
  return {
    address: addressOf(new Uint8Array(open)),
    sign: async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, message)),
  };
}

/** This device's key, where it has one. */
export async function find(): Promise<Key | null> {
  const pair: CryptoKeyPair | undefined = await done((await store("readonly")).get(NAME));
  return pair ? keyOf(pair) : null;
}

/** Makes this device's key. Throws where the browser knows no Ed25519, or the page is not served over TLS. */
export async function make(): Promise<Key> {
  const pair = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
  const key = await keyOf(pair);
  // Only what was kept, and is the same after reading it, counts as made.
  await done((await store("readwrite")).add(pair, NAME));
  const kept = await find();
  if (!kept || kept.address !== key.address) throw new Error("the key was not kept");
  return kept;
}
