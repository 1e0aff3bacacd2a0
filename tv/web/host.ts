// The page of whoever leads a table: opening it, grouping its ideas, writing and sharing a synthesis.

import { html, nothing, render } from "lit";
import { call } from "./api";
import * as clock from "./clock";
import { count, seconds } from "./french";
import type { Cafe, Cluster, Idea, Pile, Progress, Synthesis, Table } from "./lab_items";
import { nothingHere, question } from "./labs/at_table";
import { Grouping } from "./labs/grouping";
import type { GroupingActs, Suggestion, Verdict } from "./labs/host_lists";
import { timer } from "./labs/round";
import { choice, sheet, versions } from "./labs/sheet";
import { Sheets } from "./labs/sheets";
import { sharing } from "./labs/sharing";
import { Live } from "./live";
import { drawing, page } from "./page";
import { closedDoor } from "./parts/door";
import { labOf } from "./parts/lab_sign";
import { tabs } from "./parts/tabs";
import { goOnTo, goTo, keepingPlace } from "./parts/places";
import { announce } from "./parts/text";
import { Requests } from "./requests";
import { enter } from "./session";
import "./shell";
import { pause } from "./waiting";

const LEADERS = ["host", "moderator", "operator", "admin"];
const LOOK = 10_000; // ms between two looks at what other hosts write
const NAME = 40; // characters
const CLUSTERS = "/api/v1/clusters";

/** What the pass lets one do: nothing is known before the server has said so. */
interface Session {
  role: string;
  name: string;
  station: string; // the table, or else the laboratory, that a host's pass is for; "": all
}

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const { labs = [], lab: slug = "", table: here = "" } = page;
const draw = drawing(redraw);
const live = new Live(draw);
const requests = new Requests(draw);
const sheets = new Sheets(here, draw);
const acts: GroupingActs = { make, group, ungroup, rename, undo, judge, cite, suggest, dismiss };
const grouping = new Grouping(acts, draw);
const show = tabs($("#tabs"), ["grouping", "writing"], draw);

let session: Session | null = null;
let trouble = "";
let aside: Idea[] = []; // ideas that do not show: for the host alone
let suggestions: Suggestion[] | null = null;
let opening = false; // somebody else takes over
let seen = ""; // of the pile and the syntheses when they were last read

const lab = labOf(labs, slug);
if (lab) document.body.style.setProperty("--lab", lab.colour);
void start();

async function start(): Promise<void> {
  trouble = await enter();
  live.follow(`lab:${slug}`, `table:${here}`);
  while (!session) {
    session = await call<Session>("GET", "/api/v1/session").catch(() => null);
    if (!session) await pause(2);
  }
  draw();
  if (!allowed(session)) return;
  setInterval(draw, 1000);
  setInterval(() => void sheets.look(), LOOK);
}

/** A host's pass for one table, or for those of a laboratory, leads no other. */
function allowed({ role, station }: Session): boolean {
  return LEADERS.includes(role) && (role !== "host" || ["", slug, here].includes(station));
}

function redraw(): void {
  if (!session) return;
  const may = allowed(session);
  $("#host").hidden = !may;
  render(may ? nothing : closedDoor("Animation de la table", trouble, session.role), $("#closed"));
  if (!may) return;

  const progress = live.item<Progress>(`lab:${slug}`, "progress", slug);
  const cafe = progress && live.item<Cafe>(`lab:${slug}`, "cafe", progress.cafe);
  const table = live.item<Table>(`table:${here}`, "table", here);
  render(
    live.connected || !live.welcome
      ? nothing
      : html`<span class="chip trouble"><span class="spinner"></span>Reconnexion…</span>`,
    $("#status"),
  );
  render(progress && cafe ? timer(progress, cafe, clock.now()) : nothing, $("#clock"));
  const standing = progress && cafe && table?.cafe === cafe.id;
  $("#work").hidden = !standing;
  if (!standing) {
    render(live.knows(`lab:${slug}`) ? nothingHere(lab, Boolean(cafe)) : nothing, $("#place"));
    render(nothing, $("#leading"));
    return;
  }
  render(question(lab, progress, cafe), $("#place"));
  render(leading(table, cafe, progress), $("#leading"));
  sheets.about(cafe.id);
  drawIdeas(cafe, table);
  drawSynthesis();
}

/** Who leads, and what was noted privately. */
function leading(table: Table, cafe: Cafe, { round }: Progress) {
  const { noted = 0 } = pile(cafe) ?? {};
  const { hosts } = table;
  return html`
    ${
      hosts.length && !opening
        ? html`<p class="led-by">
            <span>Table animée par <strong>${hosts.join(", ")}</strong></span>
            ${
              hosts.includes(session?.name ?? "")
                ? nothing
                : html`<button class="link" @click=${takeOver}>J’anime aussi</button>`
            }
          </p>`
        : openingForm()
    }
    ${
      noted && table.revealed < round
        ? html`<button
            class="primary huge"
            aria-disabled=${requests.busy.has("reveal") ? "true" : nothing}
            @click=${() => void requests.send("reveal", "POST", `/api/v1/tables/${here}:reveal`)}
          >
            Révéler ${count(noted, "idée notée", "idées notées")}
          </button>`
        : nothing
    }
  `;
}

function openingForm() {
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const name = String(new FormData(event.target as HTMLFormElement).get("name")).trim();
    const path = `/api/v1/tables/${here}:host`;
    if (!(await requests.send("hosting", "POST", path, { name }))) return;
    opening = false;
    draw();
    goOnTo("#main");
  };
  return html`<form class="one-line opening" @submit=${submit}>
    <label for="host-name">Votre prénom, pour la table</label>
    <input
      id="host-name"
      type="text"
      name="name"
      maxlength=${NAME}
      autocomplete="off"
      value=${session?.name ?? ""}
      required
    />
    <button class="primary" aria-disabled=${requests.busy.has("hosting") ? "true" : nothing}>
      Ouvrir la table
    </button>
  </form>`;
}

