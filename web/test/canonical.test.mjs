// The small pieces: canonical JSON, the encodings and the tree, against published or independently made values.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { load } from "./bundle.mjs";
import { base58, pathText, sha256, treeHash } from "./ledger.mjs";

const modules = {};
before(async () => {
  for (const name of ["canonical", "encoding", "merkle"]) modules[name] = await load(name);
});
after(async () => {
  for (const module of Object.values(modules)) await module.dispose();
});

test("canonical JSON is RFC 8785's", () => {
  const { canonical } = modules.canonical;
  // The sample of RFC 8785 §3.2.2 and the sorting sample of §3.2.3.
  const sample = JSON.parse(
    '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
      '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
  );
  assert.equal(
    canonical(sample),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
  const sorting = { "\u20ac": 1, "\r": 2, "\ufb33": 3, 1: 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 };
  assert.deepEqual(Object.values(JSON.parse(canonical(sorting))).length, 7);
  assert.equal(canonical(sorting), '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
  assert.equal(canonical(-0), "0");
});

test("what has no canonical form is refused", () => {
  const { canonical } = modules.canonical;
  for (const value of ["\ud800", "a\udc00b", { "\ud800": 1 }, [Infinity], NaN]) assert.throws(() => canonical(value));
});

test("a JSON Pointer finds members, elements and escaped names, and nothing inherited", () => {
  const { at } = modules.canonical;
  const value = { a: [{ "b/c": { "~": 1 } }], none: null };
  assert.equal(at(value, "/a/0/b~1c/~0"), 1);
  assert.equal(at(value, ""), value);
  assert.equal(at(value, "/none"), null);
  for (const pointer of ["/a/1", "/a/0/x/y", "/none/x", "/toString", "/__proto__"]) assert.equal(at(value, pointer), undefined);
});

test("base58 has one spelling for each byte string of a length", () => {
  const { base58: decode, hex } = modules.encoding;
  for (const bytes of [Buffer.alloc(34), sha256("a"), Buffer.concat([Buffer.alloc(3), sha256("b")]), Buffer.alloc(64, 255)]) {
    const text = base58(bytes);
    assert.equal(hex(decode(text, bytes.length)), bytes.toString("hex"));
    for (const other of ["1" + text, text + "11", text.slice(2), text + "0", text.replace(/.$/, "l")]) {
      assert.throws(() => decode(other, bytes.length), other);
    }
  }
});

test("base64url has one spelling for each byte string", () => {
  const { base64url, hex } = modules.encoding;
  for (const size of [0, 1, 2, 3, 32, 64, 96]) {
    const bytes = Buffer.alloc(size, 0xfb);
    assert.equal(hex(base64url(bytes.toString("base64url"))), bytes.toString("hex"));
  }
  for (const text of ["+_8", "-/8", "_w==", "_x", " _w", "_", "_w\n"]) assert.throws(() => base64url(text), text);
});

test("a tree's root follows from any of its leaves and the path beside them", async () => {
  const { rootFrom } = modules.merkle;
  const tools = { sha256: async (bytes) => new Uint8Array(sha256(bytes)) };
  for (let size = 1; size <= 19; size++) {
    const leaves = Array.from({ length: size }, (_, i) => sha256("leaf " + i));
    const root = treeHash(leaves).toString("hex");
    for (let some = 0; some < Math.min(2 ** size, 64); some++) {
      const shown = leaves.map((_, i) => i).filter((i) => (some >> i % 6) & 1);
      const revealed = shown.map((i) => [i, new Uint8Array(leaves[i])]);
      const path = pathText(leaves, shown);
      assert.equal(Buffer.from(await rootFrom(tools, size, revealed, path)).toString("hex"), root);
      const longer = Buffer.concat([Buffer.from(path, "base64url"), leaves[0]]).toString("base64url");
      await assert.rejects(rootFrom(tools, size, revealed, longer));
    }
  }
});

test("a tree refuses positions outside it, out of order or twice, and sizes that are none", async () => {
  const { rootFrom } = modules.merkle;
  const tools = { sha256: async (bytes) => new Uint8Array(sha256(bytes)) };
  const leaf = new Uint8Array(32);
  for (const [size, places] of [[2, [2]], [2, [-1]], [2, [1, 0]], [2, [1, 1]], [0, []], [1.5, [0]], [2, [0.5]], [2 ** 53, [0]]]) {
    await assert.rejects(rootFrom(tools, size, places.map((place) => [place, leaf]), ""));
  }
});
