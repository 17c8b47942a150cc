// The verifier of the trace page against a running network: what four validators serve of every item of the story holds,
// all of them say the same, and less than a quorum proves nothing.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { load, withoutNative } from "../../web/test/bundle.mjs";

const urls = process.env.HEFU_URLS.split(" ");
const items = process.env.HEFU_ITEMS.split(" ");
const genesis = process.env.HEFU_GENESIS;

let verifier;
before(async () => (verifier = await load("verify")));
after(() => verifier.dispose());

/** The proof of the item at this path, such as `/01/09528880010021/21/7K3M`, from the validator at `url`. */
async function proof(url, path) {
  const [, , gtin, , serial] = path.split("/");
  const answer = await fetch(`${url}/v1/items/${gtin}/${serial}/proof`);
  assert.equal(answer.status, 200, path);
  return answer.json();
}

test("what every validator serves of every item holds and tells one history", async () => {
  for (const item of items) {
    const told = new Set();
    for (const url of urls) {
      const verdict = await verifier.verify(await proof(url, item), { genesis });
      assert.equal(verdict.ok, true, `${url}${item}: ${verdict.reason}`);
      assert.equal(verdict.present, true);
      told.add(verdict.entries.map(({ role, record }) => `${role} ${record}`).join("\n"));
    }
    assert.equal(told.size, 1, item);
  }
});

test("it holds without the browser's own signatures, and so does an absence", async () => {
  const verdict = await withoutNative(async () => verifier.verify(await proof(urls[0], items[0])));
  assert.equal(verdict.ok, true, verdict.reason);
  const absent = await verifier.verify(await proof(urls[1], items[0].replace(/[^/]+$/, "NOSUCH")));
  assert.deepEqual([absent.ok, absent.present], [true, false]);
});

test("two of four signatures, or a signature twice, prove nothing", async () => {
  const sound = await proof(urls[2], items[1]);
  const { signatures } = sound.certificate;
  assert.ok(signatures.length >= 3);
  for (const some of [signatures.slice(0, 2), [signatures[0], signatures[0], signatures[1]]]) {
    const verdict = await verifier.verify({ ...sound, certificate: { ...sound.certificate, signatures: some } });
    assert.deepEqual([verdict.ok, verdict.step], [false, "certificate"], verdict.reason);
  }
});
