// Every single text and number of a proof file matters: each is changed in turn, and the proof must be refused.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { load } from "./bundle.mjs";
import { ALONGSIDE, R1, tell, UNKNOWN } from "./story.mjs";

let verifier;
before(async () => (verifier = await load("verify")));
after(() => verifier.dispose());

/** The places of all texts and numbers in a JSON value. */
function* leaves(value, path = []) {
  if (typeof value !== "object" || value === null) yield path;
  else for (const name of Object.keys(value)) yield* leaves(value[name], [...path, name]);
}

/** The places of all members and elements. */
function* members(value, path = []) {
  if (typeof value !== "object" || value === null) return;
  for (const name of Object.keys(value)) {
    yield [...path, name];
    yield* members(value[name], [...path, name]);
  }
}

const parentOf = (value, path) => path.slice(0, -1).reduce((inside, name) => inside[name], value);

/** The next character of the same kind, so that a changed hash is still a hash and a changed name still a name. */
function next(letter) {
  for (const kind of ["0123456789", "abcdef", "ABCDEF", "ghijkmnopqrstuvwxyz", "GHJKLMNPQRSTUVWXYZ"]) {
    const at = kind.indexOf(letter);
    if (at >= 0) return kind[(at + 1) % kind.length];
  }
  return letter === "x" ? "y" : "x";
}

function* changesOf(value) {
  if (typeof value === "number") {
    yield value + 1;
    yield String(value);
  } else {
    // The last character too: in base64url and base58 it is the one that may carry bits of no meaning.
    if (value) yield value.slice(0, value.length >> 1) + next(value[value.length >> 1]) + value.slice((value.length >> 1) + 1);
    if (value) yield value.slice(0, -1) + next(value.at(-1));
    yield value + "1";
  }
}

async function refusesEveryChange(story, proof, expected) {
  assert.equal((await verifier.verify(proof, expected)).ok, true);
  const accepted = [];
  let changes = 0;
  for (const path of leaves(proof)) {
    const parent = parentOf(proof, path);
    const name = path.at(-1);
    const honest = parent[name];
    for (const changed of changesOf(honest)) {
      if (changed === honest) continue;
      parent[name] = changed;
      changes += 1;
      const verdict = await verifier.verify(proof, expected);
      if (verdict.ok) accepted.push(`/${path.join("/")}: ${JSON.stringify(changed)}`);
    }
    parent[name] = honest;
  }
  assert.deepEqual(accepted, []);
  return changes;
}

// No exceptions: there is no text and no number in a proof file that may be another. Without a genesis hash given
// beforehand even genesis itself may not, because the header names it.
test("each changed text or number of an item's proof is refused", async (context) => {
  const story = tell({ validators: 4 });
  const changes = await refusesEveryChange(story, story.proof(R1, { alongside: ALONGSIDE }), { subject: R1 });
  context.diagnostic(`${changes} changes refused`);
});

test("each changed text or number of an absence proof is refused", async (context) => {
  const story = tell({ validators: 1, depth: 2 });
  const changes = await refusesEveryChange(story, story.proof(UNKNOWN), { subject: UNKNOWN });
  context.diagnostic(`${changes} changes refused`);
});

// What may be left out, and why the rest still says nothing untrue.
const MAY_BE_LEFT_OUT = [
  // Three of the four validators are a quorum.
  [/^\/certificate\/signatures\/\d$/, 4],
  // Rows that nothing in the history rests on: names, and containers that the item has left. A page that shows a value
  // of such a row fails for want of it.
  [/^\/rows\/[1-9]$/, ALONGSIDE.length + 2],
];

test("nothing that the history rests on can be left out", async () => {
  const story = tell({ validators: 4 });
  const honest = story.proof(R1, { alongside: ALONGSIDE });
  const without = [];
  for (const path of members(honest)) {
    const proof = structuredClone(honest);
    const parent = parentOf(proof, path);
    if (Array.isArray(parent)) parent.splice(Number(path.at(-1)), 1);
    else delete parent[path.at(-1)];
    const verdict = await verifier.verify(proof, { subject: R1 });
    if (verdict.ok) without.push("/" + path.join("/"));
  }
  const known = (path) => MAY_BE_LEFT_OUT.some(([pattern]) => pattern.test(path));
  assert.deepEqual(without.filter((path) => !known(path)), []);
  for (const [pattern, count] of MAY_BE_LEFT_OUT) {
    const found = without.filter((path) => pattern.test(path)).length;
    assert.equal(found, count, String(pattern));
  }
});