function takeOver(): void {
  opening = true;
  draw();
  goTo("#host-name");
}

function drawIdeas(cafe: Cafe, table: Table): void {
  const topic = `table:${here}`;
  const ideas = live
    .items<Idea>(topic, "idea")
    .filter((idea) => idea.cafe === cafe.id && idea.state === "shown")
    .sort((a, b) => (seconds(a.made_at) ?? 0) - (seconds(b.made_at) ?? 0));
  const clusters = live.items<Cluster>(topic, "cluster").filter(({ cafe: of }) => of === cafe.id);
  lookAside(cafe);
  const laid = {
    table: table.id,
    labs,
    ideas,
    clusters,
    pending: aside.filter(({ state }) => state === "pending"),
    hidden: aside.filter(({ state }) => state === "hidden"),
    suggestions,
    cited: new Set([...sheets.text.ideas, ...sheets.text.clusters]),
    busy: requests.busy,
  };
  keepingPlace($("#grouping"), () => render(grouping.render(laid), $("#grouping")));
  show.mark("grouping", String(ideas.length || ""));
}

function drawSynthesis(): void {
  const topic = `table:${here}`;
  const ideas = new Map(live.items<Idea>(topic, "idea").map((idea) => [idea.id, idea]));
  const groups = live.items<Cluster>(topic, "cluster");
  const clusters = new Map(groups.map((cluster) => [cluster.id, cluster]));
  render(choice(sheets), $("#sheets"));
  render(sheet(sheets, { ideas, clusters }), $("#sheet"));
  const share = { labs, lab: slug, busy: requests.busy.has("share"), act: shareAct };
  render(sheets.chosen ? sharing(sheets, share) : nothing, $("#sharing"));
  render(versions(sheets), $("#versions"));
  show.mark("writing", String(sheets.all.filter(({ state }) => state === "shared").length || ""));
}

function pile(cafe: Cafe): Pile | undefined {
  return live.item<Pile>(`table:${here}`, "pile", `${cafe.id}.${here}`);
}

/** What does not show is read anew when the pile says that something changed. */
function lookAside(cafe: Cafe): void {
  const shared = live.items<Synthesis>(`table:${here}`, "synthesis");
  const now = [pile(cafe)?.version, ...shared.map(({ version }) => version)].join();
  if (now === seen) return;
  seen = now;
  void sheets.look();
  const path = `/api/v1/contributions?table=${here}&cafe=${cafe.id}&state=pending,hidden&limit=500`;
  call<{ items: Idea[] }>("GET", path).then(
    ({ items }) => {
      const toRead = (ideas: Idea[]) => ideas.filter(({ state }) => state === "pending").length;
      if (toRead(items) > toRead(aside)) announce("Une idée attend d’être relue.");
      aside = items;
      draw();
    },
    () => {
      seen = ""; // at the next drawing
    },
  );
}

function make(name: string, contributions: string[]): Promise<boolean> {
  return requests.create("make", CLUSTERS, { table: here, name, contributions });
}

function group(cluster: string, contributions: string[]): Promise<boolean> {
  return requests.send(cluster, "POST", `${CLUSTERS}/${cluster}:group`, { contributions });
}

/** Out of whichever groups they are in here. */
async function ungroup(ideas: string[]): Promise<boolean> {
  const topic = `table:${here}`;
  let done = false;
  for (const { id } of live.items<Cluster>(topic, "cluster")) {
    const contributions = ideas.filter((idea) =>
      live.item<Idea>(topic, "idea", idea)?.clusters.includes(id),
    );
    if (!contributions.length) continue;
    const path = `${CLUSTERS}/${id}:ungroup`;
    done = (await requests.send(id, "POST", path, { contributions })) || done;
  }
  return done;
}

function rename(cluster: string, name: string): Promise<boolean> {
  return requests.send(cluster, "PATCH", `${CLUSTERS}/${cluster}`, { name });
}

function undo(cluster: string): void {
  void requests.send(cluster, "DELETE", `${CLUSTERS}/${cluster}`).then((done) => {
    if (done) goOnTo(".grouping-card input");
  });
}

function judge(idea: string, verb: Verdict): void {
  void requests.send(idea, "POST", `/api/v1/contributions/${idea}:${verb}`, {});
}

function cite(ideas: string[], clusters: string[]): void {
  const { text } = sheets;
  const together = (before: string[], more: string[]) => [...new Set([...before, ...more])];
  sheets.write({
    ideas: together(text.ideas, ideas),
    clusters: together(text.clusters, clusters),
  });
  announce("Cité dans la synthèse.");
}

async function suggest(): Promise<void> {
  const done = await requests.doing("suggest", async () => {
    const path = `${CLUSTERS}:suggest`;
    const { items } = await call<{ items: Suggestion[] }>("POST", path, { table: here });
    suggestions = items;
  });
  if (done) goOnTo("#suggestions-title");
}

function dismiss(suggestion: Suggestion): void {
  suggestions = suggestions?.filter((each) => each !== suggestion) ?? null;
  draw();
}

async function shareAct(verb: string, body: object = {}): Promise<void> {
  const done = await requests.doing("share", () => sheets.act(verb, body));
  const told = { share: "La synthèse est partagée.", hide: "Retirée de partout.", restore: "" };
  if (!done) return;
  if (told[verb as keyof typeof told]) announce(told[verb as keyof typeof told]);
  goOnTo("#shared-state, #sharing button");
}
