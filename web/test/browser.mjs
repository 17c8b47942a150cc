// A real Chromium and a small server of the committed bundles, for the tests of what the pages do.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

const executable = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => path && existsSync(path),
);

/** Why these tests cannot run here; under CI that is a failure. */
export const missing = executable ? false : "no Chromium found (set CHROMIUM to its path)";
if (missing && process.env.CI) throw new Error(missing);

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const dist = new URL("../../explorer/assets/dist/", import.meta.url);
export const manifest = JSON.parse(await readFile(new URL("manifest.json", dist), "utf8"));

export const launch = () =>
  chromium.launch({
    executablePath: executable,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"],
  });

/** Serves `answers` (path → text, or a function that answers) and the bundles under /assets/. */
export async function serve(answers) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const asset = pathname.startsWith("/assets/") && new URL(pathname.slice("/assets/".length), dist);
    const answer = asset ? await readFile(asset) : answers[pathname];
    if (typeof answer === "function") return answer(request, response);
    const types = { js: "text/javascript", css: "text/css", json: "application/vnd.hefu.proof+json" };
    const type = types[pathname.split(".").pop()] || "text/html; charset=utf-8";
    response.writeHead(answer === undefined ? 404 : 200, { "content-security-policy": CSP, "content-type": type });
    response.end(answer);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
