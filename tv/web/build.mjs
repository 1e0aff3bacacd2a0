// Builds the pages' scripts, stylesheet and icon into the folder given as argument.
// Every name carries a hash, so that what is served may be cached for ever; manifest.json maps
// the names that templates use to the built ones. Text files are compressed once, here.
// A language's catalogue becomes a script, which its pages load before their own.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const out = process.argv[2];
if (!out) throw new Error("usage: node build.mjs FOLDER");
mkdirSync(out, { recursive: true });

/** The stylesheet names a font's file alone; it is in the package that the name begins with. */
function findFonts({ onResolve }) {
  onResolve({ filter: /-latin(-ext)?-wght-normal\.woff2$/ }, ({ path }) => {
    const family = path.replace(/-latin.*/, "");
    return { path: resolve("node_modules/@fontsource-variable", family, "files", path) };
  });
}

// The public page shares nothing with others: what a phone in the hall waits for is one script,
// not as many small ones as there are pages that need some of it.
const apart = ["watch.ts"];

/** For the same reason what it loads later has all of it: no part of it then is one apart. */
function shareWhole({ onResolve, onLoad }) {
  onResolve({ filter: /^\./ }, ({ path, kind, resolveDir }) =>
    kind === "dynamic-import"
      ? { path: resolve(resolveDir, `${path}.ts`), pluginData: "later" }
      : null,
  );
  onLoad({ filter: /\.ts$/ }, ({ path, pluginData }) => {
    if (pluginData !== "later") return null;
    const whole = apart.map((page) => `import ${JSON.stringify(resolve(page))};`);
    return { contents: `${unindented(path)}\n${whole.join("\n")}`, loader: "ts" };
  });
}

/** What indents a template would be sent with it: esbuild leaves it in. */
function unindent({ onLoad }) {
  onLoad({ filter: /\.ts$/ }, ({ path }) => ({ contents: unindented(path), loader: "ts" }));
}

function unindented(path) {
  return readFileSync(path, "utf8").replace(/\n +/g, "\n");
}
const together = [
  ...["control_room.ts", "presenter.ts", "replay.ts"],
  ...["wall.ts", "wall_writing.ts", "wall_desk.ts"],
  ...["overlay.ts", "screen.ts", "screen_claim.ts", "labs_desk.ts"],
  ...["labs.ts", "lab.ts", "table.ts"],
  ...["ideas.ts", "host.ts", "programme.ts", "privacy.ts"],
  ...["embed.ts", "embedding.ts", "shell.ts"],
  ...["style.css", "later.css", "more.css", "light.css"],
];
// What the public page loads when somebody wants the picture: named, to be asked for beforehand.
const entries = [...apart, ...together, "parts/stage.ts"];
const options = {
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  charset: "utf8",
  target: ["es2022", "safari16", "firefox115"],
  minify: true,
  sourcemap: "linked",
  legalComments: "linked",
  metafile: true,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file" },
  plugins: [
    { name: "fonts", setup: findFonts },
    { name: "unindent", setup: unindent },
  ],
  alias: { lit: "lit-html" }, // templates are all that we take of it
};
const outputs = {};
const sharing = { name: "share-whole", setup: shareWhole };
for (const [entryPoints, plugins] of [
  [apart, [sharing, ...options.plugins]],
  [together, options.plugins],
]) {
  Object.assign(outputs, (await build({ ...options, entryPoints, plugins })).metafile.outputs);
}
// The service worker stands alone: it outlives the pages that it was made with.
const worker = { ...options, entryPoints: ["worker/worker.ts"], splitting: false, format: "iife" };
Object.assign(outputs, (await build(worker)).metafile.outputs);
entries.push("worker/worker.ts");

const manifest = {};
for (const [path, output] of Object.entries(outputs)) {
  // Pages that share their parts have their own; what is named is the public page's.
  if (!entries.includes(output.entryPoint) || output.entryPoint in manifest) continue;
  const file = told(path);
  const first = imports(file).map((imported) => basename(imported));
  manifest[output.entryPoint] = { file: basename(file), imports: first };
}
for (const path of Object.keys(outputs)) {
  const font = /^((?:bricolage|atkinson).*-latin-wght-normal)-\w+\.woff2$/.exec(basename(path));
  if (font) manifest[`${font[1]}.woff2`] = { file: basename(path), imports: [] };
}

/** The files that a script cannot begin without. */
function imports(path) {
  const all = outputs[path].imports.filter(({ kind }) => kind === "import-statement");
  return all.map(({ path: imported }) => imported);
}

/** Where what an entry does is all in a chunk, as others need it too, a page asks for that itself. */
function told(path) {
  const [chunk, ...others] = imports(path);
  const own = Object.values(outputs[path].inputs).some(({ bytesInOutput }) => bytesInOutput > 0);
  return own || others.length || !chunk ? path : chunk;
}

const written = [];
/** Writes a file that esbuild does not make, under a name with its hash. */
function write(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8);
  const file = name.replace(".", `-${hash}.`);
  writeFileSync(join(out, file), content);
  manifest[name] = { file, imports: [] };
  written.push(file);
}

write("icon.svg", readFileSync("icon.svg"));
const languages = "../languages";
for (const { name: code } of readdirSync(languages, { withFileTypes: true }).filter(isLanguage)) {
  const parts = ["scripts", "problems"].map((part) => join(languages, code, `${part}.json`));
  const catalogue = Object.assign({}, ...parts.map((path) => JSON.parse(readFileSync(path))));
  write(`${code}.js`, `globalThis.catalogue=${JSON.stringify(catalogue)}`);
}

function isLanguage(entry) {
  return entry.isDirectory() && /^[a-z]{2}$/.test(entry.name);
}

const built = [...Object.keys(outputs).map((path) => basename(path)), ...written];
const kept = new Set([...built, "manifest.json"]);
// How distances are written (RFC 7932, section 4): with one bit apart, our scripts are 0.6 % smaller.
const brotli = { [constants.BROTLI_PARAM_NPOSTFIX]: 1 };
for (const name of built.filter((name) => /\.(js|css|svg)$/.test(name))) {
  const content = readFileSync(join(out, name));
  writeFileSync(join(out, `${name}.br`), brotliCompressSync(content, { params: brotli }));
  writeFileSync(join(out, `${name}.gz`), gzipSync(content, { level: 9 }));
  kept.add(`${name}.br`).add(`${name}.gz`);
}

// A server may be running: it finds the old files or the new ones, never none.
writeFileSync(join(out, "manifest.json.new"), JSON.stringify(manifest, null, 1));
renameSync(join(out, "manifest.json.new"), join(out, "manifest.json"));
for (const name of readdirSync(out)) {
  if (!kept.has(name)) rmSync(join(out, name));
}
